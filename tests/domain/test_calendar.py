"""Calendars as people write them: hours of a day, quiet hours, and what a new house starts with."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pbx_crm.domain.calendar import (
    NINE_TO_SIX,
    Calendar,
    OwnDay,
    WorkingTimes,
    hours_in,
    quiet_in,
    reasons_against,
    usual_calendar,
    written,
)
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.working_time import Hours, Quiet

MOSCOW = Installation("RU", "ru", "Europe/Moscow", "RUB")
TEHRAN = Installation("IR", "fa", "Asia/Tehran", "IRR")
HOUSE = replace(usual_calendar(MOSCOW, "The house"), id=1)
NIGHT_SHIFT = Calendar(2, "Night", "Europe/Moscow", None, ((Hours(0, 6 * 60),),) * 7)
SATURDAY_NOON = datetime(2026, 11, 21, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("9-18", (Hours(540, 1080),)),
        (" 14:00 - 18:30, 9-13 ", (Hours(540, 780), Hours(840, 1110))),
        ("0–24", (Hours(0, 1440),)),
        ("٩-١٨", (Hours(540, 1080),)),
        ("", ()),
        (" , ", ()),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, expected: tuple[Hours, ...]) -> None:
    assert hours_in(typed) == expected


@pytest.mark.parametrize(
    "typed",
    [
        "9",
        "9-",
        "18-9",
        "9-9",
        "9-25",
        "9:60-10",
        "nine-six",
        "9-13, 12-18",
        "-1-5",
        "9.5-10",
        "1-2," * 7,
        "009-10",
    ],
)
def test_hours_that_make_no_sense_are_refused(typed: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        hours_in(typed)


@given(some.lists(some.integers(0, 1440), min_size=2, max_size=12, unique=True).map(sorted))
def test_hours_written_out_are_read_as_the_same_hours(minutes: list[int]) -> None:
    pairs = zip(minutes[::2], minutes[1::2], strict=False)
    spans = tuple(Hours(begin, end) for begin, end in pairs)
    assert hours_in(written(spans)) == spans


def test_quiet_hours_may_go_over_midnight_or_be_left_out() -> None:
    assert quiet_in("21-8") == Quiet(21 * 60, 8 * 60)
    assert quiet_in("20:30-24:00") == Quiet(20 * 60 + 30, 0)
    assert quiet_in(" ") is None
    for senseless in ("9-9", "night"):
        with pytest.raises(ValueError, match=r"."):
            quiet_in(senseless)


def test_a_new_house_is_off_on_the_weekend_and_holidays_of_its_country() -> None:
    assert [bool(hours) for hours in usual_calendar(MOSCOW, "x").week] == [True] * 5 + [False] * 2
    tehran = usual_calendar(TEHRAN, "x")
    assert [bool(hours) for hours in tehran.week] == [True] * 4 + [False] + [True] * 2
    assert tehran.working_time.hours_on(date(2026, 3, 21)) == (), "Nowruz, a Saturday"
    assert reasons_against(tehran) == reasons_against(HOUSE) == {}


def test_own_days_say_more_than_the_week() -> None:
    own = replace(HOUSE, days=(OwnDay(date(2026, 11, 21), True), OwnDay(date(2026, 11, 23))))
    assert own.working_time.is_open(SATURDAY_NOON)
    assert own.working_time.next_open(SATURDAY_NOON + timedelta(days=2)).day == 24


def test_a_line_has_its_own_calendar_or_the_houses() -> None:
    times = WorkingTimes([HOUSE, NIGHT_SHIFT], {7: 2, 8: 99})
    assert times.of_line(7).hours_on(date(2026, 11, 21)) == (Hours(0, 360),)
    assert times.of_line(None) is times.of_line(8) is times.of_line(1) is times.house
    assert times.house.hours_on(date(2026, 11, 20)) == NINE_TO_SIX


def test_where_nothing_is_set_up_every_hour_is_worked() -> None:
    nothing = WorkingTimes([], {})
    assert nothing.of_line(1).due(SATURDAY_NOON, timedelta(minutes=15)) == SATURDAY_NOON + timedelta(
        minutes=15
    )


def test_minutes_and_hours_are_worked_ones_and_days_are_the_calendars() -> None:
    house = HOUSE.working_time
    monday_nine = datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert house.due(SATURDAY_NOON, timedelta(minutes=15)) == monday_nine + timedelta(minutes=15)
    assert house.due(SATURDAY_NOON, timedelta(days=1)) == monday_nine
    assert house.due(SATURDAY_NOON, timedelta(days=3)) == datetime(2026, 11, 24, 9, tzinfo=UTC)


def test_each_slip_in_a_calendar_is_told() -> None:
    slips = Calendar(None, "", "Mars/Olympus", "XX", ((),) * 7)
    assert set(reasons_against(slips)) == {"name", "time_zone", "country", "hours_0"}
    assert set(reasons_against(replace(HOUSE, name="x" * 101))) == {"name"}
