"""Carries out what a seller dials on the phone, and keeps what each code means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from pbx_crm.db import audit, deals, extensions, funnels, people, phone_codes, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.phone_codes import LastCall
from pbx_crm.domain.deal import Actor, ActorKind, Deal, NewMove, before_move, is_back, judge_move
from pbx_crm.domain.errors import Refused
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone_code import (
    LAST_CALL_LASTS,
    TASKS,
    CodeAct,
    CodeAnswer,
    PhoneCode,
    codes_of,
    wish_of,
)
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import NewTask, PutOff, put_off
from pbx_crm.services import gates
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

BY_CODE = N_("Dialled on the phone.")


@dataclass(frozen=True, slots=True)
class _Dialled:
    pbx: str
    extension: str
    digit: str
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class _Done:
    answer: CodeAnswer
    deal: Deal | None = None
    """The card as it was before."""
    to_stage_id: int | None = None


class PhoneCodes:
    """What is dialled is one transaction; afterwards the browsers it concerns are told."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock, time_zone: str) -> None:
        self._database = database
        self._live = live
        self._clock = clock
        self._zone = ZoneInfo(time_zone)

    async def dial(self, pbx: str, extension: str, digit: str) -> CodeAnswer:
        """Does to the card of this extension's last call what the digit means in the card's funnel.

        Whoever has the extension now does it, with their own rights. Dialled twice it is done once.
        """
        dialled = _Dialled(pbx, extension, digit, self._clock(), self._zone)
        done = await self._database.write(_carry_out, dialled)
        if done.deal is not None:
            stages = {f"stage-{stage}" for stage in (done.deal.stage_id, done.to_stage_id) if stage}
            self._live.tell({*stages, f"deal-{done.deal.id}", "tasks"}, {done.deal.owner_id})
        return done.answer

    async def of_funnel(self, funnel_id: int) -> tuple[Funnel, tuple[PhoneCode, ...]]:
        """A funnel and its ten codes as they work now; NotFound."""
        return await self._database.read(_of_funnel, funnel_id)

    async def change(self, actor: Person, funnel_id: int, codes: tuple[PhoneCode, ...]) -> None:
        """These are the funnel's codes from now on."""
        await self._database.write(_change, actor, funnel_id, codes, self._clock())


def _of_funnel(tx: Transaction, funnel_id: int) -> tuple[Funnel, tuple[PhoneCode, ...]]:
    funnel = funnels.load(tx, funnel_id)
    return funnel, codes_of(funnel, phone_codes.of_funnel(tx, funnel_id))


def _change(
    tx: Transaction, actor: Person, funnel_id: int, codes: tuple[PhoneCode, ...], now: datetime
) -> None:
    funnels.load(tx, funnel_id)
    phone_codes.put(tx, funnel_id, codes)
    details = {code.digit: code.choice for code in codes if code.act is not CodeAct.NONE}
    audit.note(tx, now, actor.id, "phone_codes.change", str(funnel_id), details=details)


def _carry_out(tx: Transaction, dialled: _Dialled) -> _Done:
    person_id = extensions.extension_owner(tx, dialled.pbx, dialled.extension, dialled.now)
    viewer = people.get(tx, person_id) if person_id is not None else None
    if viewer is None or not viewer.is_active:
        return _Done(CodeAnswer.NO_CARD)
    call = phone_codes.last_call(tx, viewer.id, dialled.now - LAST_CALL_LASTS)
    if call is None:
        return _Done(CodeAnswer.NO_CARD)
    try:
        deal = deals.lock(tx, call.deal_id, viewer.scope)
        funnel, codes = _of_funnel(tx, deal.funnel_id)
        code = next((code for code in codes if code.digit == dialled.digit), PhoneCode(""))
        if code.act is CodeAct.NONE:
            return _Done(CodeAnswer.NO_CODE)
        return _do(tx, dialled, viewer, _Card(deal, funnel, call), code)
    except Refused:
        # Another seller's card, a retired funnel, a gate: the phone can say no more than no.
        return _Done(CodeAnswer.NO_CARD)


@dataclass(frozen=True, slots=True)
class _Card:
    deal: Deal
    funnel: Funnel
    call: LastCall


def _do(tx: Transaction, dialled: _Dialled, viewer: Person, card: _Card, code: PhoneCode) -> _Done:
    deal = card.deal
    if code.act in TASKS:
        tasks.add(tx, _task(dialled, card, code))
        deals.touch(tx, deal.id, dialled.now)
        return _Done(CodeAnswer.DONE, deal)
    wish = wish_of(code, deal, card.funnel, BY_CODE)
    if wish is None:
        return _Done(CodeAnswer.NO_CARD)
    target = judge_move(deal, card.funnel, wish)
    if target.id != deal.stage_id:
        passage = gates.require(tx, deal, card.funnel, target, dialled.now, amount=wish.amount)
        move = NewMove(
            target,
            dialled.now,
            Actor(ActorKind.PHONE_CODE, viewer.id),
            reason=wish.reason if is_back(card.funnel, deal.stage_id, target) else "",
            evidence={
                "before": before_move(deal),
                **{"call_id": card.call.call_id, "digit": dialled.digit},
                **passage,
            },
            amount=wish.amount,
            loss_reason_id=wish.loss_reason_id,
        )
        deals.set_stage(tx, deal, move)
    return _Done(CodeAnswer.DONE, deal, target.id)


def _task(dialled: _Dialled, card: _Card, code: PhoneCode) -> NewTask:
    return NewTask(
        TASKS[code.act],
        card.deal.owner_id,
        put_off(dialled.now, PutOff.TOMORROW, dialled.now, dialled.zone),
        dialled.now,
        deal_id=card.deal.id,
        contact_id=card.call.contact_id,
        call_id=card.call.call_id,
        # A code dialled again for the same call promises nothing more.
        cause=f"phone_code:{card.call.call_id}:{code.act}",
    )
