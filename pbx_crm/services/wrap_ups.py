"""Wrapping up a talk: the answer, the next step and a note in one transaction, and taking that back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any

from pbx_crm.db import (
    calendars,
    deal_notes,
    deals,
    funnels,
    popups,
    tasks,
    triggers,
    wrap_up_outcomes,
    wrap_ups,
)
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import THE_PROGRAM, Person
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import NewTask
from pbx_crm.domain.trigger import CallFact, Standing, acts_of
from pbx_crm.domain.wrap_up import NextStep, Said, WrappedUp, WrapUpOutcome, WrapUpWentOn, planned
from pbx_crm.services import deal_edits
from pbx_crm.services.clock import Clock
from pbx_crm.services.deals import check_texts
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.trigger_acts import Occasion, carry_out

LONGEST_NOTE = 5000


@dataclass(frozen=True, slots=True)
class _Touched:
    """Whom and what to tell."""

    deal_id: int
    stage_ids: frozenset[int]
    people: frozenset[int]


class WrapUps:
    """A talk is wrapped up once by whoever talked last; every method is one transaction."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def finish(self, viewer: Person, call_id: int, said: Said, zone: tzinfo) -> None:
        """Writes the answer down, sets the step and lets the funnel's rules act on it.

        Days of a step are those of `zone`. NotFound for a talk that was not this person's last, WrappedUp.
        """
        if len(said.note) > LONGEST_NOTE:
            raise BadInput(reasons={"text": N_("A note is 1 to 5000 characters.")})
        check_texts("", "", said.client_name, Decimal(0))
        self._tell(viewer, await self._database.write(_finish, viewer, call_id, said, self._clock(), zone))

    async def take_back(self, viewer: Person, call_id: int) -> None:
        """The talk waits again and its step is gone; what a rule did is taken back in the history."""
        self._tell(viewer, await self._database.write(_take_back, viewer, call_id, self._clock()))

    def _tell(self, viewer: Person, touched: _Touched) -> None:
        topics = {"tasks", f"deal-{touched.deal_id}", *(f"stage-{stage}" for stage in touched.stage_ids)}
        self._live.tell(topics, touched.people | {viewer.id})
        self._live.tell({"call"}, {viewer.id})


def _finish(
    tx: Transaction, viewer: Person, call_id: int, said: Said, now: datetime, zone: tzinfo
) -> _Touched:
    call = wrap_ups.waits(tx, call_id, viewer.id, viewer.scope, now)
    outcome = _outcome(tx, call["funnel_id"], said.outcome_id)
    deal = deals.lock(tx, call["deal_id"], viewer.scope)
    if not wrap_ups.finish(tx, call, viewer.id, said, now):
        raise WrappedUp(call_id=call_id)
    popups.close(tx, call_id, viewer.id, now)
    if said.client_name:
        deal_edits.name_client(tx, viewer, deal.id, said.client_name, now)
    if said.note:
        deal_notes.add(tx, deal.id, viewer.id, said.note, now)
    if outcome is not None:
        _note(tx, deal, viewer, now, {"id": "wrap_up", "outcome": outcome.name, "call": call_id})
        _set_step(tx, deal, viewer, call_id, said.step, now, zone)
        _act(tx, call, deal, viewer, outcome, now)
    # A rule may have given the card to a colleague, where the viewer sees it no more.
    return _touched(deal, deals.get(tx, deal.id, THE_PROGRAM))


def _touched(deal: Deal, after: Deal) -> _Touched:
    stages = frozenset({deal.stage_id, after.stage_id})
    return _Touched(deal.id, stages, frozenset({deal.owner_id, after.owner_id}))


def _outcome(tx: Transaction, funnel_id: int, outcome_id: int | None) -> WrapUpOutcome | None:
    if outcome_id is None:
        return None
    offered = wrap_up_outcomes.of_funnel(tx, funnel_id)
    found = next((one for one in offered if one.id == outcome_id), None)
    if found is None:
        raise BadInput(reasons={"outcome": N_("Choose an answer of this funnel.")})
    return found


def _note(tx: Transaction, deal: Deal, viewer: Person, now: datetime, told: Mapping[str, Any]) -> None:
    deals.add_event(tx, deal.id, "wrap_up", now, viewer.id, told)
    deals.touch(tx, deal.id, now)


def _cause(call_id: int, person_id: int) -> str:
    return f"wrap_up:{call_id}:{person_id}"


def _set_step(
    tx: Transaction, deal: Deal, viewer: Person, call_id: int, step: NextStep, now: datetime, zone: tzinfo
) -> None:
    plan = planned(step, now, zone)
    if plan is None:
        return
    kind, due_at = plan
    new = NewTask(
        kind,
        deal.owner_id,
        due_at,
        now,
        deal_id=deal.id,
        contact_id=deal.contact_id,
        call_id=call_id,
        cause=_cause(call_id, viewer.id),
    )
    tasks.add(tx, new)


def _act(
    tx: Transaction,
    call: Mapping[str, Any],
    deal: Deal,
    viewer: Person,
    outcome: WrapUpOutcome,
    now: datetime,
) -> None:
    rules = [rule for rule in triggers.in_force(tx) if rule.wrap_up_id == outcome.id]
    if not rules:
        return
    history = triggers.calls_of(tx, [deal.id])[deal.id]
    # How the call ended may not be known yet: then only what was said counts, and rules wait for no fact.
    own = next((number for number, known in enumerate(history) if known.call_id == call["id"]), None)
    if own is None:
        return
    past = history[own].past
    fact = CallFact(
        past.direction,
        Outcome(call["outcome"]),
        past.talk_seconds,
        call["line_id"],
        made_the_card=False,
        talker_id=viewer.id,
        before=tuple(known.past for known in history[:own]),
        wrap_up_id=outcome.id,
    )
    hours = calendars.working_times(tx).of_line(call["line_id"])
    occasion = Occasion(
        deal.id, call["id"], f"{call['pbx']}/{call['linkedid']}", now, partial(hours.due, now)
    )
    standing = Standing(deal.stage_id, deal.owner_id, deal.priority, deal.is_open)
    for act in acts_of(rules, fact, standing, funnels.load(tx, deal.funnel_id)):
        carry_out(tx, occasion, act)


def _take_back(tx: Transaction, viewer: Person, call_id: int, now: datetime) -> _Touched:
    call = wrap_ups.waits(tx, call_id, viewer.id, viewer.scope, now)
    deal = deals.lock(tx, call["deal_id"], viewer.scope)
    if not wrap_ups.take_back(tx, call_id, viewer.id):
        raise WrapUpWentOn(call_id=call_id)
    tasks.drop_caused(tx, _cause(call_id, viewer.id))
    popups.open_again(tx, call_id, viewer.id)
    _note(tx, deal, viewer, now, {"id": "wrap_up_undone", "call": call_id})
    return _touched(deal, deal)
