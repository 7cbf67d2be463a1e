"""Channels come, ring, are dialled and go: the events that make and unmake legs."""

from __future__ import annotations

import re
from sys import intern

from pbx_crm.domain.call import Direction, LegRang
from pbx_crm.domain.call_merge import move_leg
from pbx_crm.domain.call_roles import note_dial, note_forward, note_originated
from pbx_crm.domain.endpoint import EndpointKind, dialled_number, endpoint_of
from pbx_crm.domain.hand_over import note_dialled_on
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_calls import Handlers, LiveCalls
from pbx_crm.domain.live_channel import Channel
from pbx_crm.domain.pbx_event import (
    CallerIdChanged,
    ChannelRenamed,
    ChannelStarted,
    ChannelState,
    DialBegan,
    DialEnded,
    DialRinging,
    HangupHandled,
    HangupRequested,
    HungUp,
    LocalPaired,
    Originated,
)

MOST_AWAITED = 256
"""Originates whose answer may still come."""

_LOCAL_TAIL = re.compile(r"(-[0-9a-f]{8}|/n)$")


class ChannelWatch:
    """Handlers of channel and dial events."""

    def __init__(self, calls: LiveCalls) -> None:
        self._calls = calls
        self._originated: dict[str, LiveCall] = {}
        """Endpoint → call, until the originate's answer comes: a failed one names no Uniqueid."""
        self.handlers: Handlers = {
            ChannelStarted: self._on_started,
            ChannelState: self._on_state,
            CallerIdChanged: self._on_caller_id,
            ChannelRenamed: self._on_renamed,
            LocalPaired: self._on_local_paired,
            DialBegan: self._on_dial_began,
            DialRinging: self._on_dial_ringing,
            DialEnded: self._on_dial_ended,
            Originated: self._on_originated,
            HangupRequested: self._on_hangup_requested,
            HangupHandled: self._on_hangup_handled,
            HungUp: self._on_hung_up,
        }

    def _on_started(self, event: ChannelStarted) -> None:
        channel = self._calls.channel_of(event)
        if channel is None or channel.introduced:
            return
        channel.introduced = True
        if channel.root:  # of a leg we dial, the numbers it wears say nothing
            channel.caller_number, channel.caller_name = event.caller_number, event.caller_name
            channel.exten = event.exten
        if event.ringing_in:
            self._calls.came_in(channel, event.at)

    def _on_state(self, event: ChannelState) -> None:
        channel = self._calls.channel_of(event)
        if channel is None:
            return
        if event.state == "Ringing":
            self._rang(channel, event.at)
        elif event.state == "Up":
            channel.up = True
        elif event.state == "Ring":
            self._calls.came_in(channel, event.at)

    def _on_caller_id(self, event: CallerIdChanged) -> None:
        channel = self._calls.channel_of(event)
        # The caller's own number is that of his first event; on an originate it is the customer's.
        if channel is not None and channel.call.origin is None and channel.call.direction is None:
            channel.caller_number = event.caller_number

    def _on_renamed(self, event: ChannelRenamed) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is not None and "<" not in event.channel:  # not a ZOMBIE or MASQ of a masquerade
            self._calls.rename(channel, event.channel)

    def _on_local_paired(self, event: LocalPaired) -> None:
        one, two = self._calls.live(event.one), self._calls.live(event.two)
        if one is not None and two is not None and one.pair is not two:
            self._calls.graph.pair(one, two)

    def _on_dial_began(self, event: DialBegan) -> None:
        dest = self._calls.channel_of(event)
        if dest is None and event.source is not None:
            dest = self._calls.any(event.uniqueid)  # refused so fast that its end was heard first
        if dest is None:
            return
        source = self._calls.any(event.source)
        if dest.kind is EndpointKind.TRUNK and dest.number is None:
            dest.number = dialled_number(event.dial_string, dest.endpoint.name)
        if event.source is None:
            dest.dialled = True
            note_originated(dest)
            self._await_response(dest)
        elif source is not None:
            self._dials(source, dest, event.at)
        self._calls.announce(dest.call, event.at)

    def _await_response(self, dest: Channel) -> None:
        self._originated[_originate_key(dest.name)] = dest.call
        if (
            len(self._originated) > MOST_AWAITED
        ):  # an originate that waits itself is never answered by an event
            del self._originated[next(iter(self._originated))]

    def _dials(self, source: Channel, dest: Channel, at: float) -> None:
        if source is dest or dest.dialled_by is source:
            return
        if dest.call is not source.call and not dest.root and dest.gone_at is None:
            move_leg(dest, source.call)
        dest.dialled, dest.dialled_by = True, source
        note_dialled_on(source.call, source, at)
        note_dial(source, dest, self._calls.shape)

    def _on_dial_ringing(self, event: DialRinging) -> None:
        channel = self._calls.live(event.uniqueid)
        if channel is not None:
            self._rang(channel, event.at)

    def _on_dial_ended(self, event: DialEnded) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is None:
            return
        channel.dial_status = intern(event.status)
        if channel.is_local and event.status == "BUSY":
            channel.call.plumbing_busy = True
        source = self._calls.any(event.source)
        if event.forward and source is not None:
            note_forward(source, channel, event.forward)

    def _on_originated(self, event: Originated) -> None:
        channel = self._calls.any(event.uniqueid)
        waiting = self._originated.pop(_originate_key(event.channel), None)
        call = channel.call if channel is not None else waiting
        if call is not None:
            call.response = event

    def _rang(self, channel: Channel, at: float) -> None:
        if channel.rang_at is not None:
            return
        channel.rang_at = at
        if channel.kind is EndpointKind.SELLER and channel.extension is not None:
            channel.call.rang.setdefault(channel.extension, at)
            self._rang_in_consultation(channel, at)
            if channel.call.announced:
                self._calls.tell(LegRang, channel.call, at, channel.extension)

    def _rang_in_consultation(self, channel: Channel, at: float) -> None:
        """A seller who holds a client rings a colleague: the client's call counts that phone too."""
        caller = channel.call.caller
        if caller is None or caller is channel or channel.call.direction is Direction.IN:
            return
        held = self._calls.held_by(caller.extension or "")
        if held is not None and held is not channel.call and channel.extension is not None:
            held.rang.setdefault(channel.extension, at)

    def _on_hangup_requested(self, event: HangupRequested) -> None:
        channel = self._calls.live(event.uniqueid)
        if channel is None:
            return
        if event.soft:  # the PBX's own wish: a lost network, a program, the end of the dialplan
            channel.party_left_at = channel.party_left_at or event.at
        else:
            channel.hangup_asked_at = channel.hangup_asked_at or event.at

    def _on_hangup_handled(self, event: HangupHandled) -> None:
        channel = self._calls.live(event.uniqueid)
        if channel is not None and channel.party_left_at is None:
            channel.party_left_at = event.at

    def _on_hung_up(self, event: HungUp) -> None:
        channel = self._calls.any(event.uniqueid)
        if channel is None or channel.gone_at is not None:
            return
        self._calls.follow_linkedid(channel, event.linkedid, event.at)
        channel.cause = event.cause
        self._calls.drop(channel, event.at)


def _originate_key(channel_name: str) -> str:
    """What an originate's answer and its first channel have in common; a failed answer has no suffix."""
    name = endpoint_of(channel_name)
    return _LOCAL_TAIL.sub("", name) if name.startswith("Local/") else name
