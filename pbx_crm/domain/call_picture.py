"""The frozen picture of a call at one moment, from what the tracker knows of it by then."""

from __future__ import annotations

from datetime import UTC, datetime

from pbx_crm.domain.call import Call, Direction, EndedBy, Leg, LegKind, LegResult, Talk, Transfer
from pbx_crm.domain.endpoint import EndpointKind, ordered_number, shown_number
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel

ANSWERED_ELSEWHERE = 26
"""Q.850 as chan_pjsip and chan_sip use it for the losers of a ring-all."""


def picture(call: LiveCall, now: float) -> Call:
    """The call as it stands; `now` closes what is still counting."""
    assert call.direction is not None  # noqa: S101 - only a call has a picture
    end = call.ended_at if call.ended_at is not None else now
    started = _started_at(call)
    return Call(
        linkedid=call.linkedid,
        direction=call.direction,
        started_at=_moment(started),
        aliases=tuple(call.aliases),
        external_number=_external_number(call),
        caller_name=_caller_name(call),
        did=call.did,
        queue=call.queue,
        trunk=_trunk(call),
        seller=call.seller,
        callee=_callee(call),
        rang=tuple(sorted(call.rang, key=call.rang.__getitem__)),
        answered_by=call.answered_by,
        final_agent=call.final_agent,
        outcome=call.outcome,
        reason=call.reason,
        answered_at=_maybe(call.answered_at),
        ended_at=_maybe(call.ended_at),
        ended_by=call.ended_by,
        wait_seconds=max(0.0, (end if call.answered_at is None else call.answered_at) - started),
        ring_seconds=_ring_seconds(call, end),
        talk_seconds=0.0 if call.answered_at is None else max(0.0, _talk_end(call, end) - call.answered_at),
        hold_seconds=call.held_seconds + sum(end - since for since in call.held_since.values()),
        holds=call.holds,
        recorded=call.recorded,
        recording_file=call.recording_file,
        legs=tuple(_leg(call, channel) for channel in call.channels if _is_leg(channel)),
        talks=tuple(Talk(s.extension, _moment(s.began), _maybe(s.ended)) for s in call.stretches),
        transfers=tuple(
            Transfer(h.kind, _moment(h.at), h.source, h.target, h.completed) for h in call.hand_overs
        ),
    )


def _started_at(call: LiveCall) -> float:
    # A consultation older than the client's call may have been merged into it.
    if call.direction is Direction.IN and call.client is not None:
        return call.client.started_at
    return call.started_at


def _external_number(call: LiveCall) -> str | None:
    if call.direction is Direction.IN and call.client is not None:
        return shown_number(call.client.caller_number)
    if call.direction is not Direction.OUT:
        return None
    if call.client is not None and call.client.answered_at is not None:
        return call.client.number
    legs = call.outside_legs
    return legs[-1].number if legs else _ordered_number(call)


def _ordered_number(call: LiveCall) -> str | None:
    """The number an originate was to call, where it never got so far as to dial it."""
    if call.response is None:
        return shown_number(call.origin.caller_number) if call.origin and call.origin.up else None
    exten = call.response.exten or ordered_number(call.response.dial_string) or ""
    caller = call.response.caller_number
    # With a dialled prefix the caller ID that was set for the seller's display is the clean number.
    if not exten or (caller and len(exten) > len(caller) and exten.endswith(caller)):
        return shown_number(caller)
    return exten


def _caller_name(call: LiveCall) -> str | None:
    return call.client.caller_name or None if call.direction is Direction.IN and call.client else None


def _trunk(call: LiveCall) -> str | None:
    if call.client is None or call.direction is Direction.INTERNAL:
        return None
    return call.client.endpoint.name


def _callee(call: LiveCall) -> str | None:
    if call.direction is not Direction.INTERNAL:
        return None
    if call.answered_by is not None:
        return call.answered_by
    called = (
        channel.extension
        for channel in call.channels
        if channel.dialled_by is not None and channel.extension is not None
    )
    return next(called, None)


def _ring_seconds(call: LiveCall, end: float) -> float:
    if call.direction is Direction.OUT:
        legs = call.outside_legs
        rings = [leg.rang_at for leg in legs if leg.rang_at is not None]
        ends = [leg.over_at for leg in legs if leg.over_at is not None]
        if len(ends) == len(legs):
            end = max(ends, default=end)
    else:
        rings = [leg.rang_at for leg in call.channels if leg.rang_at is not None]
    until = end if call.answered_at is None else call.answered_at
    began = min((at for at in rings if at >= _started_at(call) - 0.1), default=until)
    return max(0.0, until - began)


def _talk_end(call: LiveCall, end: float) -> float:
    over = call.client.over_at if call.client is not None else None
    return end if over is None or call.ended_by is EndedBy.GAP else over


def _leg(call: LiveCall, channel: Channel) -> Leg:
    """The leg's picture; of one that is over the last one, if nothing of it changed since.

    A leg that waits or talks is drawn anew each time: what is kept of it would outweigh the leg itself.
    """
    extension, number, rang_at = channel.extension, channel.number, channel.rang_at
    over_at, result = channel.over_at, _leg_result(call, channel)
    seen = (
        *(channel.endpoint.name, extension, number, channel.started_at),
        *(rang_at, channel.answered_at, over_at, result),
    )
    if channel.pictured is not None and channel.pictured[0] == seen:
        return channel.pictured[1]
    leg = Leg(
        uniqueid=channel.uniqueid,
        endpoint=channel.endpoint.name,
        kind=LegKind.SELLER if extension is not None else LegKind.OUTSIDE,
        extension=extension,
        number=number,
        started_at=_moment(channel.started_at),
        rang_at=_maybe(rang_at),
        answered_at=_maybe(channel.answered_at),
        ended_at=_maybe(over_at),
        result=result,
    )
    channel.pictured = None if over_at is None else (seen, leg)
    return leg


def _leg_result(call: LiveCall, channel: Channel) -> LegResult | None:
    if channel.answered_at is not None:
        return LegResult.ANSWERED
    if channel.gone_at is None or not channel.dialled:
        return None
    if channel.dial_status == "BUSY":
        return LegResult.BUSY
    if channel.rang_at is None:
        return LegResult.UNREACHABLE
    if channel.cause == ANSWERED_ELSEWHERE or _somebody_talked_at(call, channel.gone_at):
        return LegResult.TAKEN_BY_OTHER
    return LegResult.NO_ANSWER


def _somebody_talked_at(call: LiveCall, at: float) -> bool:
    near = 0.5  # the losers are hung up a moment before the winner is bridged
    return any(s.began <= at + near and (s.ended is None or s.ended >= at) for s in call.stretches)


def _is_leg(channel: Channel) -> bool:
    return channel.kind in (EndpointKind.SELLER, EndpointKind.TRUNK)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _maybe(at: float | None) -> datetime | None:
    return None if at is None else _moment(at)
