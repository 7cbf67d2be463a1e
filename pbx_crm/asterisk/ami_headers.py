"""Values of AMI headers: missing, empty, repeated, escaped; knows no header by name but Timestamp.

Asterisk prints `<unknown>` for an empty caller ID and a missing channel, escapes names and variables the
C way, and stamps events only if asked (`timestampevents=yes`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Headers = Mapping[str, Any]
"""Header → value; a header that came several times holds a list."""

NOTHING = "<unknown>"


class BrokenEvent(Exception):
    """An event that cannot be read; the message names the header, never its value."""


def time_of(message: Headers, arrived: float) -> float:
    """When it happened: the PBX's own stamp, else the arrival (epoch seconds)."""
    stamp = message.get("Timestamp")
    if not stamp:
        return arrived
    try:
        return float(stamp)
    except (TypeError, ValueError):
        return arrived


def text_of(message: Headers, header: str) -> str:
    """The header's value; empty if it is not there. Of several values the first counts."""
    value: Any = message.get(header)
    if not value:
        return ""
    text: str = value if isinstance(value, str) else value[0]
    if "\n" in text or "\r" in text:
        raise BrokenEvent(f"{header} holds a line feed")
    return text


def required(message: Headers, header: str) -> str:
    """The header's value; `BrokenEvent` if it is missing or empty."""
    value = text_of(message, header)
    if not value:
        raise BrokenEvent(f"{header} is missing")
    return value


def known(message: Headers, header: str) -> str | None:
    """The header's value, or None where AMI says that there is none."""
    value = text_of(message, header)
    return value if value and value != NOTHING else None


def seconds_of(text: str) -> float:
    """Seconds of `7` or of `00:00:07`; 0 of anything else."""
    seconds = 0.0
    for part in text.split(":"):
        if not part.isdigit():
            return 0.0
        seconds = seconds * 60 + int(part)
    return seconds


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unescape(text: str) -> str:
    r"""Undo AMI's C escapes once; `O\'Brien` is O'Brien. AMI escapes names and variables, nothing else."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)


def name_of(message: Headers, header: str) -> str:
    """A person's name as it was meant; empty if unknown."""
    name = text_of(message, header)
    return "" if name == NOTHING else unescape(name)
