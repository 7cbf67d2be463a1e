"""The connection went and came back, the PBX stopped and started: what is left of the calls."""

from __future__ import annotations

from pbx_crm.domain.call import EndedBy
from pbx_crm.domain.call_roles import note_found
from pbx_crm.domain.endpoint import EndpointKind
from pbx_crm.domain.gap import Gap
from pbx_crm.domain.live_calls import Handlers, LiveCalls
from pbx_crm.domain.live_channel import Channel
from pbx_crm.domain.pbx_event import (
    ChannelListed,
    ConnectionLost,
    ConnectionRestored,
    PbxBooted,
    PbxStopped,
    SnapshotEnded,
)


class GapWatch:
    """Handlers of events about the connection, the list of live channels, and the PBX itself."""

    def __init__(self, calls: LiveCalls) -> None:
        self._calls = calls
        self._gap = Gap()
        self._found: list[Channel] = []
        """Dialled legs the list showed for the first time."""
        self.handlers: Handlers = {
            ConnectionLost: self._on_lost,
            ConnectionRestored: self._on_restored,
            ChannelListed: self._on_listed,
            SnapshotEnded: self._on_snapshot_ended,
            PbxBooted: self._on_booted,
            PbxStopped: self._on_stopped,
        }

    def _on_lost(self, event: ConnectionLost) -> None:
        self._gap.lost(event.at)

    def _on_restored(self, event: ConnectionRestored) -> None:
        self._gap.restored(event.at)
        self._calls.heard_again_at = event.at

    def _on_listed(self, event: ChannelListed) -> None:
        self._gap.listed(event.uniqueid)
        known = event.uniqueid in self._calls.graph.channels
        channel = self._calls.channel_of(event)
        if channel is None:
            return
        if not known:
            self._introduce(channel, event)
        if (channel.bridge or "") != event.bridge:
            self._move_in_gap(channel, event)

    def _introduce(self, channel: Channel, event: ChannelListed) -> None:
        channel.started_at = event.at - event.age_seconds
        channel.call.started_at = min(channel.call.started_at, channel.started_at)
        channel.introduced, channel.up = True, event.state == "Up"
        channel.caller_number, channel.exten = event.caller_number, event.exten
        if channel.root:
            self._calls.came_in(channel, event.at)
            return
        self._found.append(channel)
        if channel.extension is not None and event.state in ("Ringing", "Up"):
            channel.call.rang.setdefault(channel.extension, event.at)

    def _move_in_gap(self, channel: Channel, event: ChannelListed) -> None:
        before = self._calls.graph.joined(channel)
        self._calls.graph.leave(channel)
        if event.bridge:
            self._calls.graph.enter(channel, event.bridge)
        answered = channel.call.answered_at
        self._calls.rejoin(before | self._calls.graph.joined(channel), event.at)
        if answered is None and channel.call.answered_at is not None:
            channel.call.answer_guessed = True

    def _on_snapshot_ended(self, event: SnapshotEnded) -> None:
        self._take_over(event.at)
        gone = self._gap.gone(self._calls.graph.channels.values())
        self._lose(gone, self._gap.last_heard(event.at), EndedBy.GAP)

    def _take_over(self, at: float) -> None:
        """Calls met in mid-course: their roles follow from who is there, as no dial was seen."""
        found, self._found = self._found, []
        for channel in sorted(found, key=lambda c: c.kind is not EndpointKind.TRUNK):
            if note_found(channel):
                self._calls.announce(channel.call, at)
                if channel.call.client is not None:
                    self._calls.rejoin([channel.call.client], at)

    def _on_booted(self, event: PbxBooted) -> None:
        if not self._gap.takes_boot():
            return
        older = [
            channel
            for channel in self._calls.graph.channels.values()
            if channel.gone_at is None and channel.heard_at < event.started_at
        ]
        self._lose(older, self._gap.last_heard(event.at), EndedBy.PBX_RESTART)

    def _on_stopped(self, event: PbxStopped) -> None:
        alive = [channel for channel in self._calls.graph.channels.values() if channel.gone_at is None]
        self._lose(alive, event.at, EndedBy.PBX_RESTART)

    def _lose(self, channels: list[Channel], at: float, by: EndedBy) -> None:
        for channel in channels:
            self._calls.drop(channel, max(at, channel.heard_at), by)

    def give_up_silent(self, now: float) -> None:
        """No more events will come: what no sign of life was heard of since a gap ended in it."""
        self._lose(
            self._gap.silent(self._calls.graph.channels.values()), self._gap.last_heard(now), EndedBy.GAP
        )
