"""From what the PBX says to what it means: events in, facts out; no clock, no I/O.

The rules are written down in docs/calls.md. This class only sends each event to the part that reads it.
"""

from __future__ import annotations

import math

from pbx_crm.domain.call import Call, Fact
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.live_calls import LiveCalls
from pbx_crm.domain.pbx_event import PbxEvent
from pbx_crm.domain.watch_bridges import BridgeWatch
from pbx_crm.domain.watch_channels import ChannelWatch
from pbx_crm.domain.watch_gaps import GapWatch
from pbx_crm.domain.watch_notes import NoteWatch


class CallTracker:
    """The calls of one PBX. Feed it events in the order they came; call `tick` when none come."""

    def __init__(self, shape: PbxShape | None = None, *, only_ends: bool = False) -> None:
        """With `only_ends` nothing is told but the end of each call; the past needs no more."""
        self._calls = LiveCalls(shape or PbxShape(), only_ends=only_ends)
        self._gaps = GapWatch(self._calls)
        self._handlers = {
            **ChannelWatch(self._calls).handlers,
            **BridgeWatch(self._calls).handlers,
            **NoteWatch(self._calls).handlers,
            **self._gaps.handlers,
        }

    def feed(self, event: PbxEvent) -> list[Fact]:
        """Facts this event settles, oldest first; empty while nothing new is clear."""
        if self._calls.any_ending:
            self._calls.end_due(event.at)
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        return self._calls.take_facts()

    def tick(self, now: float) -> list[Fact]:
        """Facts that need no event, only time: calls whose grace is over by `now` (epoch seconds)."""
        self._calls.end_due(now)
        return self._calls.take_facts()

    def finish(self, now: float) -> list[Fact]:
        """Facts when no more events will come: what was not heard of since a gap ended in that gap."""
        self._gaps.give_up_silent(now)
        return self.tick(math.inf)

    def open_calls(self, now: float) -> list[Call]:
        """Pictures of the calls that are not over, oldest first."""
        return self._calls.open_calls(now)
