"""Calls step by step: every call in exactly one step, whatever the zone and whichever way it was counted."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.db import call_days
from pbx_crm.db.engine import Database
from pbx_crm.domain.call_trend import MOST_STEPS, CallTrend, Every, step_for, steps_of
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.services.rollups import Rollups
from tests.services.test_call_report import Office, invent_calls

LONG = Days(date(2026, 10, 1), date(2026, 11, 30))
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


async def trend(
    office: Office, viewer: Person, zone: str, every: Every = Every.DAY, **slices: Any
) -> CallTrend:
    """The trend of two months."""
    tz = ZoneInfo(zone)
    wanted = ReportFilter(LONG.span(tz), **slices)
    return await office.reports.call_trend(viewer.scope, wanted, every, list(steps_of(LONG, every, 0)), tz)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Tehran"])
async def test_each_step_is_what_the_report_over_its_days_says(office: Office, zone: str) -> None:
    await office.database.write(call_days.choose_zone, "Europe/Berlin")
    await office.happens(lambda tx: invent_calls(tx, office, 3))
    await Rollups(office.database).catch_up()
    cases: list[dict[str, Any]] = [{}, {"line_id": office.lines[0]}, {"person_id": office.anna.id}]
    for slices in cases:
        found = await trend(office, office.olga, zone, Every.WEEK, **slices)
        for step in found.steps:
            span = step.days.span(ZoneInfo(zone))
            report = await office.reports.calls(office.olga.scope, ReportFilter(span, **slices))
            whole = report.whole.total if report.whole else report.rows[0].counts
            told = ("answered", "missed", "dialled", "reached", "cold", "talk_seconds")
            assert {n: getattr(step.counts, n) for n in told} == {n: getattr(whole, n) for n in told}


async def test_a_seller_sees_their_own_trend_whoever_they_ask_for(office: Office) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, 4))
    own = await trend(office, office.anna, "UTC")
    assert own == await trend(office, office.olga, "UTC", person_id=office.anna.id)
    foreign = await trend(office, office.anna, "UTC", person_id=office.boris.id)
    assert not any(step.incoming or step.counts.dialled for step in foreign.steps)


async def test_days_without_a_call_are_steps_too(office: Office) -> None:
    found = await trend(office, office.olga, "UTC")
    assert len(found.steps) == len(found.table().rows) == LONG.count
    assert found.tallest == 1


@given(DAYS, st.integers(0, 3660), st.sampled_from(Every), st.sampled_from([0, 5, 6]))
def test_steps_are_all_the_days_one_after_another(first: date, more: int, every: Every, weekday: int) -> None:
    days = Days(first, first + timedelta(days=more))
    steps = list(steps_of(days, every, weekday))
    assert (steps[0].first, steps[-1].last) == (days.first, days.last)
    assert all(after.first - before.last == timedelta(days=1) for before, after in pairwise(steps))
    if every is Every.WEEK:
        assert all(step.first.weekday() == weekday for step in steps[1:])
    if every is Every.MONTH:
        assert all(step.first.day == 1 for step in steps[1:])


@given(DAYS, st.integers(0, 3660), st.sampled_from([None, *Every]))
def test_there_are_never_more_steps_than_can_be_told_apart(
    first: date, more: int, wished: Every | None
) -> None:
    days = Days(first, first + timedelta(days=more))
    assert len(list(steps_of(days, step_for(days, wished), 0))) <= MOST_STEPS + 1
