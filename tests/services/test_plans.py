"""Plans of real sellers against their calls, meetings and deals; and what the past says a contract takes."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from pbx_crm.db import tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import audit
from pbx_crm.db.tables import plans as rows
from pbx_crm.db.tables import tasks as meetings
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.errors import NotAllowed, NotFound
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.plan import Metric, PlanReport
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.planner import PlannerReport
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.plans import Plans
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.turned_clock import TurnedClock

HERE = Installation(region="DE", language="en", time_zone="Europe/Berlin", currency="EUR", pbxes=("main",))
NOVEMBER = PlanPeriod(date(2026, 11, 1))
WHENEVER = ReportFilter(Span(NOW, NOW))
LOST, WON = 5, 4


class House:
    """Two sellers and a head with a funnel in euros."""

    def __init__(self, database: Database) -> None:
        self.database, self.clock = database, TurnedClock()
        self.plans = Plans(Ground(database, LiveFeed(), self.clock, HERE, {}))
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.anna, self.boris = builders.person(tx, "Anna"), builders.person(tx, "Boris")
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            self.funnel = builders.funnel(tx)

    async def plan(
        self, person: Person, metric: Metric, target: int | None, month: PlanPeriod = NOVEMBER
    ) -> None:
        """The head plans this."""
        wanted = {(person.id, metric): None if target is None else Decimal(target)}
        await self.plans.save(self.olga, month, wanted)

    async def told(self, viewer: Person, month: PlanPeriod = NOVEMBER) -> PlanReport:
        """The month as this person sees it."""
        return await self.plans.report(viewer.scope, month)

    async def reckoned(self, viewer: Person, contracts: int | None, **slices: Any) -> PlannerReport:
        """What so many contracts take."""
        wanted = ReportFilter(WHENEVER.span, **slices)
        found = await self.plans.planner(viewer.scope, wanted, NOVEMBER, contracts)
        assert found is not None
        return found


@pytest.fixture
def house(database: Database) -> House:
    """The house on both databases."""
    return House(database)


def a_busy_month(tx: Transaction, house: House) -> None:
    """Anna talked twice, tried once, held a meeting, won twice, once in dollars; Boris won in October."""
    anna = house.anna
    for minute in (1, 2):
        CallRows(tx, NOW - timedelta(minutes=9 * minute)).ring(anna).answer(anna).end(60, Outcome.ANSWERED)
    CallRows(tx, NOW - timedelta(minutes=40), Direction.OUT).dial(anna).end(9, Outcome.NO_ANSWER)
    meeting_id = tasks.add(tx, NewTask(TaskKind.MEETING, anna.id, NOW, NOW))
    tx.execute(update(meetings).where(meetings.c.id == meeting_id).values(done_at=NOW - timedelta(days=1)))
    for amount, currency in ((1500, "EUR"), (99, "USD")):
        builders.deal(tx, house.funnel, anna, stage=WON, amount=amount, currency=currency)
    builders.deal(tx, house.funnel, house.boris, stage=WON, amount=7, at=NOW - timedelta(days=30))


def fact(report: PlanReport, name: str, metric: Metric) -> Decimal:
    """A figure of a row."""
    (row,) = [row for row in report.rows if row.name == name]
    return row.cells[metric].fact


async def test_facts_are_those_of_the_other_reports(house: House) -> None:
    await house.database.write(a_busy_month, house)
    found = await house.told(house.olga)
    assert [fact(found, "Anna", metric) for metric in Metric] == [2, 1, 2, 1500]
    assert [fact(found, "Boris", metric) for metric in Metric] == [0, 0, 0, 0]
    october = await house.told(house.olga, NOVEMBER.before)
    assert [fact(october, "Boris", metric) for metric in Metric] == [0, 0, 1, 7]


async def test_a_head_plans_and_a_seller_sees_their_own(house: House) -> None:
    await house.plan(house.anna, Metric.DEALS, 10)
    await house.plan(house.boris, Metric.SUM, 5000)
    whole = await house.told(house.olga)
    assert whole.total is not None
    assert whole.total.cells[Metric.DEALS].target == Decimal(10)
    own = await house.told(house.anna)
    assert [row.name for row in own.rows] == ["Anna"]
    assert own.total is None
    assert own.rows[0].cells[Metric.SUM].target is None


async def test_a_plan_is_of_its_month_and_can_be_changed_and_taken_away(house: House) -> None:
    await house.plan(house.anna, Metric.CALLS, 10)
    await house.plan(house.anna, Metric.CALLS, 12)
    assert (await house.told(house.anna)).rows[0].cells[Metric.CALLS].target == Decimal(12)
    assert (await house.told(house.anna, NOVEMBER.next)).rows[0].cells[Metric.CALLS].target is None
    await house.plan(house.anna, Metric.CALLS, None)
    assert await house.database.read(lambda tx: tx.execute(select(rows)).all()) == []
    acts = await house.database.read(lambda tx: tx.execute(select(audit.c.act)).scalars().all())
    assert list(acts) == ["plans_changed"] * 3


@pytest.mark.parametrize("kind", PeriodKind)
async def test_each_length_is_planned_by_itself(house: House, kind: PeriodKind) -> None:
    await house.database.write(a_busy_month, house)
    period = PlanPeriod.at(kind, NOW.date())
    await house.plan(house.anna, Metric.CALLS, 5, period)
    for other in PeriodKind:
        found = await house.told(house.anna, PlanPeriod.at(other, NOW.date()))
        assert found.rows[0].cells[Metric.CALLS].target == (Decimal(5) if other is kind else None)
        assert found.rows[0].cells[Metric.CALLS].fact == Decimal(2)
        assert found.table().records()[0]["period"] == PlanPeriod.at(other, NOW.date()).key


async def test_a_quarter_holds_what_its_months_won(house: House) -> None:
    await house.database.write(a_busy_month, house)
    whole = await house.told(house.olga, PlanPeriod.at(PeriodKind.QUARTER, NOW.date()))
    months = [await house.told(house.olga, month) for month in (NOVEMBER.before, NOVEMBER, NOVEMBER.next)]
    for name in ("Anna", "Boris"):
        for metric in Metric:
            assert fact(whole, name, metric) == sum(fact(month, name, metric) for month in months)


async def test_a_seller_plans_nothing_and_nobody_plans_for_who_does_not_sell(house: House) -> None:
    with pytest.raises(NotAllowed):
        await house.plans.save(house.anna, NOVEMBER, {(house.anna.id, Metric.CALLS): Decimal(1)})
    for person_id in (house.olga.id, 999):
        with pytest.raises(NotFound):
            await house.plans.save(house.olga, NOVEMBER, {(person_id, Metric.CALLS): Decimal(1)})


def a_year(tx: Transaction, house: House) -> None:
    """A deal of Anna's every three days, decided a day later, half of them won; two talks on each."""
    for number in range(100):
        made = NOW - timedelta(days=3 * (100 - number), hours=3)
        deal_id = builders.deal(tx, house.funnel, house.anna, stage=1, at=made, amount=10, source="site")
        for hour in (1, 2):
            call = CallRows(tx, made + timedelta(hours=hour), deal_id=deal_id)
            call.ring(house.anna).answer(house.anna).end(60, Outcome.ANSWERED)
        stage = house.funnel.stages[WON if number % 2 else LOST]
        builders.move(tx, deal_id, stage, made + timedelta(days=1))


async def test_ten_contracts_take_twenty_clients_and_forty_answered_calls(house: House) -> None:
    await house.database.write(a_year, house)
    found = await house.reckoned(house.olga, 10)
    assert found.need is not None
    assert found.need.clients(10).about == pytest.approx(20, abs=1)
    assert found.need.talks(10).about == pytest.approx(40, abs=2)
    # Since the first of November six deals were made, on every third day, and four were won.
    assert (found.have.clients, found.have.talks, found.have.contracts) == (6, 12, 4)
    assert found.days_left > 0


async def test_the_kind_of_contract_is_what_the_slices_say(house: House) -> None:
    await house.database.write(a_year, house)
    assert (await house.reckoned(house.olga, 5, source="fair")).need is None
    assert (await house.reckoned(house.olga, 5, person_id=house.boris.id)).have.clients == 0
    assert (await house.reckoned(house.boris, 5)).have.talks == 0
    own = await house.reckoned(house.anna, 5)
    assert own.need == (await house.reckoned(house.olga, 5)).need


async def test_without_a_number_the_planned_deals_are_meant(house: House) -> None:
    await house.plan(house.anna, Metric.DEALS, 6)
    await house.plan(house.boris, Metric.DEALS, 3)
    await house.plan(house.boris, Metric.CALLS, 300)
    assert (await house.reckoned(house.olga, None)).contracts == 9
    assert (await house.reckoned(house.olga, None, person_id=house.boris.id)).contracts == 3
    assert (await house.reckoned(house.anna, None)).contracts == 6
    assert (await house.reckoned(house.olga, 2)).contracts == 2


class Decided:
    """A history made up at random, and what of it counts in which month, noted down as it is made up."""

    def __init__(self, house: House, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        self.facts: Counter[tuple[str, str, Metric]] = Counter()

    def happen(self, tx: Transaction) -> None:
        """Sixty things, each with a seller at a moment of the months around the change of the clocks."""
        for _ in range(60):
            person = self.chance.choice([self.house.anna, self.house.boris])
            at = NOW - timedelta(minutes=self.chance.randrange(80 * 24 * 60))
            self.chance.choice([self._talk, self._try, self._meet, self._win])(tx, person, at)

    def _note(self, person: Person, at: datetime, metric: Metric, amount: int = 1) -> None:
        month = at.astimezone(ZoneInfo(HERE.time_zone)).strftime("%Y-%m")
        self.facts[person.name, month, metric] += amount

    def _talk(self, tx: Transaction, person: Person, at: datetime) -> None:
        if self.chance.random() < 0.5:
            CallRows(tx, at).ring(person).answer(person).end(60, Outcome.ANSWERED)
        else:
            CallRows(tx, at, Direction.OUT).dial(person).answer(person).end(60, Outcome.ANSWERED)
        self._note(person, at, Metric.CALLS)

    def _try(self, tx: Transaction, person: Person, at: datetime) -> None:
        CallRows(tx, at, Direction.OUT).dial(person).end(9, Outcome.NO_ANSWER)

    def _meet(self, tx: Transaction, person: Person, at: datetime) -> None:
        task_id = tasks.add(tx, NewTask(TaskKind.MEETING, person.id, at, at))
        tx.execute(update(meetings).where(meetings.c.id == task_id).values(done_at=at))
        self._note(person, at, Metric.MEETINGS)

    def _win(self, tx: Transaction, person: Person, at: datetime) -> None:
        amount, currency = self.chance.randrange(1, 900), self.chance.choice(["EUR", "USD"])
        builders.deal(tx, self.house.funnel, person, stage=WON, amount=amount, currency=currency, at=at)
        self._note(person, at, Metric.DEALS)
        self._note(person, at, Metric.SUM, amount if currency == "EUR" else 0)


@pytest.mark.parametrize("seed", range(3))
async def test_every_fact_is_what_was_decided_whichever_month_it_lies_in(house: House, seed: int) -> None:
    decided = Decided(house, seed)
    await house.database.write(decided.happen)
    for key in ("2026-09", "2026-10", "2026-11"):
        found = await house.told(house.olga, PlanPeriod.of(key, NOW.date()))
        for name in ("Anna", "Boris"):
            told = [fact(found, name, metric) for metric in Metric]
            assert told == [decided.facts[name, key, metric] for metric in Metric], (name, key)
        assert found.total is not None
        for metric in Metric:
            assert found.total.cells[metric].fact == sum(
                fact(found, name, metric) for name in ("Anna", "Boris")
            )
