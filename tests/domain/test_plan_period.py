"""Weeks, months and quarters a plan runs for: one after the other, without a day between them or in two."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1980, 1, 1), date(2200, 12, 31))
KINDS = st.sampled_from(PeriodKind)
CALENDARS = st.sampled_from(MonthCalendar)


@given(KINDS, DAYS, CALENDARS)
def test_each_day_lies_in_exactly_one_period(kind: PeriodKind, day: date, calendar: MonthCalendar) -> None:
    period = PlanPeriod.at(kind, day, calendar)
    assert period.days.first <= day <= period.days.last
    assert period.next.first == period.days.last + timedelta(days=1)
    assert period.next.before == period
    assert period.before.days.last == period.first - timedelta(days=1)


@given(KINDS, DAYS, CALENDARS)
def test_an_address_leads_back_to_its_period(kind: PeriodKind, day: date, calendar: MonthCalendar) -> None:
    period = PlanPeriod.at(kind, day, calendar)
    # The first days of 1980 lie in a week of 1979, which no company plans for.
    wanted = period if period.first.year >= 1980 else PlanPeriod(TODAY.replace(day=1))
    assert PlanPeriod.of(period.key, TODAY) == wanted


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("1980-01", date(1980, 1, 1)),
        ("1979-12", date(2026, 11, 1)),
        ("2200-12", date(2200, 12, 1)),
        ("2201-01", date(2026, 11, 1)),
    ],
)
def test_years_no_company_has_seen_mean_the_present_month(key: str, first: date) -> None:
    assert PlanPeriod.of(key, TODAY).first == first


@pytest.mark.parametrize("today", [date(2026, 11, 1), date(2026, 11, 21), date(2026, 11, 30)])
def test_from_the_present_month_one_comes_to_the_present_week(today: date) -> None:
    month = PlanPeriod.at(PeriodKind.MONTH, today)
    assert month.as_kind(PeriodKind.WEEK, today) == PlanPeriod.at(PeriodKind.WEEK, today)


@pytest.mark.parametrize("today", [date(2026, 10, 31), date(2026, 12, 1)])
def test_from_another_month_one_comes_to_its_first_week_and_its_quarter(today: date) -> None:
    november = PlanPeriod(date(2026, 11, 1))
    assert november.as_kind(PeriodKind.WEEK, today).first == date(2026, 10, 26)
    assert november.as_kind(PeriodKind.QUARTER, today).key == "2026-Q4"


@given(DAYS)
def test_weeks_of_our_calendar_are_numbered_as_iso_8601_numbers_them(day: date) -> None:
    year, week, _ = day.isocalendar()
    assert PlanPeriod.at(PeriodKind.WEEK, day).key == f"{year}-W{week:02}"


@pytest.mark.parametrize(
    "key", ["2026-W00", "2026-W54", "2025-W53", "1405-W54", "2026-Q5", "1405-13", "0000-01"]
)
def test_a_week_or_month_that_no_year_has_means_the_present_month(key: str) -> None:
    assert PlanPeriod.of(key, TODAY).key == "2026-11"


@pytest.mark.parametrize(
    ("kind", "key", "first", "last"),
    [
        (PeriodKind.MONTH, "1405-08", date(2026, 10, 23), date(2026, 11, 21)),
        (PeriodKind.QUARTER, "1405-Q3", date(2026, 9, 23), date(2026, 12, 21)),
        (PeriodKind.WEEK, "1405-W36", date(2026, 11, 21), date(2026, 11, 27)),
    ],
)
def test_a_company_in_iran_plans_by_its_own_months_and_weeks_from_saturday_on(
    kind: PeriodKind, key: str, first: date, last: date
) -> None:
    found = PlanPeriod.at(kind, TODAY, MonthCalendar.JALALI)
    assert (found.key, found.days.first, found.days.last) == (key, first, last)


def test_the_last_month_of_a_leap_year_in_iran_has_thirty_days() -> None:
    esfand = PlanPeriod.of("1403-12", TODAY)
    assert esfand.days.last == date(2025, 3, 20)
    assert esfand.days.count == 30
    assert esfand.next.key == "1404-01"


def test_what_was_planned_by_the_other_calendar_stays_to_be_read() -> None:
    assert PlanPeriod.of("2026-11", TODAY, MonthCalendar.JALALI).next.key == "2026-12"
    assert PlanPeriod.of("1405-08", TODAY, MonthCalendar.GREGORIAN).next.key == "1405-09"
