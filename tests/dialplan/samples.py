"""The shipped files as texts, and the shipped AMI user's ear: which messages Asterisk sends it."""

from __future__ import annotations

import re
from functools import cache

from pbx_crm.asterisk.tape import Segment
from tests.e2e.company_config import DIALPLAN

USER = "asterisk/manager.d/pbx-crm.conf"
FILTER = re.compile(
    r"^eventfilter\(action\((?P<action>include|exclude)\),name\((?P<name>\w+)\)"
    r"(?:,header\((?P<header>\w+)\),method\(exact\))?\) = ?(?P<value>.*)$",
    re.MULTILINE,
)


@cache
def sample(path: str) -> str:
    """The text of a shipped file."""
    return (DIALPLAN / path).read_text(encoding="utf-8")


@cache
def filtered_by_name() -> set[str]:
    """The events the sample lets through."""
    return {found["name"] for found in FILTER.finditer(sample(USER)) if found["action"] == "include"}


@cache
def shipped_classes() -> set[str]:
    """The classes the shipped user may read."""
    found = re.search(r"^read = ([\w,]+)$", sample(USER), re.MULTILINE)
    assert found is not None
    return set(found.group(1).split(","))


@cache
def _unheard() -> list[tuple[str, bytes, bytes]]:
    """Event, header and value of what is left out again."""
    found = (match.groupdict() for match in FILTER.finditer(sample(USER)))
    return [
        (one["name"], one["header"].encode(), one["value"].encode())
        for one in found
        if one["action"] == "exclude"
    ]


def is_heard(message: bytes) -> bool:
    """Whether Asterisk sends this message to the shipped user: by class, then by the filters."""
    headers = dict(line.partition(b": ")[::2] for line in message.split(b"\r\n"))
    name = headers.get(b"Event", b"").decode()
    if b"ActionID" in headers or not name:
        return True
    classes = set(headers.get(b"Privilege", b"").decode().split(",")) - {"all"}
    if not classes <= shipped_classes() or name not in filtered_by_name():
        return False
    return not any(name == event and headers.get(key) == value for event, key, value in _unheard())


def heard(segment: Segment) -> Segment:
    """What is left of a recorded connection when the shipped user listens."""
    messages = [(at, message) for at, message in segment.messages() if is_heard(message)]
    offsets, raw = [], b""
    for _, message in messages:
        offsets.append(len(raw))
        raw += message + b"\r\n\r\n"
    return Segment(raw, tuple(offsets), tuple(at for at, _ in messages))
