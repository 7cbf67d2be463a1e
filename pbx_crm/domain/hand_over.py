"""Transfers: what was tried, and whether it ended with somebody at the target talking with the client.

AMI's `Result: Success` proves nothing: a feature-code transfer reports it while the target still rings.
"""

from __future__ import annotations

from pbx_crm.domain.call import TransferKind
from pbx_crm.domain.endpoint import EndpointKind, PbxShape, local_extension, local_target
from pbx_crm.domain.live_call import HandOver, LiveCall
from pbx_crm.domain.live_channel import Channel
from pbx_crm.domain.pbx_event import AttendedTransferred, BlindTransferred

SAME_ACT_SECONDS = 1.0
"""A blind transfer into a parking lot reports both, in either order."""

MOVED_SECONDS = 3.0
"""A client redirected by somebody else is dialled on at once; a later dial is the dialplan's own."""


def note_blind(call: LiveCall, event: BlindTransferred, transferer: Channel) -> None:
    """A seller sent the client on."""
    last = _last(call)
    if last is not None and last.kind is TransferKind.PARK and event.at - last.at <= SAME_ACT_SECONDS:
        return
    _add(call, HandOver(TransferKind.BLIND, event.at, transferer.extension, event.target or None))


def note_parked(call: LiveCall, parker: str | None, at: float) -> None:
    """The client was parked; who fetches him is the target."""
    last = _last(call)
    if last is not None and last.kind is TransferKind.BLIND and at - last.at <= SAME_ACT_SECONDS:
        last.kind, last.target = TransferKind.PARK, None
        return
    _add(call, HandOver(TransferKind.PARK, at, parker, None))


def note_attended(
    call: LiveCall,
    event: AttendedTransferred,
    first: Channel,
    second: Channel | None,
    target: Channel | None,
    shape: PbxShape,
) -> None:
    """A seller joined client and target; told after the bridges changed, so it may be complete already."""
    kind = TransferKind.THREEWAY if event.threeway else TransferKind.ATTENDED
    source = first.extension
    named = _target_name(call, event, second, target, shape)
    _add(call, HandOver(kind, event.at, source, named))
    for other in call.joined:
        complete(call, other)


def _target_name(
    call: LiveCall,
    event: AttendedTransferred,
    second: Channel | None,
    target: Channel | None,
    shape: PbxShape,
) -> str | None:
    if second is not None and event.target and call.queue == event.target:
        return event.target
    if target is None:
        return event.target or None
    if target.kind is EndpointKind.SELLER:
        return target.extension
    if target.is_local:
        return local_extension(target.name, shape) or local_target(target.name)
    return target.number or event.target or None


def note_leaving(call: LiveCall, other: Channel, at: float) -> None:
    """A talk is over. If neither of the two hung up and no transfer was told, somebody moved the client."""
    client = call.client
    if client is None or client.gone_at is not None or client.hangup_asked_at is not None:
        return
    if other.hangup_asked_at is None and other.party_left_at is None and other.gone_at is None:
        call.moved_at, call.moved_from = at, other.extension


def note_dialled_on(call: LiveCall, source: Channel, at: float) -> None:
    """The client's own channel dials. After a move by AMI Redirect this is the only trace of a transfer."""
    if source is not call.client or call.moved_at is None or at - call.moved_at > MOVED_SECONDS:
        return
    last = _last(call)
    if last is None or last.at < call.moved_at - SAME_ACT_SECONDS:
        _add(call, HandOver(TransferKind.BLIND, call.moved_at, call.moved_from, None))
    call.moved_at = None


def complete(call: LiveCall, other: Channel) -> None:
    """`other` is joined with the client: the open transfer reached somebody, unless the client came back."""
    last = _last(call)
    if last is None or last.completed:
        return
    reached = other.extension or other.number
    if reached is None or reached == last.source:
        return
    last.completed = True
    if last.target is None:
        last.target = reached


def _last(call: LiveCall) -> HandOver | None:
    return call.hand_overs[-1] if call.hand_overs else None


def _add(call: LiveCall, hand_over: HandOver) -> None:
    last = _last(call)
    if (
        last is not None
        and last.at == hand_over.at
        and last.kind is hand_over.kind
        and last.source == hand_over.source
    ):
        return  # the same event delivered twice
    call.hand_overs.append(hand_over)
