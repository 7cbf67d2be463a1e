"""What the dialplan is told about a caller: whose client it is, how long to ring them, the client's name.

One short line, `crm:201:12:Anna Smirnova`, always of this shape: the dialplan takes nothing else for an
answer (`dialplan/asterisk/extensions.d/pbx-crm-lookup.conf` holds the same shape as an expression). Empty
between the colons means: take the usual route, keep the name the network sent.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST_NAME = 40
"""Phones show less, and FreePBX cuts here."""
EXTENSION = re.compile(r"[0-9]{1,8}")
"""What the dialplan dials: a phone with letters in its name is not rung first."""
PLAIN_MARKS = frozenset(" .,'&()/+-")
# Letters of every script with their marks, and numbers; a name comes from whoever called first.
WRITTEN = ("L", "M", "N")


@dataclass(frozen=True, slots=True)
class CallerAnswer:
    """An answer to "who calls"."""

    extension: str = ""
    """Of the client's seller; empty if the client is nobody's, or unknown."""
    ring_seconds: int = 0
    name: str = ""

    def line(self) -> str:
        """The answer as it goes over the wire."""
        return f"crm:{self.extension}:{self.ring_seconds}:{self.name}"


NOBODY = CallerAnswer()


def shown_name(name: str) -> str:
    """The name as a phone may show it: nothing in it that a dialplan or a SIP header gives a meaning to."""
    kept = "".join(character if _is_plain(character) else " " for character in name)
    return " ".join(kept.split())[:LONGEST_NAME].rstrip()


def _is_plain(character: str) -> bool:
    return character in PLAIN_MARKS or unicodedata.category(character)[0] in WRITTEN
