"""Calls by hour and weekday: each call in one cell, by the clock on the wall; each cell its own calls."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import call_people, calls
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.call_hours import CallHours, HourCounts, WeekHour, by_week_hour
from pbx_crm.domain.call_log import CallFilter, Figure
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from tests.call_rows import CallRows
from tests.services.test_call_report import Office, invent_calls

DAYS = Days(date(2026, 11, 9), date(2026, 11, 22))
ZONES = ("Europe/Berlin", "Asia/Tehran", "Asia/Kathmandu", "America/New_York")


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def hours(office: Office, viewer: Person, zone: ZoneInfo, **slices: int) -> CallHours:
    """The two weeks by hour of this zone."""
    wanted = ReportFilter(DAYS.span(zone), person_id=slices.get("person_id"), line_id=slices.get("line_id"))
    return await office.reports.call_hours(viewer.scope, wanted, zone)


def by_hand(tx: Transaction, zone: ZoneInfo, me: int | None) -> Counter[tuple[int, int, bool]]:
    """(weekday, hour, was missed) of incoming calls, out of the bare rows."""
    rang = {(row.call_id, row.person_id) for row in tx.execute(select(call_people)) if row.rang}
    found: Counter[tuple[int, int, bool]] = Counter()
    for row in tx.execute(select(calls).where(calls.c.direction == "in")):
        local = row.started_at.astimezone(zone)
        if not DAYS.first <= local.date() <= DAYS.last:
            continue
        answered = row.answered_at is not None
        mine = row.answered_id == me if answered else (row.id, me) in rang
        if (answered or row.ended_at) and (me is None or mine):
            found[local.weekday(), local.hour, not answered] += 1
    return found


@pytest.mark.parametrize("name", ZONES)
async def test_every_hour_is_what_counting_by_hand_gives(office: Office, name: str) -> None:
    zone = ZoneInfo(name)
    await office.happens(lambda tx: invent_calls(tx, office, 7))
    for me in (None, office.anna.id):
        found = await hours(office, office.olga, zone, **({"person_id": me} if me else {}))
        told: Counter[tuple[int, int, bool]] = Counter()
        for cell, counts in found.cells.items():
            told[cell.weekday, cell.hour, False] += counts.answered
            told[cell.weekday, cell.hour, True] += counts.missed
        assert +told == await office.database.read(by_hand, zone, me)


async def test_every_cell_opens_exactly_the_calls_it_counted(office: Office) -> None:
    zone = ZoneInfo("Asia/Tehran")
    await office.happens(lambda tx: invent_calls(tx, office, 8))
    found = await hours(office, office.olga, zone)
    assert len(found.cells) > 3
    for cell, counts in found.cells.items():
        for figure, count in ((Figure.ANSWERED, counts.answered), (Figure.MISSED, counts.missed)):
            wanted = CallFilter(figure=figure, spans=cell.spans(DAYS, zone))
            assert await office.log.count(office.olga, wanted) == count, cell
    nothing = CallFilter(spans=())
    assert await office.log.count(office.olga, nothing) == 0


async def test_a_seller_sees_their_own_hours_only(office: Office) -> None:
    at = datetime(2026, 11, 16, 9, 30, tzinfo=UTC)

    def story(tx: Transaction) -> None:
        CallRows(tx, at).ring(office.anna, office.boris).answer(office.anna).end(60, Outcome.ANSWERED)
        CallRows(tx, at).ring(office.boris).end(20, Outcome.MISSED)

    await office.happens(story)
    zone = ZoneInfo("UTC")
    assert (await hours(office, office.olga, zone)).at(0, 9) == HourCounts(1, 1)
    assert (await hours(office, office.anna, zone)).at(0, 9) == HourCounts(1, 0)
    foreign = await hours(office, office.anna, zone, person_id=office.boris.id)
    assert foreign.cells == {}


def test_below_ten_calls_no_percentage_is_told() -> None:
    assert HourCounts(4, 5).missed_percent is None
    assert HourCounts(4, 6).missed_percent == 60


def test_the_table_shows_office_hours_and_whatever_lies_outside_them() -> None:
    assert by_week_hour([], ZoneInfo("UTC")).hours == range(8, 19)
    late = by_week_hour([(datetime(2026, 11, 16, 22, tzinfo=UTC), 1, 2)], ZoneInfo("UTC"))
    assert (late.hours, late.table().rows) == (range(8, 23), ((0, 22, 1, 2, None),))


@pytest.mark.parametrize(("weekday", "hour"), [(-1, 0), (7, 0), (0, 24), (0, -1)])
def test_no_week_has_such_an_hour(weekday: int, hour: int) -> None:
    with pytest.raises(ValueError, match="hour"):
        WeekHour(weekday, hour)


@given(st.sampled_from(ZONES), st.dates(date(2024, 1, 1), date(2027, 1, 1)))
def test_the_hours_of_a_week_are_the_week_also_when_clocks_change(name: str, first: date) -> None:
    zone, days = ZoneInfo(name), Days(first, first + timedelta(days=6))
    cells = [WeekHour(weekday, hour) for weekday in range(7) for hour in range(24)]
    spans = [span for cell in cells for span in cell.spans(days, zone)]
    week = days.span(zone)
    total = sum((span.until - span.since for span in spans), timedelta(0))
    assert total == week.until - week.since
    for cell in cells:
        for span in cell.spans(days, zone):
            local = span.since.astimezone(zone)
            assert (local.weekday(), local.hour) == (cell.weekday, cell.hour)
