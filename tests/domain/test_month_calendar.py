"""Months one lives by: ours and Iran's, each day in one of them and every date there and back."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.installation import Installation
from pbx_crm.domain.month_calendar import MonthCalendar

DAYS = st.dates(date(1980, 1, 1), date(2200, 12, 31))
CALENDARS = st.sampled_from(MonthCalendar)


@given(DAYS, CALENDARS)
def test_a_date_leads_back_to_its_day_and_says_its_calendar(day: date, calendar: MonthCalendar) -> None:
    year, month, number = calendar.parts(day)
    assert calendar.day(year, month, number) == day
    assert MonthCalendar.of_year(year) is calendar


@given(DAYS, CALENDARS)
def test_a_day_lies_in_its_month_quarter_and_year_and_not_in_the_next(
    day: date, calendar: MonthCalendar
) -> None:
    month, quarter, year = calendar.month_of(day), calendar.quarter_of(day), calendar.year_of(day)
    assert year <= quarter <= month <= day < calendar.after_month(month) <= calendar.after_year(year)
    assert 29 <= (calendar.after_month(month) - month).days <= 31 or calendar is MonthCalendar.GREGORIAN
    assert 365 <= (calendar.after_year(year) - year).days <= 366


@given(st.integers(1360, 1570))
def test_months_of_iran_have_the_lengths_every_child_learns(year: int) -> None:
    firsts = [MonthCalendar.JALALI.day(year, month) for month in range(1, 13)]
    lengths = [(MonthCalendar.JALALI.after_month(first) - first).days for first in firsts]
    assert lengths[:6] == [31] * 6
    assert lengths[6:11] == [30] * 5
    assert lengths[11] in (29, 30)


def test_the_year_of_iran_begins_in_spring() -> None:
    assert MonthCalendar.JALALI.year_of(date(2026, 3, 20)) == date(2025, 3, 21)
    assert MonthCalendar.JALALI.year_of(date(2026, 3, 21)) == date(2026, 3, 21)


def test_a_month_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="month"):
        MonthCalendar.JALALI.day(1405, 13)


@pytest.mark.parametrize(
    ("region", "language", "said", "calendar"),
    [
        ("IR", "en", None, MonthCalendar.JALALI),
        ("DE", "fa", None, MonthCalendar.GREGORIAN),
        ("IR", "fa", MonthCalendar.GREGORIAN, MonthCalendar.GREGORIAN),
        ("DE", "de", MonthCalendar.JALALI, MonthCalendar.JALALI),
    ],
)
def test_a_company_plans_by_the_months_of_its_country_unless_it_says_otherwise(
    region: str, language: str, said: MonthCalendar | None, calendar: MonthCalendar
) -> None:
    assert Installation(region, language, "UTC", "EUR", months=said).calendar is calendar


def test_days_follow_each_other_through_the_end_of_a_leap_year() -> None:
    last = MonthCalendar.JALALI.day(1403, 12, 30)
    assert MonthCalendar.JALALI.parts(last + timedelta(days=1)) == (1404, 1, 1)
