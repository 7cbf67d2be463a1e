"""Click-to-call: rings the viewer's own phone once for each click, then the client; hangs up on a click."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from pbx_crm.db import contact_edits, dials
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.contact import DoNotCall
from pbx_crm.domain.dialling import (
    DAY,
    EXTENSION,
    MINUTE,
    SAME_CALL_LASTS,
    DialRules,
    DialState,
    NoPhone,
    NotByClick,
    RingWish,
    number_to_dial,
    require_few,
    require_open,
)
from pbx_crm.domain.errors import BadInput, NotFound, PbxUnreachable, RightMissing
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_
from pbx_crm.services.clock import Clock

LONGEST_KEY = 64
NOT_ALLOWED_THERE = N_("The PBX does not let the CRM start calls: tell whoever sets up telephony.")
PERHAPS = N_("The PBX has not answered. Your phone may ring yet: look at it before you call again.")


class Phones(Protocol):
    """What this service needs of one PBX."""

    @property
    def may_ring(self) -> bool:
        """Whether it is set up for starting calls and, as far as is known, lets us."""

    @property
    def may_hang_up(self) -> bool:
        """The same for ending them."""

    @property
    def is_there(self) -> bool:
        """Whether the link stands."""

    async def ring(self, wish: RingWish) -> None:
        """Ask once; RightMissing if it refuses, PbxUnreachable if nobody knows."""

    async def hang_up(self, channel: str) -> None:
        """End this channel."""


@dataclass(frozen=True, slots=True)
class Outlet:
    """A PBX that calls can be started on."""

    phones: Phones
    plan: NumberPlan
    rules: DialRules


@dataclass(frozen=True, slots=True)
class _Wish:
    viewer: Person
    text: str
    request_key: str
    now: datetime


@dataclass(frozen=True, slots=True)
class _Stored:
    dial_id: int | None
    """None: this click was taken before, nothing is to be done."""
    pbx: str
    ring: RingWish


class Dialling:
    """Starts and ends calls of people on their own phones."""

    def __init__(self, database: Database, clock: Clock, time_zone: str) -> None:
        self._database = database
        self._clock = clock
        self._zone = ZoneInfo(time_zone)
        self._outlets: dict[str, Outlet] = {}

    def offer(self, pbx: str, outlet: Outlet) -> None:
        """Calls can be started on this PBX from now on."""
        self._outlets[pbx] = outlet

    @property
    def is_offered(self) -> bool:
        """Whether pages show a button; without it a number is a link for the browser's own dialler."""
        return any(outlet.phones.may_ring for outlet in self._outlets.values())

    @property
    def hangs_up(self) -> bool:
        """Whether the popup shows a button to end the call."""
        return any(outlet.phones.may_hang_up for outlet in self._outlets.values())

    async def dial(self, viewer: Person, text: str, request_key: str) -> str:
        """Rings the viewer's phone, then this number; the number in E.164.

        The click is stored before the PBX is asked, and asked it is once: the same key, or the same number
        within ten seconds, rings nothing more. Refused in words; PbxUnreachable if nobody knows whether
        the phone rings.
        """
        if not 1 <= len(request_key) <= LONGEST_KEY:
            raise BadInput(reasons={"request_key": N_("This form is broken; load the page again.")})
        wish = _Wish(viewer, text, request_key, self._clock())
        offering = {name: outlet for name, outlet in self._outlets.items() if outlet.phones.may_ring}
        if not offering:
            raise NotByClick
        stored = await self._database.write(_store, wish, offering, self._zone)
        if stored.dial_id is not None:
            await self._ring(stored.dial_id, offering[stored.pbx].phones, stored.ring)
        return stored.ring.number

    async def _ring(self, dial_id: int, phones: Phones, ring: RingWish) -> None:
        state = DialState.UNKNOWN
        try:
            if not phones.is_there:
                state = DialState.REFUSED
                raise PbxUnreachable(N_("The PBX cannot be reached just now: dial on your phone."))
            await phones.ring(ring)
            state = DialState.TAKEN
        except RightMissing as refusal:
            state = DialState.REFUSED
            raise NotByClick(NOT_ALLOWED_THERE) from refusal
        except PbxUnreachable as trouble:
            raise trouble if state is DialState.REFUSED else PbxUnreachable(PERHAPS) from trouble
        finally:
            await self._database.write(dials.settle, dial_id, state)

    async def hang_up(self, viewer: Person, call_id: int) -> None:
        """Ends the viewer's own leg of a call that goes on; NotFound if they have none."""
        found = await self._database.read(dials.own_channel, call_id, viewer.id)
        if found is None or (outlet := self._outlets.get(found[0])) is None:
            raise NotFound(call_id=call_id)
        if not outlet.phones.may_hang_up:
            raise NotByClick(N_("Calls are not ended from here: hang up on your phone."))
        try:
            await outlet.phones.hang_up(found[1])
        except RightMissing as refusal:
            raise NotByClick(N_("The PBX did not end the call: hang up on your phone.")) from refusal


def _store(tx: Transaction, wish: _Wish, offering: Mapping[str, Outlet], zone: ZoneInfo) -> _Stored:
    pbx, extension = _own_phone(tx, wish, offering)
    outlet, viewer = offering[pbx], wish.viewer
    number = number_to_dial(wish.text, outlet.plan, outlet.rules)
    ring = RingWish(extension, number, f"crm-{secrets.token_hex(16)}")
    if contact_edits.is_not_to_be_called(tx, number):
        raise DoNotCall
    dials.begin(tx, viewer.id)
    known = dials.number_of(tx, viewer.id, wish.request_key)
    if known is not None or dials.rings(tx, viewer.id, number, wish.now - SAME_CALL_LASTS):
        return _Stored(None, pbx, ring)
    require_open(outlet.rules, wish.now.astimezone(zone))
    minute, day = (dials.count_since(tx, viewer.id, wish.now - span) for span in (MINUTE, DAY))
    require_few(outlet.rules, minute, day)
    new = dials.NewDial(
        viewer.id, wish.request_key, pbx, extension, number, channel_id=ring.channel_id, at=wish.now
    )
    return _Stored(dials.add(tx, new), pbx, ring)


def _own_phone(tx: Transaction, wish: _Wish, offering: Mapping[str, Outlet]) -> tuple[str, str]:
    """The viewer's phone as it is linked at this moment: never what a request says."""
    for pbx, extension in dials.phones_of(tx, wish.viewer.id, wish.now):
        if pbx in offering and EXTENSION.fullmatch(extension):
            return pbx, extension
    raise NoPhone
