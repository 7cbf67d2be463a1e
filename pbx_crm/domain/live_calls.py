"""The calls of one PBX that are going on: which channel belongs to which, when they begin, merge and end.

A channel belongs to the call of its Linkedid. A Linkedid is not constant: when bridges meet, a channel
takes over the older call's value and no event announces it, so every event's Linkedid is compared with
the one remembered, and two groups become one. Two outside parties who both came in stay two calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from pbx_crm.domain.call import (
    Call,
    CallAnswered,
    CallEnded,
    CallMerged,
    CallStarted,
    CallTransferred,
    EndedBy,
    Fact,
    LegRang,
)
from pbx_crm.domain.call_merge import merge as merge_calls
from pbx_crm.domain.call_outcome import settle_outcome
from pbx_crm.domain.call_picture import picture
from pbx_crm.domain.call_roles import note_incoming, note_variable, settle
from pbx_crm.domain.client_talk import TalkNews
from pbx_crm.domain.client_talk import rejoin as talk_news
from pbx_crm.domain.endpoint import EndpointKind, PbxShape, endpoint_of
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel, ChannelGraph
from pbx_crm.domain.pbx_event import ChannelEvent

Handlers = dict[type, Callable[[Any], None]]
"""Event type → what to do with such an event; the whole of what one part of the tracker reads."""

GRACE_SECONDS = 2.0
"""A call is over this long after its last channel: CDR and AgentComplete arrive after the Hangup."""

MOST_CHANNELS = 64
"""Channels remembered per call; a caller who waits for hours makes new ones at every retry."""

MOST_ENDPOINTS = 2048
"""Endpoints whose kind is remembered; legs of one phone share it."""

MOST_DEAD = 4096
"""Uniqueids of channels that are gone, kept so that a repeated event does not bring them back."""


class LiveCalls:
    """The channels and calls that live, and the facts told about them."""

    def __init__(self, shape: PbxShape, *, only_ends: bool = False) -> None:
        self.shape = shape
        self._only_ends = only_ends
        self.graph = ChannelGraph()
        self._endpoint = lru_cache(maxsize=MOST_ENDPOINTS)(shape.endpoint)
        self.facts: list[Fact] = []
        self._holding: dict[Channel, None] = {}
        """Channels that hold somebody, latest last."""
        self._by_linkedid: dict[str, LiveCall] = {}
        """The aliases too."""
        self._ending: dict[LiveCall, float] = {}
        """Calls without a channel → when their grace is over, soonest first."""
        self._dead: dict[str, None] = {}
        self.heard_again_at: float | None = None
        """When the connection came back after the last gap."""

    def any(self, uniqueid: str | None) -> Channel | None:
        """The channel of this Uniqueid, also if it is gone but its call is not over."""
        return self.graph.channels.get(uniqueid) if uniqueid is not None else None

    def open_calls(self, now: float) -> list[Call]:
        """Pictures of the calls that are not over, oldest first."""
        calls = {id(call): call for call in self._by_linkedid.values() if call.announced}
        return [picture(call, now) for call in sorted(calls.values(), key=lambda c: c.started_at)]

    @property
    def any_ending(self) -> bool:
        """Whether some call only waits for its grace to pass."""
        return bool(self._ending)

    def channel_of(self, event: ChannelEvent) -> Channel | None:
        """The channel of this event, made if it is new, in the call of the event's Linkedid."""
        channel = self.graph.channels.get(event.uniqueid)
        if channel is None:
            if event.uniqueid in self._dead:
                return None
            return self._adopt(event.uniqueid, event.linkedid, event.channel, event.at)
        if channel.gone_at is not None:
            return None
        channel.heard_at = event.at
        for name, value in event.variables:
            note_variable(channel, name, value)
        if event.linkedid != channel.linkedid:
            self.follow_linkedid(channel, event.linkedid, event.at)
        return channel

    def _adopt(self, uniqueid: str, linkedid: str, name: str, at: float) -> Channel:
        call = self._by_linkedid.get(linkedid)
        if call is None:
            call = self._by_linkedid[linkedid] = LiveCall(linkedid, at)
        endpoint = self._endpoint(endpoint_of(name))
        linkedid = call.linkedid if linkedid == call.linkedid else linkedid  # one string for all legs
        if endpoint.kind is not EndpointKind.LOCAL:
            name = endpoint.name  # the suffix has served its turn
        channel = Channel(
            uniqueid, linkedid, name, endpoint, call, at, root=uniqueid == linkedid, heard_at=at
        )
        self.graph.add(channel)
        call.channels.append(channel)
        self._ending.pop(call, None)
        if channel.root and channel.kind is EndpointKind.SELLER:
            call.caller = channel
        channel.dialled = not channel.root
        return channel

    def rename(self, channel: Channel, name: str) -> None:
        """The channel has another name, and may be another kind of channel, from now on."""
        self.graph.rename(channel, name, self._endpoint(endpoint_of(name)))

    def live(self, uniqueid: str | None) -> Channel | None:
        """The channel of this Uniqueid, unless it is gone or unknown."""
        channel = self.any(uniqueid)
        return channel if channel is not None and channel.gone_at is None else None

    def came_in(self, channel: Channel, at: float) -> None:
        """A channel calls us; if it is an outside party's, a call has started."""
        if channel.call.direction is None:
            note_incoming(channel)
            self.announce(channel.call, at)

    def drop(self, channel: Channel, at: float, by: EndedBy = EndedBy.HANGUP) -> None:
        """The channel is gone; with its last channel the call is over, save for the grace."""
        call = channel.call
        before = self.graph.joined(channel)
        channel.gone_at, channel.lost = at, by is not EndedBy.HANGUP
        self.graph.hang_up(channel)
        self.rejoin(before, at)
        self.release_hold(channel, at)
        if channel is call.client and not channel.lost:
            self._drop_unheard(call, at)
        if call.is_over and call not in self._ending:
            heard = call.client is not None and call.client.gone_at is not None and not call.client.lost
            call.ended_by = EndedBy.HANGUP if heard else by
            self._ending[call] = at + GRACE_SECONDS
        self._prune(call)

    def _drop_unheard(self, call: LiveCall, at: float) -> None:
        """The client is gone: what of his call was not heard of since a gap went with him, or in the gap."""
        if self.heard_again_at is not None:
            for channel in [c for c in call.live if c.heard_at < self.heard_again_at]:
                self.drop(channel, at, EndedBy.GAP)

    def rejoin(self, touched: Iterable[Channel], at: float) -> None:
        """Bridges among these channels changed: find out who talks with the client now."""
        for news, call in talk_news(touched, self.graph, at):
            self.announce(call, at)
            self.tell(CallAnswered if news is TalkNews.ANSWERED else CallTransferred, call, at)

    def hold(self, channel: Channel, at: float) -> None:
        """The channel puts the other party on hold."""
        if channel not in channel.call.held_since:
            channel.call.held_since[channel] = at
            channel.call.holds += 1
            self._holding[channel] = None

    def release_hold(self, channel: Channel, at: float) -> None:
        """The channel holds nobody any more."""
        since = channel.call.held_since.pop(channel, None)
        if since is not None:
            channel.call.held_seconds += at - since
            self._holding.pop(channel, None)

    def held_by(self, extension: str) -> LiveCall | None:
        """The call whose client this seller holds; whom the seller rings meanwhile is consulted about it."""
        return next((c.call for c in reversed(self._holding) if c.extension == extension), None)

    def follow_linkedid(self, channel: Channel, linkedid: str, at: float) -> None:
        """An event tells another Linkedid than before: this channel's group is part of that one's call."""
        if linkedid == channel.linkedid:
            return
        channel.linkedid = linkedid
        target = self._by_linkedid.get(linkedid)
        if target is None:
            self._by_linkedid[linkedid] = channel.call
            channel.call.aliases.append(linkedid)
        elif target is not channel.call:
            self.merge(channel.call, target, at)

    def merge(self, one: LiveCall, other: LiveCall, at: float) -> None:
        """Two groups are one call from now on."""
        merged = merge_calls(one, other)
        if merged is None:
            return
        kept, gone = merged
        for linkedid in (gone.linkedid, *gone.aliases):
            self._by_linkedid[linkedid] = kept
        ending = self._ending.pop(gone, None)
        if kept.live:
            self._ending.pop(kept, None)
        elif ending is not None:
            self._ending[kept] = max(ending, self._ending.get(kept, 0.0))
        if gone.announced:
            self.announce(kept, at)
            self.tell(CallMerged, kept, at, gone.linkedid)
        for channel in kept.channels:
            if channel is kept.client and channel.gone_at is None:
                self.rejoin({channel}, at)

    def announce(self, call: LiveCall, at: float) -> None:
        """Tell that the call exists, once, as soon as it is known to be one."""
        if call.announced or call.direction is None:
            return
        call.announced = True
        self.tell(CallStarted, call, at)
        for extension in call.rang:
            self.tell(LegRang, call, at, extension)

    def tell(self, fact: type[Fact], call: LiveCall, at: float, *more: str) -> None:
        """This became of the call just now; whoever wants ends only is spared the rest and its pictures."""
        if fact is CallEnded or not self._only_ends:
            self.facts.append(fact(picture(call, at), _moment(at), *more))

    def end_due(self, now: float) -> None:
        """End the calls whose grace is over by `now`."""
        while self._ending:
            call, due = next(iter(self._ending.items()))
            if due > now:
                return
            del self._ending[call]
            self._end(call, due)

    def _end(self, call: LiveCall, at: float) -> None:
        settle(call, self.shape)
        if call.direction is not None:
            call.ended_at = _end_of(call)
            if call.ended_by is EndedBy.HANGUP or call.answered_at is not None:
                settle_outcome(call)
            self.announce(call, at)
            self.tell(CallEnded, call, at)
        self._forget(call)

    def _forget(self, call: LiveCall) -> None:
        for linkedid in (call.linkedid, *call.aliases):
            if self._by_linkedid.get(linkedid) is call:
                del self._by_linkedid[linkedid]
        for channel in call.channels:
            self._bury(channel)

    def _bury(self, channel: Channel) -> None:
        self.graph.forget(channel)
        self._dead[channel.uniqueid] = None
        if len(self._dead) > MOST_DEAD:
            del self._dead[next(iter(self._dead))]

    def _prune(self, call: LiveCall) -> None:
        if len(call.channels) <= MOST_CHANNELS:
            return
        for channel in call.channels:
            if (
                channel.gone_at is not None
                and channel.answered_at is None
                and channel not in (call.caller, call.client)
            ):
                call.channels.remove(channel)
                self._bury(channel)
                return

    def take_facts(self) -> list[Fact]:
        """The facts told since the last time, oldest first."""
        facts = self.facts
        if facts:
            self.facts = []
        return facts


def _end_of(call: LiveCall) -> float:
    """When the outside party was gone; where there is none, the last channel."""
    over = call.client.over_at if call.client is not None else None
    ends = [channel.over_at for channel in call.channels if channel.over_at is not None]
    return over if over is not None else max(ends, default=call.started_at)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
