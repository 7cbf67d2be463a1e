"""Triggers within the intake: what calls that ended do to their cards, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from pbx_crm.db import deals, triggers
from pbx_crm.db.engine import Transaction
from pbx_crm.db.triggers import DealCall
from pbx_crm.domain.call import Call, Direction
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.person import THE_PROGRAM
from pbx_crm.domain.trigger import Act, CallFact, Standing, Trigger, acts_of, may_act
from pbx_crm.services.intake_desk import CallFile, DealFile, Desk
from pbx_crm.services.trigger_acts import Occasion, carry_out


def act_on_calls(tx: Transaction, desk: Desk) -> None:
    """Lets the rules act on every call of which it is now known how it ended; each call is asked once.

    Three statements whatever the batch, and more only for cards that a rule does something to.
    """
    ended = sorted((file for file in desk.heard if _has_ended(file)), key=_order)
    rules = triggers.in_force(tx) if ended else []
    ended = [file for file in ended if _may_concern(file, rules)]
    if not ended:
        return
    deal_ids = {_deal(file).stored_id for file in ended}
    history, cards = triggers.calls_of(tx, deal_ids), deals.get_all(tx, deal_ids, THE_PROGRAM)
    for file in ended:
        deal_id = _deal(file).stored_id
        fact = _fact(file, history[deal_id], _talker(desk, file.heard_call))
        if _acts(desk, rules, fact, cards[deal_id]):
            # What was read a moment ago may have been changed by a person: only the locked card counts.
            locked = deals.lock(tx, deal_id, THE_PROGRAM)
            for act in _acts(desk, rules, fact, locked):
                _carry_out(tx, desk, file, act)
            cards[deal_id] = deals.get(tx, deal_id, THE_PROGRAM)


def _may_concern(file: CallFile, rules: Sequence[Trigger]) -> bool:
    if file.deal is None:
        return False
    fact = _fact(file, (), None)
    return any(rule.funnel_id == file.deal.funnel_id and may_act(rule, fact) for rule in rules)


def _acts(desk: Desk, rules: Sequence[Trigger], fact: CallFact, deal: Deal) -> list[Act]:
    funnel = next((one for one in desk.funnels if one.id == deal.funnel_id), None)
    if funnel is None:
        return []
    standing = Standing(deal.stage_id, deal.owner_id, deal.priority, deal.is_open)
    return acts_of(rules, fact, standing, funnel)


def _has_ended(file: CallFile) -> bool:
    call = file.call
    if call is None or call.is_open or call.outcome is None or call.direction is Direction.INTERNAL:
        return False
    # How it ended may be found out later than that it did; from then on it does not change.
    return file.merged_into is None and (file.row is None or file.row["outcome"] is None)


def _order(file: CallFile) -> tuple[datetime, str]:
    return file.heard_call.ended_at or file.heard_call.started_at, file.linkedid


def _fact(file: CallFile, history: Sequence[DealCall], talker_id: int | None) -> CallFact:
    call = file.heard_call
    own = next((number for number, known in enumerate(history) if known.call_id == file.id), len(history))
    if call.outcome is None:
        raise LookupError("how this call ended is not known")
    return CallFact(
        call.direction,
        call.outcome,
        call.talk_seconds,
        file.line.id,
        file.is_birthplace,
        talker_id,
        tuple(known.past for known in history[:own]),
    )


def _talker(desk: Desk, call: Call) -> int | None:
    if call.direction is Direction.OUT:
        return desk.owners.owner_at(call.seller, call.started_at)
    return desk.owners.owner_at(call.answered_by, call.answered_at or call.started_at)


def _carry_out(tx: Transaction, desk: Desk, file: CallFile, act: Act) -> None:
    at, deal = _order(file)[0], _deal(file)
    due = partial(desk.due, file.line, at)
    carried = carry_out(tx, Occasion(deal.stored_id, file.stored_id, file.key, at, due), act)
    if carried.left_stage_id is not None and act.to_stage is not None:
        deal.left.add(carried.left_stage_id)
        deal.stage = act.to_stage.id
    if carried.owner_id is not None:
        deal.owner_id = carried.owner_id


def _deal(file: CallFile) -> DealFile:
    if file.deal is None:
        raise LookupError("this call has no card")
    return file.deal
