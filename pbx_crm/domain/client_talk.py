"""Who talks with the client: the answer rule.

A dial that ended with ANSWER proves nothing, nor does a caller's channel that is Up: queues, menus and
voicemail answer too, and a forwarded mobile listens to "press 1" before it gets the client. The proof is
that the outside party and somebody here are joined, through bridges and Local pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from pbx_crm.domain.call import Direction
from pbx_crm.domain.endpoint import EndpointKind
from pbx_crm.domain.hand_over import complete, note_leaving
from pbx_crm.domain.live_call import LiveCall, Stretch
from pbx_crm.domain.live_channel import Channel, ChannelGraph

SAME_TALK_SECONDS = 0.1
"""A Local pair that optimises itself away takes the seller out of one bridge and into another."""


class TalkNews(Enum):
    """What a change of bridges meant for the call."""

    ANSWERED = "answered"
    TRANSFERRED = "transferred"


def rejoin(touched: Iterable[Channel], graph: ChannelGraph, at: float) -> list[tuple[TalkNews, LiveCall]]:
    """Bring every call among these channels up to date with who is joined now; the news, in order."""
    news: list[tuple[TalkNews, LiveCall]] = []
    for channel in touched:
        if _may_be_client(channel):
            news += [(kind, channel.call) for kind in _compare(channel, graph, at)]
    return news


def _may_be_client(channel: Channel) -> bool:
    call = channel.call
    if call.client is channel:
        return True
    # Of several numbers dialled, the client is who gets connected first.
    return (
        call.direction is Direction.OUT
        and not call.joined
        and call.answered_at is None
        and channel.is_outside_leg
    )


def _compare(client: Channel, graph: ChannelGraph, at: float) -> list[TalkNews]:
    call = client.call
    together = graph.joined(client)
    parties = {other for other in together if _is_party(other, client)}
    for other in [known for known in call.joined if known not in parties]:
        _part(call, other, at)
    if len(together) > 1:
        for other in together:
            other.met_client = True
    fresh = [other for other in parties if other not in call.joined]
    if not fresh or (client.hangup_asked_at is not None and client.hangup_asked_at <= at):
        return []
    call.client = client
    return [kind for other in sorted(fresh, key=_age) if (kind := _join(call, other, at))]


def _age(channel: Channel) -> tuple[float, int, str]:
    """Oldest first; of two in one instant the one whose Uniqueid counts lower, not whichever comes up."""
    return channel.started_at, len(channel.uniqueid), channel.uniqueid


def _is_party(other: Channel, client: Channel) -> bool:
    if other is client:
        return False
    if other.kind is EndpointKind.SELLER:
        return client.call.direction is not Direction.INTERNAL or other.extension != client.extension
    # A trunk leg we dialled: a seller's forward, a line sent to a mobile, a transfer to the outside.
    # Another caller in the same conference is nobody of ours.
    return other.kind is EndpointKind.TRUNK and other.dialled and other.call is client.call


def _join(call: LiveCall, other: Channel, at: float) -> TalkNews | None:
    before = call.final_agent
    first = call.answered_at is None
    _begin_own_side(call, at)
    call.joined[other] = _begin(call, other.extension, at) if other.extension is not None else None
    assert call.client is not None  # noqa: S101 - _compare set it
    for channel in (other, call.client):
        channel.answered_at = channel.answered_at or at
    if call.answered_by is None:
        call.answered_by = other.extension
    complete(call, other)
    if first:
        call.answered_at = at
        return TalkNews.ANSWERED
    return TalkNews.TRANSFERRED if other.extension not in (None, before) else None


def _begin_own_side(call: LiveCall, at: float) -> None:
    if call.direction is Direction.INTERNAL and not call.joined and call.client and call.client.extension:
        _begin(call, call.client.extension, at, own=True)


def _begin(call: LiveCall, extension: str, at: float, own: bool = False) -> Stretch:
    for stretch in reversed(call.stretches):
        if stretch.extension == extension and stretch.own is own and stretch.ended is not None:
            if at - stretch.ended <= SAME_TALK_SECONDS:
                stretch.ended = None
                return stretch
            break
    stretch = Stretch(extension, at, own=own)
    call.stretches.append(stretch)
    return stretch


def _part(call: LiveCall, other: Channel, at: float) -> None:
    stretch = call.joined.pop(other)
    if stretch is not None and stretch not in call.joined.values():
        stretch.ended = at
    if not call.joined:
        for own in call.stretches:
            if own.own and own.ended is None:
                own.ended = at
    note_leaving(call, other, at)
