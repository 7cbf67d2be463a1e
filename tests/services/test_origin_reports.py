"""Sources, lines, cold calls and deals now over random histories, against what reading every row gives."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from pbx_crm.db import lines
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, deals, tasks
from pbx_crm.db.tables import lines as line_rows
from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.call_log import CallFilter, Figure
from pbx_crm.domain.call_report import Moment
from pbx_crm.domain.cold_report import ColdCounts, ColdReport
from pbx_crm.domain.deal_list import Rows
from pbx_crm.domain.errors import NotAllowed, NotFound
from pbx_crm.domain.origin_report import NO_LINE, Made, OriginKind, OriginReport
from pbx_crm.domain.person import Person
from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.stage_report import StageReport
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.origins import Origins
from pbx_crm.services.rollups import Rollups
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.services.test_call_report import WEEK, Office, invent_calls
from tests.services.test_funnel_reports import HERE
from tests.turned_clock import TurnedClock

DAYS = Days(NOW.date() - timedelta(days=6), NOW.date())
NOVEMBER = PlanPeriod(date(2026, 11, 1))
HERE_ZONE = ZoneInfo(HERE.time_zone)
SOURCES = ("", "site", "radio")
BY_KEY = (OriginKind.SOURCE, OriginKind.LINE)
"""Regions have histories of their own, in test_region_reports.py."""
SLICES: Sequence[dict[str, Any]] = (
    {},
    {"source": "site"},
    {"source": ""},
    {"line_id": NO_LINE},
    {"band": AmountBand.UNDER_10K},
)


class Firm(Office):
    """The office with a source on its first line, and with deals from everywhere."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        ground = Ground(database, LiveFeed(), TurnedClock(), HERE, {})
        self.origins = Origins(ground)
        self.rollups = Rollups(database)

    async def live(self, seed: int) -> None:
        """Some days of calls and deals."""
        await self.happens(lambda tx: self._fill(tx, seed))

    def _fill(self, tx: Transaction, seed: int) -> None:
        tx.execute(update(line_rows).where(line_rows.c.id == self.lines[0]).values(source="site"))
        invent_calls(tx, self, seed)
        chance = random.Random(seed)
        for number in range(30):
            builders.deal(
                tx,
                self.funnel,
                chance.choice([self.anna, self.boris]),
                stage=chance.randrange(6),
                amount=chance.choice([0, 500, 5_000, 20_000]),
                at=NOW - timedelta(hours=chance.randrange(200)),
                currency=chance.choice(["EUR", "EUR", "USD"]),
                source=chance.choice(SOURCES),
                line_id=chance.choice([None, *self.lines]),
                title=f"No. {number}",
            )

    async def by(self, kind: OriginKind, viewer: Person, **slices: Any) -> OriginReport:
        """The week by source or line, as this person sees it."""
        return await self.origins.report(viewer.scope, kind, ReportFilter(WEEK, **slices), DAYS)

    async def cold(self, viewer: Person, **slices: Any) -> ColdReport:
        """The week's cold calls and meetings."""
        return await self.reports.cold(viewer.scope, ReportFilter(WEEK, **slices))

    async def stages(self, viewer: Person, **slices: Any) -> StageReport:
        """The deals as they lie now."""
        found = await self.reports.stages(viewer.scope, ReportFilter(WEEK, **slices))
        assert found is not None
        return found

    async def rows(self, table: Any) -> Sequence[Any]:
        """Everything in the table."""
        return await self.database.read(lambda tx: tx.execute(select(table)).all())


@pytest.fixture
def firm(database: Database) -> Firm:
    """The company on both databases, before the first call."""
    return Firm(database)


def is_sliced_in(deal: Any, slices: dict[str, Any], owner: int | None) -> bool:
    """Whether the deal is one of the slice, said again in plain words."""
    if owner is not None and deal.owner_id != owner:
        return False
    if "source" in slices and deal.source != slices["source"]:
        return False
    if "line_id" in slices and (deal.line_id or NO_LINE) != slices["line_id"]:
        return False
    return "band" not in slices or 1000 <= deal.amount < 10_000


async def told_by_hand(firm: Firm, kind: OriginKind, slices: dict[str, Any], who: int | None) -> Any:
    """(key, what) → count, and (key, currency) → won for, from every row."""
    sources = {line.id: line.source for line in await firm.rows(line_rows)}
    kinds = {stage.id: stage.kind.value for stage in firm.funnel.stages}
    told: Counter[tuple[str, str]] = Counter()
    for call in await firm.rows(calls):
        source = sources.get(call.line_id, "")
        inside = WEEK.since <= call.started_at < WEEK.until and call.direction == Direction.IN
        inside = inside and ("source" not in slices or source == slices["source"])
        inside = inside and ("line_id" not in slices or (call.line_id or 0) == slices["line_id"])
        if inside:
            key = source if kind is OriginKind.SOURCE else str(call.line_id or 0)
            told[key, "incoming"] += 1
            told[key, "answered"] += call.answered_at is not None
            told[key, "missed"] += call.answered_at is None and call.ended_at is not None
    money: Counter[tuple[str, str]] = Counter()
    for deal in await firm.rows(deals):
        if WEEK.since <= deal.created_at < WEEK.until and is_sliced_in(deal, slices, who):
            key = deal.source if kind is OriginKind.SOURCE else str(deal.line_id or 0)
            what = kinds[deal.stage_id] if kinds[deal.stage_id] in ("won", "lost") else "open"
            told[key, what] += 1
            if what == "won":
                money[key, deal.currency] += deal.amount
    return +told, {key: amount for key, amount in money.items() if amount}


def as_told(found: OriginReport, names: Sequence[str]) -> Counter[tuple[str, str]]:
    """The report in the same form."""
    told: Counter[tuple[str, str]] = Counter()
    for row in found.rows:
        assert row.origin is not None
        for name in names:
            part = row.calls if name in ("incoming", "answered", "missed") else row.deals
            told[row.origin.key, name] += getattr(part, name)
    return +told


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", BY_KEY)
async def test_every_row_is_what_counting_by_hand_gives(firm: Firm, kind: OriginKind, seed: int) -> None:
    await firm.live(seed)
    names = ("incoming", "answered", "missed", "open", "lost", "won")
    for slices in SLICES:
        found = await firm.by(kind, firm.olga, **slices)
        told, money = await told_by_hand(firm, kind, slices, None)
        assert as_told(found, names) == told, slices
        assert {
            (row.origin.key, currency): amount
            for row in found.rows
            if row.origin
            for currency, amount in row.deals.amounts
        } == money
        for name in names:
            part = "calls" if name in ("incoming", "answered", "missed") else "deals"
            total = getattr(getattr(found.total, part), name) or 0
            assert total == sum(getattr(getattr(row, part), name) or 0 for row in found.rows)


async def test_the_kept_sums_tell_the_same_before_and_after_they_are_built(firm: Firm) -> None:
    await firm.live(4)
    counted = [(await firm.by(kind, firm.olga)).table() for kind in BY_KEY]
    cold = await firm.cold(firm.olga)
    async for _ in firm.rollups.rebuild("UTC"):
        pass
    assert [(await firm.by(kind, firm.olga)).table() for kind in BY_KEY] == counted
    assert await firm.cold(firm.olga) == cold


@pytest.mark.parametrize("kind", BY_KEY)
async def test_every_figure_opens_exactly_the_calls_and_deals_it_counted(
    firm: Firm, kind: OriginKind
) -> None:
    await firm.live(5)
    for viewer in (firm.olga, firm.anna):
        for row in (await firm.by(kind, viewer)).rows:
            assert row.origin is not None
            narrowed: dict[str, Any] = (
                {"source": row.origin.key} if kind is OriginKind.SOURCE else {"line_id": int(row.origin.key)}
            )
            for what in Made:
                wanted = ReportFilter(WEEK, **narrowed)
                page = await firm.reports.made(viewer.scope, wanted, what, Rows())
                assert len(page.lines) == page.count == row.deals.of(what), (row.origin, what)
            for figure, count in (
                (Figure.ANSWERED, row.calls.answered),
                (Figure.MISSED, row.calls.missed),
            ):
                asked = CallFilter(WEEK.since, WEEK.until, figure=figure, **narrowed)
                assert await firm.log.count(viewer, asked) == count, (row.origin, figure)


async def test_a_seller_sees_what_came_of_their_own_calls_and_deals(firm: Firm) -> None:
    await firm.live(6)
    for kind in BY_KEY:
        own = await firm.by(kind, firm.anna)
        assert own == await firm.by(kind, firm.anna, person_id=None)
        _, money = await told_by_hand(firm, kind, {}, firm.anna.id)
        assert sum(amount for _, amount in own.total.deals.amounts) == sum(money.values())
        assert own.total.calls.incoming is None
        foreign = await firm.by(kind, firm.anna, person_id=firm.boris.id)
        assert foreign.is_empty


async def test_a_line_that_is_dropped_leaves_its_calls_over_no_line(firm: Firm) -> None:
    await firm.live(7)
    async for _ in firm.rollups.rebuild("UTC"):
        pass
    before = await firm.by(OriginKind.LINE, firm.olga)
    await firm.database.write(lines.drop, firm.lines[0])
    after = await firm.by(OriginKind.LINE, firm.olga)
    assert after.total == before.total
    assert {row.origin.key for row in after.rows if row.origin} == {str(NO_LINE), str(firm.lines[1])}
    wrong = [step.wrong_rows async for step in firm.rollups.check()]
    assert len(wrong) > 3
    assert not any(wrong)


async def test_costs_stand_beside_all_clients_of_a_source_and_nowhere_else(firm: Firm) -> None:
    await firm.live(8)
    await firm.origins.save(firm.olga, NOVEMBER, {"site": Decimal(300), "radio": None})
    found = await firm.by(OriginKind.SOURCE, firm.olga)
    (site,) = [row for row in found.rows if row.origin and row.origin.key == "site"]
    # Seven of thirty days, the last of them today.
    assert site.cost == Decimal(70)
    assert found.total.cost == Decimal(70)
    assert site.cost_per_deal == Decimal(70) / site.deals.made
    for slices in ({"person_id": firm.anna.id}, {"line_id": firm.lines[0]}, {"funnel_id": firm.funnel.id}):
        assert (await firm.by(OriginKind.SOURCE, firm.olga, **slices)).total.cost is None
    assert (await firm.by(OriginKind.SOURCE, firm.anna)).total.cost is None
    assert (await firm.by(OriginKind.LINE, firm.olga)).total.cost is None


async def test_days_to_come_cost_nothing_yet(firm: Firm) -> None:
    await firm.live(8)
    await firm.origins.save(firm.olga, NOVEMBER, {"site": Decimal(300)})
    scope, wanted = firm.olga.scope, ReportFilter(NOVEMBER.days.span(HERE_ZONE))
    whole = await firm.origins.report(scope, OriginKind.SOURCE, wanted, NOVEMBER.days)
    assert whole.total.cost == Decimal(210)


async def test_only_a_head_enters_costs_and_only_of_sources_there_are(firm: Firm) -> None:
    await firm.live(8)
    with pytest.raises(NotAllowed):
        await firm.origins.save(firm.anna, NOVEMBER, {"site": Decimal(1)})
    with pytest.raises(NotAllowed):
        await firm.origins.costs(firm.anna, NOVEMBER)
    with pytest.raises(NotFound):
        await firm.origins.save(firm.olga, NOVEMBER, {"nowhere": Decimal(1)})
    assert await firm.origins.costs(firm.olga, NOVEMBER) == {"radio": None, "site": None}


async def cold_by_hand(firm: Firm, person_id: int | None) -> ColdCounts:
    """Cold calls and meetings of a person from every row; None stands for phones that are nobody's."""
    every = await firm.rows(calls)
    mine = [
        call
        for call in every
        if WEEK.since <= call.started_at < WEEK.until
        and call.direction == Direction.OUT
        and call.seller_id == person_id
        and call.e164 is not None
        and not any(
            other.e164 == call.e164 and other.answered_at and other.answered_at < call.started_at
            for other in every
        )
    ]
    held = [task for task in await firm.rows(tasks) if task.kind == "meeting" and task.owner_id == person_id]
    return ColdCounts(
        len(mine),
        sum(call.answered_at is not None for call in mine),
        sum(WEEK.since <= task.created_at < WEEK.until for task in held),
        sum(task.done_at is not None and WEEK.since <= task.done_at < WEEK.until for task in held),
    )


@pytest.mark.parametrize("seed", range(3))
async def test_cold_calls_and_meetings_are_what_counting_by_hand_gives(firm: Firm, seed: int) -> None:
    await firm.live(seed + 10)
    found = await firm.cold(firm.olga)
    for row in found.rows:
        assert row.counts == await cold_by_hand(firm, row.person_id), row.name
    assert found.nobody == await cold_by_hand(firm, None)
    assert found.total is not None
    rows = [*(row.counts for row in found.rows), found.nobody]
    for name in ("cold", "cold_reached", "agreed", "held"):
        assert getattr(found.total, name) == sum(getattr(counts, name) for counts in rows)
    own = await firm.cold(firm.anna, person_id=None)
    assert own.rows == tuple(row for row in found.rows if row.person_id == firm.anna.id)
    assert (own.nobody, own.total) == (None, None)


async def test_a_meeting_agreed_by_phone_counts_on_the_day_it_was_agreed(firm: Firm) -> None:
    await firm.live(20)
    before = (await firm.cold(firm.olga)).of(firm.anna.id)
    row = {"kind": "meeting", "owner_id": firm.anna.id, "created_at": NOW, "due_at": NOW + timedelta(days=9)}
    await firm.happens(lambda tx: tx.execute(tasks.insert().values(**row)))
    after = (await firm.cold(firm.olga)).of(firm.anna.id)
    assert (after.agreed, after.held) == (before.agreed + 1, before.held)
    wanted = ReportFilter(WEEK, person_id=firm.anna.id)
    listed = await firm.reports.meetings(firm.olga.scope, wanted, Moment.AGREED)
    assert len(listed) == after.agreed
    assert max(meeting.at for meeting in listed) == NOW


async def test_a_stranger_reached_is_cold_once(firm: Firm) -> None:
    def story(tx: Transaction) -> None:
        for minutes, is_reached in ((0, False), (10, True), (20, True)):
            at = NOW + timedelta(minutes=minutes)
            call = CallRows(tx, at, Direction.OUT, e164="+79161112299").dial(firm.anna)
            if is_reached:
                call.answer(firm.anna).end(60, Outcome.ANSWERED)
            else:
                call.end(20, Outcome.NO_ANSWER)

    await firm.happens(story)
    found = (await firm.cold(firm.olga)).of(firm.anna.id)
    assert (found.cold, found.cold_reached, found.reached_share) == (2, 1, None)


@pytest.mark.parametrize("seed", range(3))
async def test_what_lies_in_each_stage_is_what_counting_the_cards_gives(firm: Firm, seed: int) -> None:
    await firm.live(seed + 30)
    rows = await firm.rows(deals)
    for viewer, who in ((firm.olga, None), (firm.olga, firm.anna.id), (firm.anna, None)):
        for slices in SLICES:
            found = await firm.stages(viewer, **slices, **({"person_id": who} if who else {}))
            owner = who or (None if viewer is firm.olga else viewer.id)
            inside = [deal for deal in rows if is_sliced_in(deal, slices, owner)]
            for row in found.rows:
                assert row.stage is not None
                mine = [deal for deal in inside if deal.stage_id == row.stage.id]
                assert row.deals == len(mine), (row.stage.name, slices)
                for currency, amount in row.amounts:
                    assert amount == sum(deal.amount for deal in mine if deal.currency == currency)
                for currency, weighted in row.weighted:
                    whole = dict(row.amounts)[currency]
                    assert weighted == whole * row.stage.probability / 100
                wanted = ReportFilter(WEEK, person_id=who, **slices)
                page = await firm.reports.lying(viewer.scope, wanted, found.funnel, row.stage.id, Rows())
                assert {line.id for line in page.lines} == {deal.id for deal in mine}
            assert found.total.deals == sum(seller.deals for seller in found.sellers)
            assert found.total.deals == sum(record["deals"] for record in found.table().records())  # type: ignore[misc]


async def test_won_and_lost_deals_lie_nowhere(firm: Firm) -> None:
    await firm.happens(lambda tx: [builders.deal(tx, firm.funnel, firm.anna, stage=s) for s in range(6)])
    found = await firm.stages(firm.olga)
    assert [row.deals for row in found.rows] == [1, 1, 1, 1]
    assert found.total.deals == 4


async def test_a_long_list_comes_a_page_at_a_time(firm: Firm) -> None:
    await firm.happens(lambda tx: [builders.deal(tx, firm.funnel, firm.anna) for _ in range(7)])
    seen: list[int] = []
    for first in (0, 3, 6, 9):
        page = await firm.reports.made(firm.olga.scope, ReportFilter(WEEK), Made.ALL, Rows(first, 3))
        assert page.count == 7
        seen += [line.id for line in page.lines]
    assert len(seen) == len(set(seen)) == 7
