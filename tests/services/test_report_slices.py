"""Slices of reports: by source and by amount, the figure and its rows alike."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.db import lines
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.amount_band import AmountBand, band_of
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.deal_list import Rows
from pbx_crm.domain.funnel_report import FunnelReport
from pbx_crm.domain.line import Line, MatchKind
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days, Span
from pbx_crm.services.reports import Reports
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows

DAY = Span(NOW - timedelta(hours=12), NOW + timedelta(hours=12))
AMOUNTS = (0, 1, 999, 1_000, 99_999, 5_000_000)


@pytest.mark.parametrize(
    ("amount", "band"),
    [
        ("0", AmountBand.NONE),
        ("0.0001", AmountBand.UNDER_1K),
        ("999.99", AmountBand.UNDER_1K),
        ("1000", AmountBand.UNDER_10K),
        ("10000", AmountBand.UNDER_100K),
        ("999999.9999", AmountBand.UNDER_1M),
        ("1000000", AmountBand.FROM_1M),
    ],
)
def test_an_amount_on_the_edge_belongs_to_the_larger_band(amount: str, band: AmountBand) -> None:
    assert band_of(Decimal(amount)) is band


@given(st.decimals(0, 10**12, places=4))
def test_every_amount_lies_in_exactly_one_band(amount: Decimal) -> None:
    holding = [b for b in AmountBand if b.least <= amount and (b.below is None or amount < b.below)]
    assert holding == [band_of(amount)]


class Shop:
    """A head and a seller; two lines of different sources; six deals of different amounts."""

    def __init__(self, database: Database) -> None:
        self.reports = Reports(database)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self._fill(tx)

    def _fill(self, tx: Transaction) -> None:
        self.anna, self.olga = builders.person(tx, "Anna"), builders.person(tx, "Olga", Role.HEAD)
        funnel = builders.funnel(tx)
        for source, answered in (("site", 2), ("flyer", 1)):
            line = Line(None, "main", source, match_kind=MatchKind.DID, match_value=source, source=source)
            line_id = lines.add(tx, line)
            for number in range(answered):
                CallRows(tx, NOW - timedelta(minutes=number), line_id=line_id).ring(self.anna).answer(
                    self.anna
                ).end(60, Outcome.ANSWERED)
            CallRows(tx, line_id=line_id, e164=f"+7916000000{answered}").ring(self.anna).end(
                9, Outcome.MISSED
            )
        for amount in AMOUNTS:
            source = "site" if amount < 1000 else "fair"
            builders.deal(tx, funnel, self.anna, amount=amount, source=source)

    async def funnel(self, viewer: Person, **slices: object) -> FunnelReport:
        """The day's cohort."""
        found = await self.reports.funnel(viewer.scope, ReportFilter(DAY, **slices), NOW)  # type: ignore[arg-type]
        assert found is not None
        return found


@pytest.fixture
def shop(database: Database) -> Shop:
    """The shop on both databases."""
    return Shop(database)


async def test_the_funnel_of_a_band_counts_the_deals_of_these_amounts(shop: Shop) -> None:
    counted = {band: (await shop.funnel(shop.olga, band=band)).deals for band in AmountBand}
    assert counted == {band: sum(band_of(Decimal(a)) is band for a in AMOUNTS) for band in AmountBand}
    assert sum(counted.values()) == len(AMOUNTS)


async def test_deals_of_a_source_are_those_behind_its_figure(shop: Shop) -> None:
    found = await shop.funnel(shop.olga, source="site")
    rows = (await shop.reports.deals(shop.olga.scope, found.stages[0].ids[Part.ENTERED], Rows())).lines
    assert [row.source for row in rows] == ["site"] * 3


async def test_calls_of_a_source_came_over_its_lines(shop: Shop) -> None:
    for source, answered in (("site", 2), ("flyer", 1), ("fair", 0)):
        wanted = ReportFilter(DAY, source=source)
        report = await shop.reports.calls(shop.olga.scope, wanted)
        assert [row.counts.answered for row in report.rows] == [answered]
        missed = await shop.reports.missed(shop.olga.scope, wanted, NOW)
        assert len(missed.rows) == (source != "fair")


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        # Here the clocks change at midnight: the day begins at one, or has two midnights to choose from.
        ("America/Havana", date(2026, 3, 8), 23),
        ("America/Havana", date(2026, 11, 1), 25),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Africa/Cairo", date(2026, 10, 29), 25),
        ("Asia/Tehran", date(2026, 3, 22), 24),
    ],
)
async def test_a_day_counts_the_calls_of_its_hours_be_they_23_or_25(
    shop: Shop, database: Database, zone: str, day: date, hours: int
) -> None:
    """A call every half hour around the day; the same ones counted by the clock on the wall."""
    noon = datetime.combine(day, time(12), ZoneInfo(zone)).astimezone(UTC)
    moments = [noon + timedelta(minutes=30 * step) for step in range(-60, 60)]

    def story(tx: Transaction) -> None:
        for at in moments:
            CallRows(tx, at).ring(shop.anna).answer(shop.anna).end(60, Outcome.ANSWERED)

    await database.write(story)
    wanted = ReportFilter(Days(day, day).span(ZoneInfo(zone)))
    (row,) = (await shop.reports.calls(shop.olga.scope, wanted)).rows
    on_the_wall = sum(at.astimezone(ZoneInfo(zone)).date() == day for at in moments)
    assert row.counts.answered == on_the_wall == 2 * hours


async def test_one_may_slice_by_the_sources_of_lines_and_of_deals(shop: Shop) -> None:
    assert (await shop.reports.choices(shop.olga.scope)).sources == ("fair", "flyer", "site")
