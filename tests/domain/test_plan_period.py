"""Weeks, months and quarters a plan runs for: one after the other, without a day between them or in two."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod

TODAY = date(2026, 11, 21)
DAYS = st.dates(date(1980, 1, 1), date(2200, 12, 31))
KINDS = st.sampled_from(PeriodKind)


@given(KINDS, DAYS)
def test_each_day_lies_in_exactly_one_period(kind: PeriodKind, day: date) -> None:
    period = PlanPeriod.at(kind, day)
    assert period.days.first <= day <= period.days.last
    assert period.next.first == period.days.last + timedelta(days=1)
    assert period.next.before == period
    assert period.before.days.last == period.first - timedelta(days=1)


@given(KINDS, DAYS)
def test_an_address_leads_back_to_its_period(kind: PeriodKind, day: date) -> None:
    period = PlanPeriod.at(kind, day)
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
