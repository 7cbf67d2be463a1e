"""From what the PBX says to what it means: events in, facts out; no clock, no I/O.

A channel belongs to the call of its Linkedid. A Linkedid is not constant: when bridges meet, a channel
takes over the older call's value and no event announces it, so every event's Linkedid is compared with
the one remembered, and two groups become one. Two outside parties who both came in stay two calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pbx_crm.domain.call import (
    Call,
    CallAnswered,
    CallEnded,
    CallMerged,
    CallStarted,
    CallTransferred,
    Direction,
    EndedBy,
    Fact,
    LegRang,
)
from pbx_crm.domain.call_merge import merge, move_leg
from pbx_crm.domain.call_outcome import settle_outcome
from pbx_crm.domain.call_roles import note_dial, note_incoming, note_originated, note_queue, settle
from pbx_crm.domain.client_talk import TalkNews, rejoin
from pbx_crm.domain.endpoint import EndpointKind, PbxShape, dialled_number, endpoint_of
from pbx_crm.domain.gap import Gap, learn_answer
from pbx_crm.domain.hand_over import note_attended, note_blind, note_dialled_on, note_parked
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel, ChannelGraph
from pbx_crm.domain.pbx_event import (
    AgentCompleted,
    AppStarted,
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    CallerIdChanged,
    CdrSeen,
    ChannelEvent,
    ChannelListed,
    ChannelRenamed,
    ChannelStarted,
    ChannelState,
    ConnectionLost,
    ConnectionRestored,
    DialBegan,
    DialEnded,
    DialRinging,
    HangupHandled,
    HangupRequested,
    HoldChanged,
    HungUp,
    LocalPaired,
    Originated,
    Parked,
    PbxBooted,
    PbxEvent,
    PbxStopped,
    PickedUp,
    QueueAbandoned,
    QueueJoined,
    RecordingStarted,
    SnapshotEnded,
    VariableSet,
)

_LOCAL_TAIL = re.compile(r"(-[0-9a-f]{8}|/n)$")

GRACE_SECONDS = 2.0
"""A call is over this long after its last channel: CDR and AgentComplete arrive after the Hangup."""

MOST_CHANNELS = 64
"""Channels remembered per call; a caller who waits for hours makes new ones at every retry."""

MOST_DEAD = 4096
"""Uniqueids of channels that are gone, kept so that a repeated event does not bring them back."""


class CallTracker:
    """The calls of one PBX. Feed it events in the order they came; call `tick` when none come."""

    def __init__(self, shape: PbxShape | None = None) -> None:
        self._shape = shape or PbxShape()
        self._graph = ChannelGraph()
        self._calls: dict[str, LiveCall] = {}
        """By Linkedid, the aliases too."""
        self._ending: dict[LiveCall, float] = {}
        """Calls without a channel → when their grace is over, soonest first."""
        self._originated: dict[str, LiveCall] = {}
        """Endpoint → call, until the originate's answer comes: a failed one names no Uniqueid."""
        self._holding: dict[str, LiveCall] = {}
        """Extension → the call whose client it holds; whom it rings meanwhile is consulted."""
        self._dead: dict[str, None] = {}
        self._gap = Gap()
        self._facts: list[Fact] = []
        self._handlers: dict[type, Callable[[Any], None]] = {
            ChannelStarted: self._on_started,
            ChannelState: self._on_state,
            CallerIdChanged: self._on_caller_id,
            ChannelRenamed: self._on_renamed,
            LocalPaired: self._on_local_paired,
            DialBegan: self._on_dial_began,
            DialRinging: self._on_dial_ringing,
            DialEnded: self._on_dial_ended,
            BridgeEntered: self._on_bridge_entered,
            BridgeLeft: self._on_bridge_left,
            HangupRequested: self._on_hangup_requested,
            HangupHandled: self._on_hangup_handled,
            HungUp: self._on_hung_up,
            BlindTransferred: self._on_blind_transfer,
            AttendedTransferred: self._on_attended_transfer,
            PickedUp: self._on_picked_up,
            Parked: self._on_parked,
            HoldChanged: self._on_hold,
            QueueJoined: self._on_queue_joined,
            QueueAbandoned: self._on_queue_abandoned,
            AgentCompleted: self._on_agent_completed,
            Originated: self._on_originated,
            RecordingStarted: self._on_recording,
            VariableSet: self._on_variable,
            AppStarted: self._on_app,
            CdrSeen: self._on_cdr,
            ChannelListed: self._on_listed,
            SnapshotEnded: self._on_snapshot_ended,
            PbxBooted: self._on_booted,
            PbxStopped: self._on_stopped,
            ConnectionLost: self._on_lost,
            ConnectionRestored: self._on_restored,
        }

    def feed(self, event: PbxEvent) -> list[Fact]:
        """Facts this event settles, oldest first; empty while nothing new is clear."""
        if self._ending:
            self._end_due(event.at)
        handler = self._handlers.get(type(event))
        if handler is not None:
            handler(event)
        return self._taken()

    def tick(self, now: float) -> list[Fact]:
        """Facts that need no event, only time: calls whose grace is over by `now` (epoch seconds)."""
        self._end_due(now)
        return self._taken()

    def open_calls(self, now: float) -> list[Call]:
        """Pictures of the calls that are not over, oldest first."""
        calls = {id(call): call for call in self._calls.values() if call.announced}
        return [call.picture(now) for call in sorted(calls.values(), key=lambda c: c.started_at)]

    def finish(self, now: float) -> list[Fact]:
        """Facts when no more events will come: what no sign of life was heard of since a gap ended in it."""
        self._lose(self._gap.silent(self._graph.channels.values()), self._gap.last_heard(now), EndedBy.GAP)
        return self.tick(now + GRACE_SECONDS)

    # Channels come, change and go.

    def _on_started(self, event: ChannelStarted) -> None:
        channel = self._channel_of(event)
        if channel is None or channel.introduced:
            return
        channel.introduced = True
        channel.caller_number, channel.caller_name = event.caller_number, event.caller_name
        channel.exten = event.exten
        if event.ringing_in:
            self._came_in(channel, event.at)

    def _on_state(self, event: ChannelState) -> None:
        channel = self._channel_of(event)
        if channel is None:
            return
        if event.state == "Ringing":
            self._rang(channel, event.at)
        elif event.state == "Up":
            channel.up = True
        elif event.state == "Ring":
            self._came_in(channel, event.at)

    def _on_caller_id(self, event: CallerIdChanged) -> None:
        channel = self._channel_of(event)
        # The caller's own number is that of his first event; on an originate it is the customer's.
        if channel is not None and channel.call.origin is None and channel.call.direction is None:
            channel.caller_number = event.caller_number

    def _on_renamed(self, event: ChannelRenamed) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is not None and "<" not in event.channel:  # not a ZOMBIE or MASQ of a masquerade
            channel.name = event.channel
            channel.endpoint = self._shape.classify(event.channel)

    def _on_local_paired(self, event: LocalPaired) -> None:
        one, two = self._live(event.one), self._live(event.two)
        if one is not None and two is not None and one.pair is not two:
            self._graph.pair(one, two)

    def _on_hangup_requested(self, event: HangupRequested) -> None:
        channel = self._live(event.uniqueid)
        if channel is not None and not event.soft and channel.hangup_asked_at is None:
            channel.hangup_asked_at = event.at

    def _on_hangup_handled(self, event: HangupHandled) -> None:
        channel = self._live(event.uniqueid)
        if channel is not None and channel.party_left_at is None:
            channel.party_left_at = event.at

    def _on_hung_up(self, event: HungUp) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is None or channel.gone_at is not None:
            return
        self._follow_linkedid(channel, event.linkedid, event.at)
        channel.cause = event.cause
        self._drop(channel, event.at)

    def _drop(self, channel: Channel, at: float, by: EndedBy = EndedBy.HANGUP) -> None:
        call = channel.call
        before = self._graph.joined(channel)
        channel.gone_at = at
        self._graph.hang_up(channel)
        self._rejoin(before, at)
        self._release_hold(channel, at)
        call.live.discard(channel)
        if not call.live:
            call.ended_by = by
            self._ending[call] = at + GRACE_SECONDS
        self._prune(call)

    def _channel_of(self, event: ChannelEvent) -> Channel | None:
        """The channel of this event, made if it is new, in the call of the event's Linkedid."""
        channel = self._graph.channels.get(event.uniqueid)
        if channel is None:
            if event.uniqueid in self._dead:
                return None
            return self._adopt(event.uniqueid, event.linkedid, event.channel, event.at)
        if channel.gone_at is not None:
            return None
        channel.heard_at = event.at
        if event.linkedid != channel.linkedid:
            self._follow_linkedid(channel, event.linkedid, event.at)
        return channel

    def _adopt(self, uniqueid: str, linkedid: str, name: str, at: float) -> Channel:
        call = self._calls.get(linkedid)
        if call is None:
            call = self._calls[linkedid] = LiveCall(linkedid, at)
        endpoint = self._shape.classify(name)
        channel = Channel(
            uniqueid, linkedid, name, endpoint, call, at, root=uniqueid == linkedid, heard_at=at
        )
        self._graph.add(channel)
        call.channels.append(channel)
        call.live.add(channel)
        self._ending.pop(call, None)
        if channel.root and channel.kind is EndpointKind.SELLER:
            call.caller = channel
        channel.dialled = not channel.root
        return channel

    def _live(self, uniqueid: str | None) -> Channel | None:
        channel = self._graph.channels.get(uniqueid) if uniqueid is not None else None
        return channel if channel is not None and channel.gone_at is None else None

    def _came_in(self, channel: Channel, at: float) -> None:
        if channel.call.direction is None:
            note_incoming(channel)
            self._announce(channel.call, at)

    def _rang(self, channel: Channel, at: float) -> None:
        if channel.rang_at is not None:
            return
        channel.rang_at = at
        if channel.kind is EndpointKind.SELLER and channel.extension is not None:
            channel.call.rang.setdefault(channel.extension, at)
            self._rang_in_consultation(channel, at)
            if channel.call.announced:
                self._facts.append(LegRang(channel.call.picture(at), _moment(at), channel.extension))

    def _rang_in_consultation(self, channel: Channel, at: float) -> None:
        """A seller who holds a client rings a colleague: the client's call counts that phone too."""
        caller = channel.call.caller
        if caller is None or caller is channel or channel.call.direction is Direction.IN:
            return
        held = self._holding.get(caller.extension or "")
        if held is not None and held is not channel.call and channel.extension is not None:
            held.rang.setdefault(channel.extension, at)

    # Dialling.

    def _on_dial_began(self, event: DialBegan) -> None:
        dest = self._channel_of(event)  # type: ignore[arg-type]  # same three fields, of the dialled side
        if dest is None:
            return
        source = self._graph.channels.get(event.source) if event.source is not None else None
        if dest.kind is EndpointKind.TRUNK and dest.number is None:
            dest.number = dialled_number(event.dial_string, dest.endpoint.name)
        if event.source is None:
            dest.dialled = True
            note_originated(dest)
            self._originated[_originate_key(dest.name)] = dest.call
        elif source is not None:
            self._dials(source, dest, event.at)
        self._announce(dest.call, event.at)

    def _dials(self, source: Channel, dest: Channel, at: float) -> None:
        if source is dest or dest.dialled_by is source:
            return
        if dest.call is not source.call and not dest.root:
            move_leg(dest, source.call)
        dest.dialled, dest.dialled_by = True, source
        note_dialled_on(source.call, source, at)
        note_dial(source, dest, self._shape)

    def _on_dial_ringing(self, event: DialRinging) -> None:
        channel = self._live(event.uniqueid)
        if channel is not None:
            self._rang(channel, event.at)

    def _on_dial_ended(self, event: DialEnded) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is None:
            return
        channel.dial_status = event.status
        if channel.is_local and event.status == "BUSY":
            channel.call.plumbing_busy = True

    def _on_originated(self, event: Originated) -> None:
        channel = self._graph.channels.get(event.uniqueid) if event.uniqueid is not None else None
        waiting = self._originated.pop(_originate_key(event.channel), None)
        call = channel.call if channel is not None else waiting
        if call is not None:
            call.response = event

    # Bridges, and who talks with the client.

    def _on_bridge_entered(self, event: BridgeEntered) -> None:
        channel = self._channel_of(event)
        if channel is None:
            return
        before = self._graph.joined(channel)
        if event.holding:
            self._graph.leave(channel)
        else:
            self._graph.enter(channel, event.bridge)
        channel.party_left_at = None
        self._rejoin(before | self._graph.joined(channel), event.at)

    def _on_bridge_left(self, event: BridgeLeft) -> None:
        channel = self._channel_of(event)
        if channel is None or channel.bridge != event.bridge:
            return
        before = self._graph.joined(channel)
        self._graph.leave(channel)
        self._rejoin(before, event.at)

    def _rejoin(self, touched: set[Channel], at: float) -> None:
        for news, call in rejoin(touched, self._graph, at):
            self._announce(call, at)
            fact = CallAnswered if news is TalkNews.ANSWERED else CallTransferred
            self._facts.append(fact(call.picture(at), _moment(at)))

    def _on_hold(self, event: HoldChanged) -> None:
        channel = self._live(event.uniqueid)
        if channel is None or channel.extension is None:
            return
        if not event.holding:
            self._release_hold(channel, event.at)
        elif channel not in channel.call.held_since:
            channel.call.held_since[channel] = event.at
            channel.call.holds += 1
            self._holding[channel.extension] = channel.call

    def _release_hold(self, channel: Channel, at: float) -> None:
        since = channel.call.held_since.pop(channel, None)
        if since is not None:
            channel.call.held_seconds += at - since
            self._holding.pop(channel.extension or "", None)

    # Hand-overs.

    def _on_blind_transfer(self, event: BlindTransferred) -> None:
        transferer = self._graph.channels.get(event.transferer)
        if transferer is not None:
            call = self._client_call(transferer, event.transferee)
            note_blind(call, event, transferer)

    def _on_attended_transfer(self, event: AttendedTransferred) -> None:
        first = self._graph.channels.get(event.first)
        if first is None:
            return
        second = self._graph.channels.get(event.second)
        target = self._graph.channels.get(event.target_channel or "")
        call = first.call
        if (
            second is not None
            and call.direction is not Direction.IN
            and second.call.direction is Direction.IN
        ):
            call = second.call
        note_attended(call, event, first, second, target)

    def _client_call(self, transferer: Channel, transferee: str | None) -> LiveCall:
        """The call of the party that is sent on; behind a Local channel it is the transferer's."""
        other = self._graph.channels.get(transferee or "")
        return other.call if other is not None else transferer.call

    def _on_picked_up(self, event: PickedUp) -> None:
        picker, target = self._graph.channels.get(event.picker), self._graph.channels.get(event.target)
        if picker is not None and target is not None and picker.call is not target.call:
            self._merge(picker.call, target.call, event.at)

    def _on_parked(self, event: Parked) -> None:
        parkee = self._graph.channels.get(event.parkee)
        if parkee is not None:
            parker = self._shape.classify(event.parker).extension
            note_parked(parkee.call, parker, event.at)

    def _follow_linkedid(self, channel: Channel, linkedid: str, at: float) -> None:
        if linkedid == channel.linkedid:
            return
        channel.linkedid = linkedid
        target = self._calls.get(linkedid)
        if target is None:
            self._calls[linkedid] = channel.call
            channel.call.aliases.append(linkedid)
        elif target is not channel.call:
            self._merge(channel.call, target, at)

    def _merge(self, one: LiveCall, other: LiveCall, at: float) -> None:
        merged = merge(one, other)
        if merged is None:
            return
        kept, gone = merged
        for linkedid in (gone.linkedid, *gone.aliases):
            self._calls[linkedid] = kept
        ending = self._ending.pop(gone, None)
        if kept.live:
            self._ending.pop(kept, None)
        elif ending is not None:
            self._ending[kept] = max(ending, self._ending.get(kept, 0.0))
        if gone.announced:
            self._announce(kept, at)
            self._facts.append(CallMerged(kept.picture(at), _moment(at), gone.linkedid))
        for channel in kept.channels:
            if channel is kept.client and channel.gone_at is None:
                self._rejoin({channel}, at)

    # What else is told about a call.

    def _on_queue_joined(self, event: QueueJoined) -> None:
        channel = self._live(event.uniqueid)
        if channel is not None:
            channel.call.queue = event.queue
            note_queue(channel)
            self._announce(channel.call, event.at)

    def _on_queue_abandoned(self, event: QueueAbandoned) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is not None:
            channel.call.abandoned = True

    def _on_recording(self, event: RecordingStarted) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is not None:
            channel.call.recorded = True

    def _on_variable(self, event: VariableSet) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is None or not event.value:
            return
        if event.name == "MIXMONITOR_FILENAME":
            channel.call.recording_file = event.value
        elif channel is channel.call.client and channel.call.direction is Direction.IN:
            self._name_did(channel, event.value)

    def _name_did(self, client: Channel, did: str) -> None:
        # A provider that sends all calls to the account puts the number called into the To header only.
        if did.lstrip("+").isdigit() and len(did) > 2:
            client.call.did = did

    def _on_app(self, event: AppStarted) -> None:
        channel = self._live(event.uniqueid)
        if channel is None:
            return
        if event.exten == "h":
            channel.party_left_at = channel.party_left_at or event.at
            return
        self._ran(channel, event.app)

    def _on_cdr(self, event: CdrSeen) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is None:
            return
        self._ran(channel, event.app)
        # A queue call's billed seconds count the waiting; the queue itself tells the talk.
        if channel is channel.call.client and event.answered and channel.call.queue is None:
            learn_answer(channel.call, event.at, event.billed_seconds)

    def _ran(self, channel: Channel, app: str) -> None:
        channel.app = app or channel.app
        channel.voicemail = channel.voicemail or app.lower() == "voicemail"

    def _on_agent_completed(self, event: AgentCompleted) -> None:
        channel = self._graph.channels.get(event.uniqueid)
        if channel is not None:
            learn_answer(channel.call, event.at, event.talk_seconds)

    # Gaps in what we hear.

    def _on_lost(self, event: ConnectionLost) -> None:
        self._gap.lost(event.at)

    def _on_restored(self, event: ConnectionRestored) -> None:
        self._gap.restored(event.at)

    def _on_listed(self, event: ChannelListed) -> None:
        self._gap.listed(event.uniqueid)
        known = event.uniqueid in self._graph.channels
        channel = self._channel_of(event)
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
            self._came_in(channel, event.at)

    def _move_in_gap(self, channel: Channel, event: ChannelListed) -> None:
        before = self._graph.joined(channel)
        self._graph.leave(channel)
        if event.bridge:
            self._graph.enter(channel, event.bridge)
        answered = channel.call.answered_at
        self._rejoin(before | self._graph.joined(channel), event.at)
        if answered is None and channel.call.answered_at is not None:
            channel.call.answer_guessed = True

    def _on_snapshot_ended(self, event: SnapshotEnded) -> None:
        gone = self._gap.gone(self._graph.channels.values())
        self._lose(gone, self._gap.last_heard(event.at), EndedBy.GAP)

    def _on_booted(self, event: PbxBooted) -> None:
        older = [
            c for c in self._graph.channels.values() if c.gone_at is None and c.heard_at < event.started_at
        ]
        self._lose(older, self._gap.last_heard(event.at), EndedBy.PBX_RESTART)

    def _on_stopped(self, event: PbxStopped) -> None:
        alive = [channel for channel in self._graph.channels.values() if channel.gone_at is None]
        self._lose(alive, event.at, EndedBy.PBX_RESTART)

    def _lose(self, channels: list[Channel], at: float, by: EndedBy) -> None:
        for channel in channels:
            self._drop(channel, max(at, channel.heard_at), by)

    # Beginnings and ends.

    def _announce(self, call: LiveCall, at: float) -> None:
        if call.announced or call.direction is None:
            return
        call.announced = True
        self._facts.append(CallStarted(call.picture(at), _moment(at)))
        for extension in call.rang:
            self._facts.append(LegRang(call.picture(at), _moment(at), extension))

    def _end_due(self, now: float) -> None:
        while self._ending:
            call, due = next(iter(self._ending.items()))
            if due > now:
                return
            del self._ending[call]
            self._end(call, due)

    def _end(self, call: LiveCall, at: float) -> None:
        settle(call, self._shape)
        if call.direction is not None:
            call.ended_at = _end_of(call)
            if call.ended_by is EndedBy.HANGUP or call.answered_at is not None:
                settle_outcome(call)
            self._announce(call, at)
            self._facts.append(CallEnded(call.picture(at), _moment(at)))
        self._forget(call)

    def _forget(self, call: LiveCall) -> None:
        for linkedid in (call.linkedid, *call.aliases):
            if self._calls.get(linkedid) is call:
                del self._calls[linkedid]
        for channel in call.channels:
            self._bury(channel)

    def _bury(self, channel: Channel) -> None:
        self._graph.forget(channel)
        self._dead[channel.uniqueid] = None
        if len(self._dead) > MOST_DEAD:
            del self._dead[next(iter(self._dead))]

    def _prune(self, call: LiveCall) -> None:
        if len(call.channels) <= MOST_CHANNELS:
            return
        for channel in call.channels:
            if channel.gone_at is not None and channel.answered_at is None and channel is not call.caller:
                call.channels.remove(channel)
                self._bury(channel)
                return

    def _taken(self) -> list[Fact]:
        facts = self._facts
        if facts:
            self._facts = []
        return facts


def _end_of(call: LiveCall) -> float:
    """When the outside party was gone; where there is none, the last channel."""
    over = call.client.over_at if call.client is not None else None
    ends = [channel.over_at for channel in call.channels if channel.over_at is not None]
    return over if over is not None else max(ends, default=call.started_at)


def _originate_key(channel_name: str) -> str:
    """What an originate's answer and its first channel have in common; a failed answer has no suffix."""
    name = endpoint_of(channel_name)
    if name.startswith("Local/"):
        name = _LOCAL_TAIL.sub("", name)
    return name


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
