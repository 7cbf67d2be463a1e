"""What a stretch of a PBX's own records tells, whichever kind of record it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Generic, TypeVar

from pbx_crm.asterisk.record_place import Place, RecordSource
from pbx_crm.domain.call import Call
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.voice_call import VoiceWord

LONGEST_CALL_SECONDS = 12 * 3600
"""What began earlier and has no end is not waited for."""

Source = TypeVar("Source", bound=RecordSource[Any])


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
    voice_words: tuple[VoiceWord, ...] = ()
    """What the dialplan wrote down of robots' calls."""


@dataclass(frozen=True, slots=True)
class WrittenDown:
    """A Linkedid that the PBX wrote down."""

    linkedid: str
    began: datetime
    call: Call | None
    """The call it is or became part of; None if it is none: listening in, one's own mailbox."""


class CallRecords(Generic[Source]):
    """The calls one PBX has written down; each kind of record makes them of its rows in its own way."""

    largest_stretch: ClassVar[int]
    """Rows read at once, some thousand calls."""

    def __init__(self, source: Source, shape: PbxShape, largest: int | None = None) -> None:
        self._source = source
        self._shape = shape
        self._largest = largest or self.largest_stretch

    def end(self) -> Place:
        """The place from which only what is still to come is read."""
        return self._source.end()

    def since(self, moment: datetime) -> Place:
        """A place before every call that began at that moment or later."""
        return self._source.since(moment)


def written_down(
    began: Mapping[str, float], calls: Iterable[Call], since: datetime, until: datetime
) -> list[WrittenDown]:
    """Every Linkedid that began in this time (epoch seconds), oldest first, with its call."""
    by_id = {linkedid: call for call in calls for linkedid in (call.linkedid, *call.aliases)}
    return [
        WrittenDown(linkedid, datetime.fromtimestamp(at, UTC), by_id.get(linkedid))
        for linkedid, at in sorted(began.items(), key=lambda item: item[1])
        if since.timestamp() <= at < until.timestamp()
    ]
