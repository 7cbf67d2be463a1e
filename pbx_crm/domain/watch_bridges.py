"""Bridges, holding and handing over: the events that change who talks with the client."""

from __future__ import annotations

from pbx_crm.domain.hand_over import note_attended, note_blind, note_parked
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_calls import Handlers, LiveCalls
from pbx_crm.domain.live_channel import Channel
from pbx_crm.domain.pbx_event import (
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    HoldChanged,
    Parked,
    PickedUp,
)


class BridgeWatch:
    """Handlers of bridge, hold, transfer, pickup and parking events."""

    def __init__(self, calls: LiveCalls) -> None:
        self._calls = calls
        self.handlers: Handlers = {
            BridgeEntered: self._on_bridge_entered,
            BridgeLeft: self._on_bridge_left,
            HoldChanged: self._on_hold,
            BlindTransferred: self._on_blind_transfer,
            AttendedTransferred: self._on_attended_transfer,
            PickedUp: self._on_picked_up,
            Parked: self._on_parked,
        }

    def _on_bridge_entered(self, event: BridgeEntered) -> None:
        channel = self._calls.channel_of(event)
        if channel is None:
            return
        if event.channel.startswith("Local/") and not channel.is_local:
            # A transfer to a phone that still rings: a Local half took the place of the seller's channel.
            self._calls.rename(channel, event.channel)
        before = self._calls.graph.joined(channel)
        if event.holding:
            self._calls.graph.leave(channel)
        else:
            self._calls.graph.enter(channel, event.bridge)
        channel.party_left_at = None
        self._calls.rejoin(before | self._calls.graph.joined(channel), event.at)

    def _on_bridge_left(self, event: BridgeLeft) -> None:
        channel = self._calls.channel_of(event)
        if channel is None:
            return
        if channel.bridge != event.bridge:
            self._leave_unseen(channel, event)
            return
        before = self._calls.graph.joined(channel)
        self._calls.graph.leave(channel)
        self._calls.rejoin(before, event.at)

    def _leave_unseen(self, channel: Channel, event: BridgeLeft) -> None:
        """It leaves a bridge we never saw it enter: that was in a gap. The next to leave was with it."""
        since = self._calls.heard_again_at
        if since is None or channel.started_at >= since or channel.bridge is not None:
            return
        self._calls.graph.enter(channel, event.bridge)
        together = self._calls.graph.joined(channel)
        answered = channel.call.answered_at
        self._calls.rejoin(together, since)
        if len(together) > 1:
            channel.call.answer_guessed = answered is None
            for other in together:
                self._calls.graph.leave(other)
            self._calls.rejoin(together, event.at)

    def _on_hold(self, event: HoldChanged) -> None:
        channel = self._calls.live(event.uniqueid)
        if channel is None or channel.extension is None:
            return
        if event.holding:
            self._calls.hold(channel, event.at)
        else:
            self._calls.release_hold(channel, event.at)

    def _on_blind_transfer(self, event: BlindTransferred) -> None:
        transferer = self._calls.any(event.transferer)
        if transferer is not None:
            call = self._client_call(transferer, event.transferee)
            note_blind(call, event, transferer)

    def _client_call(self, transferer: Channel, transferee: str | None) -> LiveCall:
        """The call of the party that is sent on; behind a Local channel it is the transferer's."""
        other = self._calls.any(transferee)
        return other.call if other is not None else transferer.call

    def _on_attended_transfer(self, event: AttendedTransferred) -> None:
        first = self._calls.any(event.first)
        if first is None:
            return
        second = self._calls.any(event.second)
        target = self._calls.any(event.target_channel)
        if second is not None:
            # The seller's two legs prove that it is one call; the target's new Linkedid may come much later.
            self._calls.merge(second.call, first.call, event.at)
        note_attended(first.call, event, first, second, target, self._calls.shape)

    def _on_picked_up(self, event: PickedUp) -> None:
        picker, target = self._calls.any(event.picker), self._calls.any(event.target)
        if picker is not None and target is not None and picker.call is not target.call:
            self._calls.merge(picker.call, target.call, event.at)

    def _on_parked(self, event: Parked) -> None:
        parkee = self._calls.any(event.parkee)
        if parkee is not None:
            parker = self._calls.shape.classify(event.parker).extension
            note_parked(parkee.call, parker, event.at)
