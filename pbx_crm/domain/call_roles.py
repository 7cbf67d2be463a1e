"""Who is who in a call: the outside party, the seller who started it, and whose forward a trunk leg is.

Contexts and caller IDs do not tell: the leg dialled to the trunk has `from-trunk` too, and on
click-to-call the seller's channel wears the customer's number. What tells is who dialled whom.
"""

from __future__ import annotations

from pbx_crm.domain.call import Direction
from pbx_crm.domain.endpoint import (
    EndpointKind,
    PbxShape,
    local_extension,
    local_target,
    looks_dialable,
    ordered_number,
)
from pbx_crm.domain.live_call import LiveCall
from pbx_crm.domain.live_channel import Channel


def note_incoming(channel: Channel) -> None:
    """A trunk channel that began a Linkedid and calls us: an outside party came in."""
    call = channel.call
    if call.direction is None and channel.root and channel.kind is EndpointKind.TRUNK and not channel.dialled:
        call.direction = Direction.IN
        call.client = channel
        call.did = channel.exten if channel.exten not in ("", "s") else None


def note_originated(channel: Channel) -> None:
    """An originate dials this channel; nobody's channel does."""
    call = channel.call
    if not channel.root or call.origin is not None:
        return
    call.origin = channel
    if channel.kind is EndpointKind.TRUNK:
        call.direction, call.client = Direction.OUT, channel


def note_dial(source: Channel, dest: Channel, shape: PbxShape) -> None:
    """`source` dials `dest`: settles the direction of the call, and in whose place a trunk leg stands."""
    call = dest.call
    match dest.kind:
        case EndpointKind.TRUNK:
            dest.stands_for = _seller_behind(call, source, shape)
            if dest.stands_for is None:
                _note_outside_leg(call, dest)
        case EndpointKind.SELLER:
            _note_called(source, dest.extension)
            if not _is_originated_side(source):
                _note_internal(call)
        case EndpointKind.LOCAL:
            _note_called(source, local_extension(dest.name, shape))
        case EndpointKind.OTHER:
            pass


def note_found(leg: Channel) -> bool:
    """A dialled leg met in mid-course, its dial unseen; whether it settles what kind of call this is."""
    call = leg.call
    if call.direction is not None or call.caller is None:
        return False
    if leg.kind is EndpointKind.TRUNK:
        leg.number = leg.number or leg.caller_number  # a dialled trunk leg wears the number it calls
        _note_outside_leg(call, leg)
    elif leg.kind is EndpointKind.SELLER:
        _note_internal(call)
    return call.direction is not None


def note_queue(channel: Channel) -> None:
    """A colleague's own channel waits in a queue: that is an internal call before anybody is dialled."""
    if channel is channel.call.caller:
        _note_internal(channel.call)


def note_variable(channel: Channel, name: str, value: str) -> None:
    """A channel variable tells where the recording lies, or which number the caller dialled."""
    call = channel.call
    if name == "MIXMONITOR_FILENAME" and value:
        call.recording_file = value
    if name == "FROM_DID" and channel is call.client and _is_another_number(value, call.did or ""):
        call.did = value


def _is_another_number(value: str, did: str) -> bool:
    """Whether FROM_DID is a called number that the first Exten did not show, not another spelling of it.

    A provider that sends all calls to the account puts the number called into the To header only.
    """
    return value.lstrip("+").isdigit() and len(value) > 2 and value[-7:] != did[-7:]


def settle(call: LiveCall, shape: PbxShape) -> None:
    """Decide at its end what a call was that never got as far as a phone or a trunk."""
    if call.direction is not None:
        return
    if call.origin is not None:
        call.direction = _ordered_direction(call, call.origin, shape)
    elif call.caller is not None and any(channel.dialled_by is call.caller for channel in call.channels):
        call.direction = Direction.INTERNAL
    if call.direction is Direction.INTERNAL:
        call.client = call.caller


def _note_called(source: Channel, extension: str | None) -> None:
    if extension is not None and extension not in source.called_sellers:
        source.called_sellers += (extension,)


def _note_outside_leg(call: LiveCall, leg: Channel) -> None:
    if call.direction is None:
        call.direction = Direction.OUT
    if call.direction is Direction.OUT and call.answered_at is None and not call.joined:
        call.client = leg


def _note_internal(call: LiveCall) -> None:
    if call.direction is not None:
        return
    if call.caller is None:
        call.caller = _originated_seller(call)
    if call.caller is not None:
        call.direction, call.client = Direction.INTERNAL, call.caller


def _originated_seller(call: LiveCall) -> Channel | None:
    """The phone that an originate through a Local channel reached first."""
    sellers = [channel for channel in call.channels if channel.kind is EndpointKind.SELLER and channel.up]
    return sellers[0] if sellers else None


def _is_originated_side(source: Channel) -> bool:
    """Whether this channel works for the first party of an originate through a Local channel.

    Its half `;2` reaches that party; its half `;1` then runs the dialplan towards the other one.
    """
    while source.is_far_half and source.pair is not None:
        near = source.pair
        if near.dialled_by is None:
            return near.root
        source = near.dialled_by
    return False


def _seller_behind(call: LiveCall, source: Channel, shape: PbxShape) -> str | None:
    """The seller in whose place `source` dials a trunk; None if it simply calls an outside party.

    Told by the Local channel's name (`Local/106@…`), or by the phone that the same dialplan rang before.
    Several phones rung before tell nothing: a ring group's after-hours mobile is no one's forward.
    """
    if _is_sent_outside(call, shape):
        return None
    dialler: Channel | None = source
    while dialler is not None:
        near = dialler.pair if dialler.is_far_half else None
        if near is not None and (named := _person_named(dialler, shape)):
            return named
        if near is not None and (forwarder := _forwarder(near, dialler)):
            return forwarder
        if len(dialler.called_sellers) == 1 and not dialler.queued:
            return dialler.called_sellers[0]
        dialler = near.dialled_by if near is not None else None
    return None


def note_forward(source: Channel, phone: Channel, forward: str) -> None:
    """The phone that `source` dialled sent the caller on to another number (302)."""
    if phone.extension is not None:
        target = forward.partition("@")[0].rpartition("/")[2]
        source.forwards += ((target, phone.extension),)


def _forwarder(near: Channel, far: Channel) -> str | None:
    """Whose phone asked for this Local channel."""
    source = near.dialled_by
    return dict(source.forwards).get(local_target(far.name)) if source is not None else None


def _person_named(far_half: Channel, shape: PbxShape) -> str | None:
    """The seller a Local channel is named after; a queue or a group that rings others is not one."""
    named = local_extension(far_half.name, shape)
    is_group = far_half.queued or (far_half.called_sellers and named not in far_half.called_sellers)
    return None if is_group else named


def _is_sent_outside(call: LiveCall, shape: PbxShape) -> bool:
    """Whether a seller has just transferred the client to an outside number himself."""
    last = call.hand_overs[-1] if call.hand_overs else None
    return last is not None and not last.completed and looks_dialable(last.target, shape)


def _ordered_direction(call: LiveCall, origin: Channel, shape: PbxShape) -> Direction | None:
    response = call.response
    exten = (response.exten or ordered_number(response.dial_string) or "") if response is not None else ""
    caller = response.caller_number if response is not None else origin.caller_number
    if looks_dialable(exten, shape) or looks_dialable(caller, shape):
        return Direction.OUT
    if origin.up:
        return None  # a phone that was rung to hear something: listening in, a wake-up call
    return Direction.INTERNAL if shape.is_extension(exten) and call.caller else Direction.OUT
