"""Days of a report: presets, what they are compared with, and days on which the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.report_period import Days, Parts, Preset, Span, compared, days_of, parts_of, start_of

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY, SATURDAY, SUNDAY = 0, 5, 6
TODAY = date(2026, 11, 18)  # a Wednesday
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.TODAY, date(2026, 11, 18), date(2026, 11, 18)),
        (Preset.YESTERDAY, date(2026, 11, 17), date(2026, 11, 17)),
        (Preset.THIS_WEEK, date(2026, 11, 16), date(2026, 11, 22)),
        (Preset.LAST_WEEK, date(2026, 11, 9), date(2026, 11, 15)),
        (Preset.LAST_7_DAYS, date(2026, 11, 12), date(2026, 11, 18)),
        (Preset.THIS_MONTH, date(2026, 11, 1), date(2026, 11, 30)),
        (Preset.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
    ],
)
def test_presets_name_whole_days(preset: Preset, first: date, last: date) -> None:
    assert days_of(preset, TODAY, MONDAY) == Days(first, last)


@pytest.mark.parametrize(
    ("first_weekday", "first"),
    [(MONDAY, date(2026, 11, 16)), (SATURDAY, date(2026, 11, 14)), (SUNDAY, date(2026, 11, 15))],
)
def test_the_week_begins_where_the_readers_week_begins(first_weekday: int, first: date) -> None:
    assert days_of(Preset.THIS_WEEK, TODAY, first_weekday).first == first


@given(today=DAYS, preset=st.sampled_from(Preset), first_weekday=st.integers(0, 6))
def test_what_is_compared_ends_the_day_before(today: date, preset: Preset, first_weekday: int) -> None:
    days = days_of(preset, today, first_weekday)
    assert days.before.last == days.first - timedelta(days=1)
    assert days.before.first <= days.before.last
    if preset not in (Preset.THIS_MONTH, Preset.LAST_MONTH):
        assert days.before.count == days.count


@pytest.mark.parametrize(
    ("preset", "first", "last"),
    [
        (Preset.THIS_MONTH, date(2026, 10, 23), date(2026, 11, 21)),
        (Preset.LAST_MONTH, date(2026, 9, 23), date(2026, 10, 22)),
        (Preset.THIS_YEAR, date(2026, 3, 21), date(2027, 3, 20)),
    ],
)
def test_months_and_years_are_those_the_reader_lives_by(preset: Preset, first: date, last: date) -> None:
    assert days_of(preset, TODAY, SATURDAY, MonthCalendar.JALALI) == Days(first, last)


def test_a_month_of_iran_is_compared_with_the_whole_month_before() -> None:
    mehr = days_of(Preset.LAST_MONTH, TODAY, SATURDAY, MonthCalendar.JALALI)
    assert mehr.before_by(MonthCalendar.JALALI) == Days(date(2026, 8, 23), date(2026, 9, 22))


def test_a_month_is_compared_with_the_whole_month_before() -> None:
    assert days_of(Preset.THIS_MONTH, date(2026, 3, 5), MONDAY).before == Days(
        date(2026, 2, 1), date(2026, 2, 28)
    )


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 7, 1), 24)])
def test_a_day_has_the_hours_its_clocks_give_it(day: tuple[int, int, int], hours: int) -> None:
    span = Days(date(*day), date(*day)).span(BERLIN)
    assert span.until - span.since == timedelta(hours=hours)


def test_half_a_day_is_compared_with_half_a_day() -> None:
    now = datetime(2026, 11, 18, 12, 30, tzinfo=BERLIN)
    earlier = compared(Days(TODAY, TODAY), BERLIN, now.astimezone(UTC))
    assert earlier.since == datetime(2026, 11, 17, tzinfo=BERLIN)
    assert earlier.until == datetime(2026, 11, 17, 12, 30, tzinfo=BERLIN)


def test_a_day_that_is_over_is_compared_with_a_whole_day() -> None:
    yesterday = Days(date(2026, 11, 17), date(2026, 11, 17))
    now = datetime(2026, 11, 18, 12, 30, tzinfo=BERLIN)
    assert compared(yesterday, BERLIN, now.astimezone(UTC)) == yesterday.before.span(BERLIN)


def test_half_a_day_is_half_by_the_clock_on_the_wall_when_it_was_changed_between() -> None:
    after_the_change = date(2026, 3, 29)
    now = datetime(2026, 3, 29, 12, 0, tzinfo=BERLIN)
    earlier = compared(Days(after_the_change, after_the_change), BERLIN, now.astimezone(UTC))
    assert earlier.until.astimezone(BERLIN) == datetime(2026, 3, 28, 12, 0, tzinfo=BERLIN)


def test_a_month_that_runs_is_never_compared_with_more_than_the_month_before() -> None:
    march = Days(date(2026, 3, 1), date(2026, 3, 31))
    now = datetime(2026, 3, 31, 12, 0, tzinfo=BERLIN)
    assert compared(march, BERLIN, now.astimezone(UTC)) == march.before.span(BERLIN)


def test_whole_days_of_a_zone_are_told_apart_from_what_is_left_at_both_ends() -> None:
    span = Span(
        datetime(2026, 3, 27, 12, 0, tzinfo=BERLIN).astimezone(UTC), datetime(2026, 3, 30, 9, tzinfo=BERLIN)
    )
    parts = parts_of(span, BERLIN)
    assert parts.days == Days(date(2026, 3, 28), date(2026, 3, 29))
    assert parts.edges == (
        Span(span.since, start_of(date(2026, 3, 28), BERLIN)),
        Span(start_of(date(2026, 3, 30), BERLIN), span.until),
    )


def test_a_month_of_the_zones_own_days_leaves_no_edge() -> None:
    march = Days(date(2026, 3, 1), date(2026, 3, 31))
    assert parts_of(march.span(BERLIN), BERLIN) == Parts(march, ())


def test_a_stretch_without_a_whole_day_is_all_edge() -> None:
    night = Span(datetime(2026, 3, 27, 20, tzinfo=UTC), datetime(2026, 3, 28, 20, tzinfo=UTC))
    assert parts_of(night, BERLIN) == Parts(None, (night,))


@given(
    st.sampled_from(["Europe/Berlin", "Asia/Tehran", "America/Havana", "Asia/Kathmandu", "Pacific/Apia"]),
    st.integers(0, 16 * 365 * 24 * 60),
    st.timedeltas(timedelta(0), timedelta(days=20)),
)
def test_days_and_edges_are_the_whole_stretch_and_nothing_twice(
    name: str, minute: int, length: timedelta
) -> None:
    since = datetime(2011, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    zone, span = ZoneInfo(name), Span(since, since + length)
    parts = parts_of(span, zone)
    pieces = [*parts.edges, *([parts.days.span(zone)] if parts.days else [])]
    pieces.sort(key=lambda piece: piece.since)
    assert sum((piece.until - piece.since for piece in pieces), timedelta(0)) == length
    assert all(before.until == after.since for before, after in pairwise(pieces))
