"""How a call ended: the rules of docs/calls.md, applied to what the tracker saw."""

from __future__ import annotations

from pbx_crm.domain.call import Direction, EndedBy, MissedReason, Outcome
from pbx_crm.domain.endpoint import EndpointKind
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel

SHORTEST_TALK_SECONDS = 0.05
"""When a caller's CANCEL crosses a phone's 200, Asterisk may bridge the two for some milliseconds."""

_MENU_APPS = frozenset({"background", "waitexten", "read", "ivr", "speechbackground"})
_USER_BUSY = 17


def settle_outcome(call: LiveCall) -> None:
    """Fill outcome and reason of a call that is over."""
    if was_answered(call):
        call.outcome = Outcome.ANSWERED
        return
    _take_back_answer(call)
    match call.direction:
        case Direction.IN:
            call.outcome = Outcome.VOICEMAIL if _reached_voicemail(call) else Outcome.MISSED
            call.reason = _missed_reason(call) if call.outcome is Outcome.MISSED else None
        case Direction.OUT:
            call.outcome = _unanswered(call.outside_legs, plumbing_busy=False)
        case _:
            called = [leg for leg in call.channels if leg.dialled_by is not None and not leg.is_local]
            call.outcome = _unanswered(called, call.plumbing_busy)


def was_answered(call: LiveCall) -> bool:
    """Whether the two parties were joined long enough for it to be a connection at all."""
    if call.answered_at is None:
        return False
    over = call.client.over_at if call.client is not None else None
    if over is None or call.ended_by is not EndedBy.HANGUP:
        return True
    return over - call.answered_at >= SHORTEST_TALK_SECONDS


def _take_back_answer(call: LiveCall) -> None:
    call.answered_at = call.answered_by = None
    call.stretches.clear()
    for channel in call.channels:
        channel.answered_at = None


def _unanswered(called: list[Channel], plumbing_busy: bool) -> Outcome:
    if not called:
        return Outcome.BUSY if plumbing_busy else Outcome.FAILED
    rang = any(leg.rang_at is not None for leg in called)
    if called[-1].dial_status == "BUSY" and (not rang or called[-1].rang_at is not None):
        return Outcome.BUSY
    return Outcome.NO_ANSWER if rang else Outcome.FAILED


def _reached_voicemail(call: LiveCall) -> bool:
    """VoiceMail ran on the client's channel, or behind a Local channel the client was joined with."""
    return any(
        channel.voicemail and (channel is call.client or channel.met_client) for channel in call.channels
    )


def _missed_reason(call: LiveCall) -> MissedReason:
    if call.abandoned:
        return MissedReason.ABANDONED
    if call.rang:
        return MissedReason.GAVE_UP
    phones = [c for c in call.channels if c.kind is EndpointKind.SELLER and c.dialled]
    if (
        any(phone.dial_status == "BUSY" or phone.cause == _USER_BUSY for phone in phones)
        or call.plumbing_busy
    ):
        return MissedReason.BUSY
    if phones:
        return MissedReason.FAILED
    app = call.client.app.lower() if call.client is not None else ""
    return MissedReason.IVR if app in _MENU_APPS else MissedReason.CLOSED
