"""What follows from what became of a voice message: the card's history, the ban, a task, triggers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pbx_crm.db import audit, calendars, callers, contact_edits, deals, funnels, tasks, triggers, voice_calls
from pbx_crm.db.engine import Transaction
from pbx_crm.db.voice_calls import VoiceCall
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.person import THE_PROGRAM
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.domain.trigger import CallFact, Standing, acts_of
from pbx_crm.domain.voice_call import VoiceResult, Why
from pbx_crm.services.trigger_acts import Occasion, carry_out

KIND = "voice"
TALK_WITHIN = timedelta(hours=1)
"""How soon, in working time, somebody calls a client who asked for it."""
PRESSED = frozenset({VoiceResult.CONFIRMED, VoiceResult.DECLINED, VoiceResult.OPTED_OUT})
OUTCOMES = {
    VoiceResult.NO_ANSWER: Outcome.NO_ANSWER,
    VoiceResult.BUSY: Outcome.BUSY,
    VoiceResult.FAILED: Outcome.FAILED,
    VoiceResult.UNKNOWN: Outcome.FAILED,
    VoiceResult.NOT_CALLED: Outcome.FAILED,
}
"""How such a call ended, for rules that ask that too; with the other results it was answered."""


def leave(tx: Transaction, call_id: int | None, why: Why, now: datetime) -> Deal | None:
    """The card of a planned call that is not made, for this reason; None if it was not planned any more."""
    if call_id is None or not voice_calls.leave(tx, call_id, why, now):
        return None
    return _over(tx, voice_calls.get(tx, call_id), VoiceResult.NOT_CALLED, now)


def end(tx: Transaction, call: VoiceCall, result: VoiceResult, now: datetime) -> Deal | None:
    """The card of a call that is over, as it is afterwards; None if its result was known before."""
    if not voice_calls.end(tx, call, result, now):
        return None
    return _over(tx, call, result, now)


def _over(tx: Transaction, call: VoiceCall, result: VoiceResult, now: datetime) -> Deal:
    deal = deals.lock(tx, call.deal_id, THE_PROGRAM)
    if result is VoiceResult.OPTED_OUT:
        _ban(tx, call, now)
    else:
        _note(tx, call, result, now, _told(tx, call, result))
    if result in PRESSED:
        deals.touch(tx, deal.id, now)
    if result is VoiceResult.DECLINED:
        _ask_to_call(tx, call, deal, now)
    _let_rules_act(tx, call, deal, result, now)
    return deals.get(tx, call.deal_id, THE_PROGRAM)


def _told(tx: Transaction, call: VoiceCall, result: VoiceResult) -> Mapping[str, Any]:
    if result is not VoiceResult.NOT_CALLED:
        return {}
    why = voice_calls.get(tx, call.id).why_not
    return {"step": f"voice_{why}"}


def _ban(tx: Transaction, call: VoiceCall, now: datetime) -> None:
    """Whoever has the number that was called is not called any more, whosever card it is by now."""
    contact_id = next((found.contact_id for found in callers.by_numbers(tx, [call.number or ""])), None)
    is_new = contact_edits.ban(tx, contact_id)
    if is_new:
        audit.note(tx, now, None, "do not call: pressed 9", f"contact {contact_id}")
    # One who had asked before stays so: there is nothing to take back.
    more = {"contact": contact_id} | ({} if is_new else {"taken_back": True})
    _note(tx, call, VoiceResult.OPTED_OUT, now, more)


def _note(
    tx: Transaction, call: VoiceCall, result: VoiceResult, now: datetime, more: Mapping[str, Any]
) -> None:
    told = {"id": f"voice_{result}", "message": call.message, **more}
    deals.add_event_once(tx, call.deal_id, KIND, now, told, f"{_key(call)}:{result}")


def _key(call: VoiceCall) -> str:
    return f"{KIND}:{call.id}"


def _ask_to_call(tx: Transaction, call: VoiceCall, deal: Deal, now: datetime) -> None:
    hours = calendars.working_times(tx).of_line(deal.line_id)
    new = NewTask(
        TaskKind.CALL,
        deal.owner_id,
        hours.due(now, TALK_WITHIN),
        now,
        deal_id=deal.id,
        contact_id=deal.contact_id,
        cause=_key(call),
    )
    tasks.add(tx, new)


def _let_rules_act(tx: Transaction, call: VoiceCall, deal: Deal, result: VoiceResult, now: datetime) -> None:
    rules = [rule for rule in triggers.in_force(tx) if rule.voice_result is result]
    if not rules:
        return
    fact = CallFact(
        Direction.OUT,
        OUTCOMES.get(result, Outcome.ANSWERED),
        0.0,
        deal.line_id,
        made_the_card=False,
        talker_id=None,
        voice_result=result,
    )
    hours = calendars.working_times(tx).of_line(deal.line_id)
    occasion = Occasion(deal.id, None, _key(call), now, partial(hours.due, now))
    standing = Standing(deal.stage_id, deal.owner_id, deal.priority, deal.is_open)
    for act in acts_of(rules, fact, standing, funnels.load(tx, deal.funnel_id)):
        carry_out(tx, occasion, act)
