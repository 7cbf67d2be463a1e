"""Calls by hour and weekday: each call in one cell, by the clock on the wall; each cell its own calls."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import call_hours, call_people, calls
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.call_hours import CallHours, HourCounts, WeekHour, are_alike, by_week_hour, hour_of
from pbx_crm.domain.call_log import CallFilter, Figure
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.services.rollups import Rollups
from tests.call_rows import CallRows
from tests.services.test_call_report import Office, invent_calls

LONG_AGO, TO_COME = datetime(2015, 1, 1), datetime(2030, 1, 1)  # noqa: DTZ001 (hypothesis wants them naive)
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


@pytest.mark.parametrize("firms", ["Europe/Berlin", "Asia/Tehran", "Australia/Lord_Howe"])
async def test_the_kept_hours_tell_readers_everywhere_the_same(office: Office, firms: str) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, 9))
    line = office.lines[0]
    asked: list[dict[str, int]] = [{}, {"person_id": office.anna.id}, {"line_id": line}, {"line_id": 0}]
    zones = [ZoneInfo(name) for name in (*ZONES, firms)]
    counted = [await hours(office, office.olga, zone, **slices) for zone in zones for slices in asked]
    async for _ in Rollups(office.database).rebuild(firms):
        pass
    kept = [await hours(office, office.olga, zone, **slices) for zone in zones for slices in asked]
    assert kept == counted
    own = await hours(office, office.anna, zones[-1])
    assert own == counted[len(asked) * (len(zones) - 1) + 1]


async def test_who_lives_by_the_firms_hours_is_told_from_the_kept_ones(office: Office) -> None:
    """A sum that is wrong by one shows who reads it: nobody whose hours are cut otherwise."""
    await office.happens(lambda tx: invent_calls(tx, office, 9))
    async for _ in Rollups(office.database).rebuild("Europe/Berlin"):
        pass
    one_more = update(call_hours).values(missed=call_hours.c.missed + 1)
    for name, is_kept in (("Europe/Berlin", True), ("America/New_York", True), ("Asia/Tehran", False)):
        zone = ZoneInfo(name)
        before = await hours(office, office.olga, zone)
        await office.database.write(lambda tx: tx.execute(one_more))
        assert (await hours(office, office.olga, zone) != before) is is_kept, name


@pytest.mark.parametrize(
    ("one", "other", "day", "is_alike"),
    [
        ("Europe/Berlin", "Europe/Berlin", date(2026, 3, 29), True),
        ("Europe/Berlin", "America/New_York", date(2026, 3, 29), True),
        ("Europe/Berlin", "Asia/Tehran", date(2026, 3, 29), False),
        ("Asia/Tehran", "Asia/Tehran", date(2026, 3, 29), True),
        ("Asia/Kolkata", "Asia/Kathmandu", date(2026, 3, 29), False),
        # Half an hour forth and back: only its own readers live by such hours.
        ("Australia/Lord_Howe", "Australia/Lord_Howe", date(2026, 4, 5), True),
        ("Australia/Lord_Howe", "Europe/Berlin", date(2026, 4, 5), False),
        # Caracas went from -04:30 to -04:00 on the first of May.
        ("America/Caracas", "Europe/Berlin", date(2016, 4, 30), False),
        ("America/Caracas", "Europe/Berlin", date(2016, 5, 2), True),
    ],
)
def test_hours_are_shared_where_clocks_differ_by_whole_ones(
    one: str, other: str, day: date, is_alike: bool
) -> None:
    span = Days(day, day).span(ZoneInfo(one))
    assert are_alike(ZoneInfo(one), ZoneInfo(other), span) is is_alike


@given(st.sampled_from((*ZONES, "Australia/Lord_Howe", "America/Havana")), st.datetimes(LONG_AGO, TO_COME))
def test_an_hour_begins_within_its_day_and_before_its_moments(name: str, naive: datetime) -> None:
    zone, at = ZoneInfo(name), naive.replace(tzinfo=UTC)
    began = hour_of(at, zone)
    assert timedelta(0) <= at - began < timedelta(minutes=90)
    for moment in (at, began):
        local, day = moment.astimezone(zone), at.astimezone(zone).date()
        assert (local.date(), local.hour) == (day, at.astimezone(zone).hour)


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
