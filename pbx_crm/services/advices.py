"""Advice as its readers handle it: shown on the card and in Today, followed, put off or dismissed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pbx_crm.db import advices, calendars, deals, todays
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.advice import Advice, Hint, later
from pbx_crm.domain.deal import Deal, Priority
from pbx_crm.domain.person import Person, Reach
from pbx_crm.domain.today import Section
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

Step = Callable[[Transaction, Person, Advice, datetime], None]


class Advices:
    """What one reader does with it holds for everybody who reads it."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def of_deal(self, viewer: Person, deal_id: int) -> list[Advice]:
        """The advice on a card; NotFound outside the viewer's scope."""
        return await self._database.read(_of_deal, viewer, deal_id, self._clock())

    async def hints(self, viewer: Person, of_person: int | None) -> Section[Hint]:
        """The advice of this person's cards, or of everybody's (None) for a head; a seller's own always."""
        return await self._database.read(_hints, viewer, of_person, self._clock())

    async def put_off(self, viewer: Person, advice_id: int) -> None:
        """Shown again a day on, when somebody is there; NotFound."""
        await self._step(viewer, advice_id, _put_off)

    async def lower(self, viewer: Person, advice_id: int) -> None:
        """The card's priority is low, and the advice followed; NotFound."""
        await self._step(viewer, advice_id, _lower)

    async def dismiss(self, viewer: Person, advice_id: int) -> None:
        """The advice is gone; NotFound."""
        await self._step(viewer, advice_id, _dismiss)

    async def _step(self, viewer: Person, advice_id: int, step: Step) -> None:
        deal = await self._database.write(_do, viewer, advice_id, step, self._clock())
        self._live.tell({f"deal-{deal.id}", f"stage-{deal.stage_id}", "tasks"}, {deal.owner_id})


def _of_deal(tx: Transaction, viewer: Person, deal_id: int, now: datetime) -> list[Advice]:
    deals.get(tx, deal_id, viewer.scope)
    return advices.of_deal(tx, deal_id, viewer.scope, now)


def _hints(tx: Transaction, viewer: Person, of_person: int | None, now: datetime) -> Section[Hint]:
    whose = of_person if viewer.scope.reach is Reach.ALL else viewer.id
    return todays.hints(tx, viewer.scope, whose, now, heads_too=whose in (None, viewer.id))


def _do(tx: Transaction, viewer: Person, advice_id: int, step: Step, now: datetime) -> Deal:
    advice = advices.lock(tx, advice_id, viewer.scope)
    step(tx, viewer, advice, now)
    return deals.get(tx, advice.deal_id, viewer.scope)


def _put_off(tx: Transaction, _viewer: Person, advice: Advice, now: datetime) -> None:
    advices.hide(tx, advice.id, later(now, calendars.working_times(tx).house))


def _lower(tx: Transaction, viewer: Person, advice: Advice, now: datetime) -> None:
    deal = deals.lock(tx, advice.deal_id, viewer.scope)
    if deal.priority is not Priority.LOW:
        deals.set_fields(tx, deal, {"priority": Priority.LOW}, now)
    advices.put_away(tx, advice.id)


def _dismiss(tx: Transaction, _viewer: Person, advice: Advice, _now: datetime) -> None:
    advices.put_away(tx, advice.id)
