"""What a stretch of a PBX's own records tells, whichever kind of record it is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.asterisk.record_place import Place
from pbx_crm.domain.call import Call


@dataclass(frozen=True, slots=True)
class WrittenCalls:
    """The calls in a stretch of records."""

    calls: tuple[Call, ...]
    """Those that have ended, oldest first."""
    following: Place
    """Where the next reading begins."""
    going_on_since: datetime | None
    """When the oldest call began that has not ended; calls older than this are all told."""
    whole: bool
    """Whether there was no more to read."""
    broken: Counter[str]
    rows: int = 0
    """How many were read for it."""


@dataclass(frozen=True, slots=True)
class WrittenDown:
    """A Linkedid that the PBX wrote down."""

    linkedid: str
    began: datetime
    call: Call | None
    """The call it is or became part of; None if it is none: listening in, one's own mailbox."""
