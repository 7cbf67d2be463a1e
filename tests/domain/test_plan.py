"""Plans against facts: pace by working time, and what so many contracts take."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.plan import Clock, Metric, Pace, PlanCell, plan_report
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.planner import Need, Wanted, need_of
from pbx_crm.domain.working_time import Hours, WorkingTime, always
from tests.domain.synthetic_firms import Firm
from tests.domain.test_forecast import plain

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = ((Hours(9 * 60, 17 * 60),),) * 5 + ((), ())
OFFICE = WorkingTime(BERLIN, NINE_TO_FIVE)
NOVEMBER = PlanPeriod(date(2026, 11, 1))


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("2026-11", date(2026, 11, 1)),
        ("2024-02", date(2024, 2, 1)),
        ("2026-W47", date(2026, 11, 16)),
        ("2026-Q4", date(2026, 10, 1)),
        # The first week of 2027 begins in it; 2026 has fifty-three.
        ("2027-W01", date(2027, 1, 4)),
        ("2026-W53", date(2026, 12, 28)),
        ("2027-W53", date(2026, 12, 1)),
        ("2026-W00", date(2026, 12, 1)),
        ("2026-Q0", date(2026, 12, 1)),
        ("2026-Q5", date(2026, 12, 1)),
        ("", date(2026, 12, 1)),
        ("2026-13", date(2026, 12, 1)),
        ("2026-11-05", date(2026, 12, 1)),
        ("9999-12", date(2026, 12, 1)),
        ("0001-01", date(2026, 12, 1)),
    ],
)
def test_what_is_no_period_means_the_present_one(key: str, first: date) -> None:
    assert PlanPeriod.of(key, date(2026, 12, 24)).first == first


@given(st.sampled_from(PeriodKind), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_periods_follow_one_another_without_a_gap(kind: PeriodKind, day: date) -> None:
    period = PlanPeriod.at(kind, day)
    assert period.days.first <= day <= period.days.last
    assert period.next.before == period
    assert period.days.last + timedelta(days=1) == period.next.first
    assert PlanPeriod.of(period.key, date(2000, 1, 1)) == period
    assert len(period.key) <= 8


def test_another_length_is_about_the_same_time() -> None:
    october = PlanPeriod(date(2026, 10, 1))
    today = date(2026, 11, 21)
    assert october.as_kind(PeriodKind.WEEK, today).key == "2026-W40"
    assert NOVEMBER.as_kind(PeriodKind.WEEK, today).key == "2026-W47"
    assert NOVEMBER.as_kind(PeriodKind.QUARTER, today).as_kind(PeriodKind.MONTH, today) == NOVEMBER


def test_a_week_and_a_quarter_have_their_own_working_time() -> None:
    wednesday = datetime(2026, 11, 18, 13, tzinfo=BERLIN)
    week = Clock.of(PlanPeriod.at(PeriodKind.WEEK, wednesday.date()), wednesday, BERLIN, OFFICE)
    assert (week.share, week.days_left) == (Decimal("0.5"), 3)
    quarter = Clock.of(PlanPeriod.at(PeriodKind.QUARTER, wednesday.date()), wednesday, BERLIN, OFFICE)
    assert quarter.days_left == 3 + 6 + 23


@pytest.mark.parametrize(
    ("now", "share", "days_left"),
    [
        (datetime(2026, 10, 20, tzinfo=BERLIN), 0, 21),
        # Monday the second at noon: three of the month's 168 working hours, and today is one of its days.
        (datetime(2026, 11, 2, 12, tzinfo=BERLIN), 3 / 168, 21),
        # On a Saturday nothing of the week before is left, and none of the days is today.
        (datetime(2026, 11, 21, 12, tzinfo=BERLIN), 120 / 168, 6),
        (datetime(2026, 11, 30, 23, tzinfo=BERLIN), 1, 1),
        (datetime(2026, 12, 5, tzinfo=BERLIN), 1, 0),
    ],
)
def test_the_pace_is_by_working_time(now: datetime, share: float, days_left: int) -> None:
    clock = Clock.of(NOVEMBER, now.astimezone(UTC), BERLIN, OFFICE)
    assert float(clock.share) == pytest.approx(share, abs=1e-4)
    assert clock.days_left == days_left


def test_days_off_are_no_days_left() -> None:
    off = WorkingTime(BERLIN, NINE_TO_FIVE, closed=frozenset({date(2026, 11, 30)}))
    now = datetime(2026, 11, 27, 9, tzinfo=BERLIN)
    assert Clock.of(NOVEMBER, now, BERLIN, off).days_left == 1


def test_without_a_calendar_the_clock_alone_tells() -> None:
    never = WorkingTime(BERLIN, ((),) * 7)
    now = datetime(2026, 11, 16, tzinfo=BERLIN)
    assert Clock.of(NOVEMBER, now, BERLIN, never) == Clock(Decimal("0.5"), 0)
    assert Clock.of(NOVEMBER, now, BERLIN, always(BERLIN)).share == Decimal("0.5")


@pytest.mark.parametrize(
    ("target", "fact", "pace"),
    [
        (None, 5, None),
        (10, 10, Pace.DONE),
        (10, 5, Pace.ON),
        (10, 4, Pace.LATE),
        (10, 3, Pace.BEHIND),
        (10, 0, Pace.BEHIND),
    ],
)
def test_half_way_through_half_of_it_is_on_pace(target: int | None, fact: int, pace: Pace | None) -> None:
    cell = PlanCell(None if target is None else Decimal(target), Decimal(fact), Decimal("0.5"))
    assert cell.pace is pace
    assert cell.by_end == 2 * fact


def test_before_a_month_begins_nobody_is_late() -> None:
    cell = PlanCell(Decimal(10), Decimal(0), Decimal(0))
    assert (cell.pace, cell.by_end, cell.percent) == (Pace.ON, None, 0)


def test_the_row_of_all_is_the_sum_of_the_rows() -> None:
    targets = {(1, Metric.DEALS): Decimal(3), (2, Metric.DEALS): Decimal(4)}
    facts = {(1, Metric.DEALS): Decimal(1), (2, Metric.SUM): Decimal("9.50"), (9, Metric.DEALS): Decimal(7)}
    sellers = [(1, "Anna"), (2, "Boris")]
    clock = Clock(Decimal("0.5"), 9)
    found = plan_report(NOVEMBER, clock, "EUR", sellers, targets, facts, is_whole=True)
    assert found.total is not None
    deals, money = found.total.cells[Metric.DEALS], found.total.cells[Metric.SUM]
    assert deals.target == Decimal(7)
    assert deals.fact == Decimal(1)
    assert money.target is None
    assert money.fact == Decimal("9.50")
    rows = found.table().records()
    assert len(rows) == 3 * len(Metric)
    assert rows[2] == {
        "period": "2026-11",
        "seller": "Anna",
        "metric": "deals",
        "plan": "3",
        "fact": "1",
        "percent": 33,
        "by_end": "2.0",
        "pace": "behind",
        "currency": None,
    }
    alone = plan_report(NOVEMBER, clock, "EUR", sellers[:1], targets, facts, is_whole=False)
    assert alone.total is None


def test_what_some_did_without_a_plan_is_not_measured_by_the_others_plans() -> None:
    targets = {(1, Metric.CALLS): Decimal(10), (1, Metric.DEALS): Decimal(3)}
    facts = {(1, Metric.CALLS): Decimal(5), (2, Metric.CALLS): Decimal(70), (1, Metric.DEALS): Decimal(1)}
    sellers = [(1, "Anna"), (2, "Boris")]
    clock = Clock(Decimal("0.5"), 9)
    total = plan_report(NOVEMBER, clock, "EUR", sellers, targets, facts, is_whole=True).total
    assert total is not None
    assert total.cells[Metric.CALLS].target is None
    assert total.cells[Metric.CALLS].fact == Decimal(75)
    # Boris won nothing: the plan for deals is all there is to measure.
    assert total.cells[Metric.DEALS].target == Decimal(3)


def test_one_in_two_is_won_after_three_talks_each() -> None:
    """So a contract takes two clients and six answered calls, and ten of them ten times as many."""
    need = need_of(plain(300, 0.5, 2), 300.5, np.full(290, 3))
    assert need is not None
    assert need.clients(10).about == pytest.approx(20, abs=1)
    assert need.talks(10).about == pytest.approx(60, abs=2)
    assert need.talks(0).about == 0


def test_the_more_is_known_the_closer_the_bounds() -> None:
    few, many = (need_of(plain(count, 0.5, 2), count + 0.5, np.array([3, 1] * 40)) for count in (60, 350))
    assert few is not None
    assert many is not None
    assert many.clients_spread < few.clients_spread


@pytest.mark.parametrize("seed", range(6))
def test_what_is_needed_is_what_the_known_rates_say(seed: int) -> None:
    firm = Firm.of(seed)
    stays, _ = firm.years(seed, 360)
    need = need_of(stays, 360, np.full(100, 2))
    assert need is not None
    work = len(firm.days)
    absorbed = np.linalg.inv(np.eye(work) - firm.onward[:, :work]) @ firm.onward[:, work]
    assert need.clients_each == pytest.approx(1 / absorbed[0], rel=0.12)


@pytest.mark.parametrize(
    ("count", "share_won", "talks"), [(300, 0.02, [3]), (20, 0.9, [3]), (300, 0.5, [0, 0])]
)
def test_of_too_few_deals_or_without_a_call_nothing_is_said(
    count: int, share_won: float, talks: list[int]
) -> None:
    assert need_of(plain(count, share_won, 2), count + 0.5, np.array(talks)) is None


@given(st.integers(0, 1000), st.floats(1, 500), st.floats(0, 1))
def test_the_bounds_hold_the_figure(contracts: int, each: float, spread: float) -> None:
    wanted = Wanted.of(contracts, each, spread)
    assert wanted.least <= wanted.about <= wanted.most
    assert Need(each, spread, each, spread).clients(contracts) == wanted
