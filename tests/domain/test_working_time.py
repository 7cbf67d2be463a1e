"""When the house works: closing time, lunch, holidays, changes of the clock, and counting over them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pbx_crm.domain.public_holidays import countries, holiday_on, holidays_in, is_worked_weekend, weekend_of
from pbx_crm.domain.working_time import Hours, Quiet, WorkingTime, always

MOSCOW, BERLIN, TEHRAN = ZoneInfo("Europe/Moscow"), ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tehran")
NINE_TO_SIX = (Hours(9 * 60, 18 * 60),)
WITH_LUNCH = (Hours(9 * 60, 13 * 60), Hours(14 * 60, 18 * 60))
MONDAY_TO_FRIDAY = (NINE_TO_SIX,) * 5 + ((),) * 2
OFFICE = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY)
FRIDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 23)


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = MOSCOW) -> datetime:
    return datetime.combine(day, time(hour, minute), zone)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (at(FRIDAY, 8, 59), False),
        (at(FRIDAY, 9), True),
        (at(FRIDAY, 17, 59), True),
        (at(FRIDAY, 18), False),
        (at(date(2026, 11, 21), 12), False),
        (at(MONDAY, 12).astimezone(UTC), True),
    ],
)
def test_the_office_is_at_work_from_nine_until_six_on_weekdays(moment: datetime, expected: bool) -> None:
    assert OFFICE.is_open(moment) is expected


def test_two_hours_from_friday_half_past_five_are_monday_half_past_ten() -> None:
    assert OFFICE.after(at(FRIDAY, 17, 30), timedelta(hours=2)) == at(MONDAY, 10, 30)


def test_an_hour_before_closing_an_hours_work_is_due_at_closing_time() -> None:
    assert OFFICE.after(at(FRIDAY, 17), timedelta(hours=1)) == at(FRIDAY, 18)


def test_work_set_in_the_night_begins_when_the_office_opens() -> None:
    assert OFFICE.after(at(FRIDAY, 2), timedelta(minutes=15)) == at(FRIDAY, 9, 15)
    assert OFFICE.next_open(at(date(2026, 11, 21), 3)) == at(MONDAY, 9)
    assert OFFICE.next_open(at(FRIDAY, 11)) == at(FRIDAY, 11)


def test_a_weekend_adds_no_working_hours() -> None:
    assert OFFICE.between(at(FRIDAY, 17), at(MONDAY, 10)) == timedelta(hours=2)
    assert OFFICE.between(at(MONDAY, 10), at(FRIDAY, 17)) == timedelta(0)


def test_lunch_is_no_working_time() -> None:
    with_lunch = WorkingTime(MOSCOW, (WITH_LUNCH,) * 7)
    assert with_lunch.between(at(FRIDAY, 12), at(FRIDAY, 15)) == timedelta(hours=2)
    assert with_lunch.after(at(FRIDAY, 12, 30), timedelta(hours=1)) == at(FRIDAY, 14, 30)


def test_three_working_days_ago_is_counted_over_the_weekend() -> None:
    assert OFFICE.before(at(MONDAY, 12), timedelta(hours=9)) == at(FRIDAY, 12)
    assert OFFICE.before(at(MONDAY, 12), timedelta(0)) == at(MONDAY, 12)


def test_a_holiday_of_the_country_is_a_day_off_and_an_own_closed_day_too() -> None:
    russia = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY, country="RU", closed=frozenset({FRIDAY}))
    assert russia.hours_on(date(2026, 6, 12)) == ()
    assert russia.hours_on(FRIDAY) == ()
    assert russia.hours_on(MONDAY) == NINE_TO_SIX


def test_a_day_opened_by_hand_wins_over_weekend_holiday_and_closed_day() -> None:
    sunday, holiday = date(2026, 11, 22), date(2026, 6, 12)
    opened = frozenset({sunday, holiday, FRIDAY})
    busy = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY, country="RU", closed=frozenset({FRIDAY}), opened=opened)
    assert [busy.hours_on(day) for day in sorted(opened)] == [NINE_TO_SIX] * 3


def test_a_weekend_worked_in_exchange_has_the_usual_hours() -> None:
    worked = next(
        date(2026, 1, 1) + timedelta(days=number)
        for number in range(365)
        if is_worked_weekend("CN", date(2026, 1, 1) + timedelta(days=number))
    )
    china = WorkingTime(ZoneInfo("Asia/Shanghai"), MONDAY_TO_FRIDAY, country="CN")
    assert worked.weekday() in weekend_of("CN")
    assert china.hours_on(worked) == NINE_TO_SIX


def test_each_country_has_its_own_weekend_and_holidays() -> None:
    assert weekend_of("IR") == {4}
    assert weekend_of("RU") == weekend_of("XX") == {5, 6}
    assert {"RU", "IR", "CN", "KR", "DE", "US"} <= countries()
    assert holiday_on("DE", date(2026, 10, 3)) is not None
    assert holiday_on("RU", date(2026, 10, 3)) is None
    assert holidays_in("XX", 2026) == {}
    assert list(holidays_in("KR", 2026)) == sorted(holidays_in("KR", 2026))


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 10, 26), 24)],
)
def test_a_day_of_changing_clocks_is_as_long_as_it_is(day: date, hours: int) -> None:
    house = always(BERLIN)
    begin, end = at(day, 0, zone=BERLIN), at(day + timedelta(days=1), 0, zone=BERLIN)
    assert house.between(begin, end) == timedelta(hours=hours)


def test_nine_oclock_stays_nine_oclock_when_summer_time_begins() -> None:
    office = WorkingTime(BERLIN, MONDAY_TO_FRIDAY)
    friday, monday = date(2026, 3, 27), date(2026, 3, 30)
    assert office.after(at(friday, 17, zone=BERLIN), timedelta(hours=2)) == at(monday, 10, zone=BERLIN)
    assert at(monday, 10, zone=BERLIN).astimezone(UTC).hour == 8


def test_hours_that_the_clock_leaps_over_are_worked_an_hour_later() -> None:
    night = WorkingTime(BERLIN, ((Hours(2 * 60 + 10, 2 * 60 + 50),),) * 7)
    leaping = WorkingTime(BERLIN, ((Hours(2 * 60 + 30, 3 * 60),),) * 7)
    day = date(2026, 3, 29)
    begin, end = at(day, 0, zone=BERLIN), at(day, 12, zone=BERLIN)
    assert night.between(begin, end) == timedelta(minutes=40)
    assert night.next_open(begin) == at(day, 3, 10, zone=BERLIN)
    assert leaping.between(begin, end) == timedelta(0)


def test_a_house_that_never_opens_still_answers() -> None:
    never = WorkingTime(MOSCOW, ((),) * 7)
    assert never.next_open(at(FRIDAY, 9)) == at(FRIDAY, 9)
    assert never.after(at(FRIDAY, 9), timedelta(hours=1)) == at(FRIDAY, 10)
    assert never.before(at(FRIDAY, 9), timedelta(hours=1)) == at(FRIDAY, 8)
    assert never.between(at(FRIDAY, 9), at(MONDAY, 9)) == timedelta(0)


@pytest.mark.parametrize(
    ("hour", "expected"), [(20, at(FRIDAY, 20)), (22, at(date(2026, 11, 21), 8)), (3, at(FRIDAY, 8))]
)
def test_what_would_disturb_in_the_night_waits_for_the_morning(hour: int, expected: datetime) -> None:
    house = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY, quiet=Quiet(21 * 60, 8 * 60))
    assert house.undisturbing(at(FRIDAY, hour)) == expected
    assert not house.is_quiet(expected)


def test_quiet_hours_over_noon_end_the_same_day() -> None:
    house = WorkingTime(TEHRAN, MONDAY_TO_FRIDAY, quiet=Quiet(13 * 60, 15 * 60))
    assert house.undisturbing(at(FRIDAY, 14, zone=TEHRAN)) == at(FRIDAY, 15, zone=TEHRAN)
    assert OFFICE.undisturbing(at(FRIDAY, 3)) == at(FRIDAY, 3)


@pytest.mark.parametrize(
    ("hour", "minute", "expected"),
    [(22, 29, False), (22, 30, True), (0, 0, True), (7, 14, True), (7, 15, False)],
)
def test_quiet_hours_begin_and_end_on_the_minute(hour: int, minute: int, expected: bool) -> None:
    house = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY, quiet=Quiet(22 * 60 + 30, 7 * 60 + 15))
    assert house.is_quiet(at(FRIDAY, hour, minute)) is expected
    by_day = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY, quiet=Quiet(7 * 60 + 15, 22 * 60 + 30))
    assert by_day.is_quiet(at(FRIDAY, hour, minute)) is not expected


@pytest.mark.parametrize("minute", [0, 12 * 60])
def test_quiet_hours_of_no_length_keep_nobody_waiting(minute: int) -> None:
    house = WorkingTime(MOSCOW, MONDAY_TO_FRIDAY, quiet=Quiet(minute, minute))
    assert house.undisturbing(at(FRIDAY, minute // 60)) == at(FRIDAY, minute // 60)


@pytest.mark.parametrize("utc_hour", [0, 1])
def test_when_the_clock_is_put_back_nobody_waits_a_day_longer(utc_hour: int) -> None:
    house = WorkingTime(BERLIN, MONDAY_TO_FRIDAY, quiet=Quiet(22 * 60, 2 * 60 + 30))
    quarter_past_two = datetime(2026, 10, 25, utc_hour, 15, tzinfo=UTC)
    assert house.is_quiet(quarter_past_two), "the clock shows it twice"
    assert house.undisturbing(quarter_past_two) == quarter_past_two + timedelta(minutes=15)


def test_at_closing_time_work_begins_when_the_office_opens_next() -> None:
    assert OFFICE.next_open(at(FRIDAY, 18)) == at(MONDAY, 9)
    assert OFFICE.after(at(FRIDAY, 18), timedelta(0)) == at(MONDAY, 9)


def test_whole_days_back_begin_when_the_office_opened() -> None:
    assert OFFICE.before(at(FRIDAY, 18), timedelta(hours=9)) == at(FRIDAY, 9)
    assert OFFICE.before(at(MONDAY, 18), timedelta(hours=18)) == at(FRIDAY, 9)


@pytest.mark.parametrize(("begin", "end"), [(-1, 60), (60, 60), (120, 60), (0, 24 * 60 + 1)])
def test_hours_that_end_before_they_begin_are_refused(begin: int, end: int) -> None:
    with pytest.raises(ValueError, match="hours from"):
        Hours(begin, end)


ZONES = some.sampled_from(
    [MOSCOW, BERLIN, TEHRAN, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("America/Sao_Paulo")]
)
DAYS = some.sampled_from(
    [(), NINE_TO_SIX, WITH_LUNCH, (Hours(0, 24 * 60),), (Hours(0, 150), Hours(23 * 60, 24 * 60))]
)
WEEKS = some.tuples(*(DAYS,) * 6, some.just(NINE_TO_SIX))
MOMENTS = some.integers(0, 3 * 365 * 86400).map(
    lambda second: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)
STRETCHES = some.timedeltas(timedelta(seconds=1), timedelta(hours=100))


@given(ZONES, WEEKS, MOMENTS, STRETCHES)
def test_so_much_work_from_now_is_as_far_as_it_is_counted(
    zone: ZoneInfo, week: tuple[tuple[Hours, ...], ...], now: datetime, worked: timedelta
) -> None:
    house = WorkingTime(zone, week, country="RU")
    due, since = house.after(now, worked), house.before(now, worked)
    assert house.between(now, due) == worked == house.between(since, now)
    assert house.between(now, due - timedelta(microseconds=1)) < worked
    assert house.between(since + timedelta(microseconds=1), now) < worked


@given(ZONES, some.integers(0, 1439), some.integers(1, 720), MOMENTS)
def test_whatever_the_clocks_do_quiet_hours_end(
    zone: ZoneInfo, begin: int, length: int, now: datetime
) -> None:
    house = WorkingTime(zone, MONDAY_TO_FRIDAY, quiet=Quiet(begin, (begin + length) % 1440))
    until = house.undisturbing(now)
    assert not house.is_quiet(until)
    assert now <= until <= now + timedelta(minutes=length + 60)
    assert until == now or house.is_quiet(now)


@given(ZONES, WEEKS, some.lists(MOMENTS, min_size=3, max_size=3).map(sorted))
def test_parts_add_up_to_the_whole(
    zone: ZoneInfo, week: tuple[tuple[Hours, ...], ...], moments: list[datetime]
) -> None:
    house = WorkingTime(zone, week)
    first, second, third = moments
    assert house.between(first, second) + house.between(second, third) == house.between(first, third)
    assert house.between(first, third) <= third - first
    assert house.is_open(house.next_open(first))
