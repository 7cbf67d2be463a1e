"""Calls put together from every fact a tracker tells, as whoever listens live has them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pbx_crm.domain.call import Call, CallMerged, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.pbx_event import PbxEvent


class CallBook:
    """The latest picture of every call, merges followed."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}

    def take(self, facts: Sequence[Fact]) -> None:
        """Remember what these facts say."""
        for fact in facts:
            if isinstance(fact, CallMerged):
                self._calls.pop(fact.gone, None)
            self._calls[fact.call.linkedid] = fact.call

    def with_open(self, pictures: Sequence[Call]) -> list[Call]:
        """All calls by their start, the open ones as they stand now."""
        self._calls.update({call.linkedid: call for call in pictures})
        return sorted(self._calls.values(), key=lambda call: call.started_at)


def heard(stream: Iterable[PbxEvent]) -> list[Call]:
    """The calls a tracker tells after this stream, fact by fact."""
    book, tracker, at = CallBook(), CallTracker(), 0.0
    for event in stream:
        at = event.at
        book.take(tracker.feed(event))
    book.take(tracker.finish(at))
    return book.with_open(tracker.open_calls(at))
