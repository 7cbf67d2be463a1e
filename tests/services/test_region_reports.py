"""Reports by region over random histories, against what reading every row and asking the plan gives."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update

from pbx_crm.db import client_regions, packed, region_columns, regions
from pbx_crm.db.client_regions import position_of
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, contact_numbers, contacts, deals
from pbx_crm.db.tables import lines as line_rows
from pbx_crm.domain.call import Direction
from pbx_crm.domain.call_log import CallFilter, Figure
from pbx_crm.domain.call_trend import Every, steps_of
from pbx_crm.domain.deal_list import Rows
from pbx_crm.domain.loss_report import Dimension
from pbx_crm.domain.origin_report import Made, OriginKind, OriginReport
from pbx_crm.domain.person import Person
from pbx_crm.domain.region import NOWHERE, NumberRange, Place, painted
from pbx_crm.domain.report_filter import ReportFilter
from tests import builders
from tests.builders import NOW
from tests.services.test_call_report import WEEK
from tests.services.test_origin_reports import DAYS, Firm

PREFIXES = {
    "7": Place("RU"),
    "7495": Place("RU", "Moscow"),
    "73812": Place("RU", "Omsk Oblast"),
    "82": Place("KR"),
    "822": Place("KR", "Seoul"),
}
NUMBERS = (None, "+74950000001", "+74950000002", "+73812000001", "+79160000001", "+8225550001", "+4930000001")


class Country(Firm):
    """The firm with a plan of numbers, clients in several places, and some put elsewhere by hand."""

    ids: Mapping[tuple[str, str], int]

    def _fill(self, tx: Transaction, seed: int) -> None:
        super()._fill(tx, seed)
        layers = [[NumberRange.between(prefix, prefix, place)] for prefix, place in PREFIXES.items()]
        regions.store(tx, painted(layers))
        self.ids = {region.place.key: region.id for region in regions.to_choose(tx, 9)}
        chance = random.Random(seed)
        clients = [self._client(tx, chance, number) for number in range(6)]
        for table, column in ((calls, calls.c.e164), (deals, None)):
            for (row_id,) in tx.execute(table.select().with_only_columns(table.c.id)).all():
                values: dict[str, Any] = {"contact_id": chance.choice([None, *clients])}
                if column is not None:
                    values[column.name] = chance.choice(NUMBERS)
                tx.execute(update(table).where(table.c.id == row_id).values(**values))
        self._put(tx, line_rows, self.lines[1], chance)

    def _client(self, tx: Transaction, chance: random.Random, number: int) -> int:
        own = [f"{start}{number}{place}" for place, start in enumerate(chance.sample(NUMBERS[1:], 2))]
        contact_id = builders.contact(tx, f"Client {number}", *own)
        if chance.random() < 0.3:
            self._put(tx, contacts, contact_id, chance)
        return contact_id

    def _put(self, tx: Transaction, table: Table, row_id: int, chance: random.Random) -> None:
        region_id = chance.choice(sorted(self.ids.values()))
        tx.execute(update(table).where(table.c.id == row_id).values(region_id=region_id))

    async def regions(self, viewer: Person, **slices: Any) -> OriginReport:
        """The week by region, as this person sees it."""
        return await self.by(OriginKind.REGION, viewer, **slices)

    async def by_hand(self) -> Callable[[Any], int]:
        """Tells the region of a row of calls or deals as the documentation has it, one step after another."""
        by_hand = {row.id: row.region_id for row in await self.rows(contacts)}
        of_line = {row.id: row.region_id for row in await self.rows(line_rows)}
        numbers = sorted(await self.rows(contact_numbers), key=lambda row: row.id)

        def told(number: str | None) -> Place | None:
            fitting = [prefix for prefix in PREFIXES if number and number.startswith(f"+{prefix}")]
            return PREFIXES[max(fitting, key=len)] if fitting else None

        def region(row: Any) -> int:
            if by_hand.get(row.contact_id):
                return int(by_hand[row.contact_id])
            if of_line.get(row.line_id):
                return int(of_line[row.line_id])
            places = [told(one.number) for one in numbers if one.contact_id == row.contact_id]
            places = [place for place in places if place] or [told(getattr(row, "e164", None))]
            exact = [place for place in places if place and place.name] or [
                place for place in places if place
            ]
            return self.ids[exact[0].key] if exact else NOWHERE

        return region


@pytest.fixture
def country(database: Database) -> Country:
    """The company on both databases, before the first call."""
    return Country(database)


def counted(rows: Sequence[Any], region: Callable[[Any], int], **conditions: Any) -> Counter[int]:
    """How many rows lie in each region."""
    return Counter(region(row) for row in rows if all(condition(row) for condition in conditions.values()))


def told(found: OriginReport, part: str, name: str) -> Counter[int]:
    """One column of the report by region, nothing left out."""
    values = {int(row.origin.key): getattr(getattr(row, part), name) for row in found.rows if row.origin}
    return +Counter(values)


def this_week(row: Any) -> bool:
    """Whether a call or deal is of the week."""
    at = getattr(row, "started_at", None) or row.created_at
    return bool(WEEK.since <= at < WEEK.until)


@pytest.mark.parametrize("seed", range(4))
async def test_every_region_is_what_counting_by_hand_gives(country: Country, seed: int) -> None:
    await country.live(seed)
    region, found = await country.by_hand(), await country.regions(country.olga)
    every_call, every_deal = await country.rows(calls), await country.rows(deals)
    incoming = [call for call in every_call if this_week(call) and call.direction == Direction.IN]
    made = [deal for deal in every_deal if this_week(deal)]
    assert told(found, "calls", "incoming") == counted(incoming, region)
    assert told(found, "calls", "answered") == counted(incoming, region, a=lambda call: call.answered_at)
    missed = [call for call in incoming if not call.answered_at and call.ended_at]
    assert told(found, "calls", "missed") == counted(missed, region)
    assert told(found, "deals", "made") == counted(made, region)
    won_stage = country.funnel.stages[4].id
    money: Counter[tuple[int, str]] = Counter()
    for deal in made:
        if deal.stage_id == won_stage and deal.amount:
            money[region(deal), deal.currency] += deal.amount
    assert {
        (int(row.origin.key), currency): amount
        for row in found.rows
        if row.origin
        for currency, amount in row.deals.amounts
    } == money


@pytest.mark.parametrize("seed", range(3))
async def test_every_figure_opens_exactly_the_calls_and_deals_it_counted(country: Country, seed: int) -> None:
    await country.live(seed + 20)
    for viewer in (country.olga, country.anna):
        for row in (await country.regions(viewer)).rows:
            assert row.origin is not None
            region_id = int(row.origin.key)
            for what in Made:
                wanted = ReportFilter(WEEK, region_id=region_id)
                page = await country.reports.made(viewer.scope, wanted, what, Rows())
                assert len(page.lines) == page.count == row.deals.of(what), (row.origin, what)
            for figure in (Figure.ANSWERED, Figure.MISSED):
                asked = CallFilter(WEEK.since, WEEK.until, figure=figure, region_id=region_id)
                assert await country.log.count(viewer, asked) == getattr(row.calls, figure), row.origin


async def figures(country: Country, viewer: Person, region_id: int | None) -> dict[str, Any]:
    """What each report says of the week, narrowed to a region or not."""
    wanted = ReportFilter(WEEK, region_id=region_id)
    reports, scope = country.reports, viewer.scope
    every_day = list(steps_of(DAYS, Every.DAY, 0))
    trend = await reports.call_trend(scope, wanted, Every.DAY, every_day, UTC)
    hours = await reports.call_hours(scope, wanted, UTC)
    funnel, stages = await reports.funnel(scope, wanted, NOW), await reports.stages(scope, wanted)
    losses, missed = await reports.losses(scope, wanted), await reports.missed(scope, wanted, NOW)
    assert funnel is not None
    assert stages is not None
    assert losses is not None
    whole = (await reports.calls(scope, wanted)).whole
    cold = await reports.cold(scope, wanted)
    assert whole is not None
    assert cold.total is not None
    return {
        "answered": whole.total.answered,
        "dialled": whole.total.dialled,
        "talk": round(whole.total.talk_seconds),
        "trend": sum(step.counts.answered for step in trend.steps),
        "hours": sum(counts.answered for counts in hours.cells.values()),
        "cold": cold.total.cold,
        "waits": len(missed.rows),
        "funnel": funnel.deals,
        "stages": stages.total.deals,
        "losses": len(losses.deals),
    }


@pytest.mark.parametrize("are_kept", [False, True])
async def test_the_regions_of_every_report_add_up_to_the_whole(country: Country, are_kept: bool) -> None:
    """Also when days have kept sums, which know nothing of regions."""
    await country.live(41)
    if are_kept:
        async for _ in country.rollups.rebuild("UTC"):
            pass
    whole = await figures(country, country.olga, None)
    added: Counter[str] = Counter()
    for region_id in (NOWHERE, *country.ids.values()):
        added.update(await figures(country, country.olga, region_id))
    assert {name: added[name] for name in whole} == whole
    assert whole["answered"] > 0
    assert whole["losses"] > 0


async def test_a_report_of_one_region_counts_what_counting_by_hand_gives(country: Country) -> None:
    await country.live(42)
    region = await country.by_hand()
    every_call, every_deal = await country.rows(calls), await country.rows(deals)
    answered = [
        call
        for call in every_call
        if this_week(call) and call.direction == Direction.IN and call.answered_at is not None
    ]
    for region_id in (NOWHERE, *country.ids.values()):
        found = await figures(country, country.olga, region_id)
        assert found["answered"] == found["trend"] == counted(answered, region)[region_id]
        assert found["funnel"] == counted([d for d in every_deal if this_week(d)], region)[region_id]


async def test_losses_are_told_apart_by_region(country: Country) -> None:
    await country.live(43)
    region = await country.by_hand()
    lost = await country.reports.losses(country.olga.scope, ReportFilter(WEEK))
    assert lost is not None
    rows = {deal.id: deal for deal in await country.rows(deals)}
    groups = {int(group.mark.key): len(group.ids) for group in lost.groups(Dimension.REGION)}
    assert groups == counted([rows[deal_id] for deal_id in lost.deals.ids.tolist()], region)
    table = lost.table()
    assert table.columns[:6] == ("stage", "reason", "seller", "source", "region", "band")
    told_in_file = Counter(
        str(record["region"]) for record in table.records() for _ in range(int(str(record["deals"])))
    )
    assert sum(told_in_file.values()) == len(lost.deals)
    for region_id, count in groups.items():
        own = await country.reports.losses(country.olga.scope, ReportFilter(WEEK, region_id=region_id))
        assert own is not None
        assert len(own.deals) == count


async def test_a_seller_is_told_of_their_own_alone(country: Country) -> None:
    await country.live(44)
    own = await country.regions(country.anna)
    mine = [
        deal for deal in await country.rows(deals) if deal.owner_id == country.anna.id and this_week(deal)
    ]
    assert own.total.deals.made == len(mine)
    assert own.total.calls.incoming is None
    assert (await country.regions(country.anna, person_id=country.boris.id)).is_empty


async def test_putting_a_client_elsewhere_takes_their_past_along(country: Country) -> None:
    await country.live(45)
    seoul = country.ids["KR", "Seoul"]
    await country.happens(lambda tx: tx.execute(update(contacts).values(region_id=seoul)))
    found = await country.regions(country.olga, region_id=seoul)
    clients = [deal for deal in await country.rows(deals) if deal.contact_id and this_week(deal)]
    assert found.total.deals.made >= len(clients) > 0
    assert [row.origin.name for row in found.rows if row.origin] == ["Seoul"]


async def test_the_share_that_tells_a_country_at_most_is_told(country: Country) -> None:
    await country.live(46)
    found = await country.regions(country.olga)
    vague = sum(
        row.calls.ended + row.deals.made for row in found.rows if row.origin and not row.origin.is_exact
    )
    everything = found.total.calls.ended + found.total.deals.made
    assert found.vague is not None
    assert found.vague.percent == pytest.approx(100 * vague / everything)


async def test_a_days_edge_is_the_edge_of_its_regions_too(country: Country) -> None:
    """Two calls around midnight in Moscow: each is in its own day, whichever zone the caller is in."""
    await country.live(47)
    late = WEEK.until - timedelta(microseconds=1)
    before = told(await country.regions(country.olga), "calls", "incoming")
    omsk = country.ids["RU", "Omsk Oblast"]

    def story(tx: Transaction) -> None:
        for at in (late, WEEK.until):
            row = {"pbx": "main", "linkedid": f"edge-{at}", "direction": "in", "started_at": at}
            tx.execute(calls.insert().values(**row, e164="+73812999999"))

    await country.happens(story)
    after = told(await country.regions(country.olga), "calls", "incoming")
    assert after - before == Counter({omsk: 1})


@pytest.mark.parametrize("seed", [11, 12])
async def test_regions_looked_up_at_once_are_those_the_database_finds_row_by_row(
    country: Country, seed: int
) -> None:
    await country.live(seed)

    def both(tx: Transaction) -> tuple[list[int], list[int]]:
        columns = (calls.c.id, calls.c.contact_id, calls.c.line_id, position_of(calls.c.e164))
        _, *parties = packed.ascending(packed.columns(tx, select(*columns)))
        row_by_row = func.coalesce(client_regions.of_calls(), NOWHERE)
        slow = select(row_by_row).select_from(calls).order_by(calls.c.id)
        return region_columns.of_clients(tx, *parties).tolist(), list(tx.execute(slow).scalars())

    at_once, row_by_row = await country.database.read(both)
    assert at_once == row_by_row
    assert len(set(at_once)) > 2
