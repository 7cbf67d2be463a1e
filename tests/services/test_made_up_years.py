"""Whole years whose truth is known: the reports say what was decided when the years were made up."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection

from bench.made_up_rows import add_lines, reasons_of, write_years
from bench.made_up_years import Firm, Size, Truth
from pbx_crm.db import call_days
from pbx_crm.db.engine import Database
from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.funnel_report import FunnelReport
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.services.reports import Reports
from tests import builders

ALL = Scope(Reach.ALL, 0)
BERLIN = ZoneInfo("Europe/Berlin")
SIZE = Size(calls=900, first=date(2026, 1, 1), days=120, deals=300)


class Past:
    """A firm with a year behind it."""

    def __init__(self, database: Database, firm: Firm, truth: Truth) -> None:
        self.reports = Reports(database)
        self.firm = firm
        self.truth = truth

    async def funnel(self, seller: int | None) -> FunnelReport:
        """What became of all deals."""
        days = Days(SIZE.first, SIZE.first + timedelta(days=SIZE.days))
        wanted = ReportFilter(days.span(BERLIN), person_id=seller)
        found = await self.reports.funnel(ALL, wanted, days.span(BERLIN).until + timedelta(days=99))
        assert found is not None
        return found


@pytest.fixture
async def past(database: Database) -> Past:
    """The year is over."""

    def found(tx: Connection) -> Firm:
        sellers = [builders.person(tx, name).id for name in ("Anna", "Boris", "Clara", "Dina")]
        funnel = builders.funnel(tx)
        call_days.choose_zone(tx, "Europe/Berlin")
        return Firm(sellers, add_lines(tx, 2), funnel, reasons_of(tx, funnel.id), BERLIN)

    firm = await database.write(found)
    return Past(database, firm, await write_years(database, firm, SIZE))


def within(figures: Mapping[tuple[date, int], int], days: Days) -> Counter[int]:
    """The truth of these days, by seller."""
    found: Counter[int] = Counter()
    for (day, seller), count in figures.items():
        found[seller] += count if days.first <= day <= days.last else 0
    return found


async def test_calls_per_seller_are_what_was_decided_over_any_days(past: Past) -> None:
    chance, truth = random.Random(5), past.truth
    for length in (1, 9, 40, 120):
        first = SIZE.first + timedelta(days=chance.randrange(max(1, SIZE.days - length)))
        days = Days(first, first + timedelta(days=length - 1))
        report = await past.reports.calls(ALL, ReportFilter(days.span(BERLIN)))
        for name in ("answered", "handled", "dialled", "reached", "cold", "talk_seconds"):
            told = {row.person_id: getattr(row.counts, name) for row in report.rows}
            wanted = within(getattr(truth, name), days)
            assert told == {seller: wanted[seller] for seller in past.firm.sellers}, (name, days)
        assert report.whole is not None
        assert report.whole.incoming == sum(truth.incoming[day] for day in days)
        assert report.whole.total.missed == sum(truth.missed[day] for day in days)


async def test_each_hour_of_the_week_has_the_calls_that_were_decided(past: Past) -> None:
    days = Days(SIZE.first, SIZE.first + timedelta(days=SIZE.days - 1))
    found = await past.reports.call_hours(ALL, ReportFilter(days.span(BERLIN)), BERLIN)
    told = {(cell.weekday, cell.hour): (counts.calls, counts.missed) for cell, counts in found.cells.items()}
    truth = past.truth
    assert told == {cell: (count, truth.missed_by_hour[cell]) for cell, count in truth.by_hour.items()}


async def test_the_funnel_passes_and_drops_what_was_decided(past: Past) -> None:
    for seller in past.firm.sellers:
        report = await past.funnel(seller)
        for stage in report.stages[:-1]:
            assert stage.count(Part.PASSED) == past.truth.passed[stage.stage.id, seller]
            assert stage.count(Part.DROPPED) == past.truth.dropped[stage.stage.id, seller]


async def test_the_planted_leak_is_found_where_it_was_planted(past: Past) -> None:
    report = await past.funnel(past.firm.sellers[0])
    assert report.worst is not None
    assert report.worst.stage == past.firm.funnel.stages[2]
