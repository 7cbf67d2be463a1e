"""The funnel of a cohort: what is entered, passed, dropped, still open, and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.funnel_report import LEAST_DEALS, FunnelReport, median_stay, report, share
from tests.builders import NOW
from tests.domain.one_by_one import Stay, Step, ToldDeal, cohort_of, columns_of, way_of

KINDS = (StageKind.UNSORTED, StageKind.OPEN, StageKind.OPEN, StageKind.OPEN, StageKind.WON, StageKind.LOST)
UNSORTED, NEW, TALK, OFFER, WON, LOST = range(6)
FUNNEL = Funnel(
    1, "Telephony", "EUR", tuple(Stage(n, 1, f"Stage {n}", kind, n, n, 0) for n, kind in enumerate(KINDS))
)


def deal(number: int, *stages: int, hours: float = 1, amount: int = 0, currency: str = "EUR") -> ToldDeal:
    """A deal that came through these stages, so many hours in each; in the last since then."""
    began = NOW - timedelta(hours=hours * len(stages))
    steps = tuple(
        Step(100 * number + place, stage, began + timedelta(hours=hours * place))
        for place, stage in enumerate(stages)
    )
    return ToldDeal(number, Decimal(amount), currency, steps)


def told(*deals: ToldDeal, funnel: Funnel = FUNNEL) -> FunnelReport:
    """The report over these deals."""
    return report(funnel, cohort_of(deals, funnel), NOW)


def counts(found: FunnelReport, part: Part) -> list[int]:
    """One figure of every stage."""
    return [stage.count(part) for stage in found.stages]


def test_a_deal_that_was_won_entered_and_passed_every_stage_once() -> None:
    found = told(deal(1, UNSORTED, NEW, TALK, OFFER, WON))
    assert counts(found, Part.ENTERED) == [1, 1, 1, 1, 1]
    assert counts(found, Part.PASSED) == [1, 1, 1, 1, 0]
    assert counts(found, Part.HERE) == [0, 0, 0, 0, 1]


def test_a_skipped_stage_was_got_past_and_says_so() -> None:
    found = told(deal(1, UNSORTED, OFFER))
    assert counts(found, Part.ENTERED) == [1, 1, 1, 1, 0]
    assert [stage.skipped for stage in found.stages] == [0, 1, 1, 0, 0]


def test_a_way_back_takes_nothing_back_and_coming_again_counts_once() -> None:
    found = told(deal(1, UNSORTED, OFFER, NEW, OFFER, NEW))
    assert counts(found, Part.ENTERED) == [1, 1, 1, 1, 0]
    assert counts(found, Part.OPEN) == [0, 0, 0, 1, 0]
    assert counts(found, Part.HERE) == [0, 1, 0, 0, 0]


def test_a_lost_deal_is_dropped_where_it_had_come_furthest() -> None:
    found = told(deal(1, UNSORTED, TALK, NEW, LOST))
    assert counts(found, Part.DROPPED) == [0, 0, 1, 0, 0]
    assert counts(found, Part.HERE) == [0, 0, 0, 0, 0]


def test_a_lost_deal_taken_up_again_is_open() -> None:
    found = told(deal(1, UNSORTED, TALK, LOST, TALK))
    assert counts(found, Part.DROPPED) == [0] * 5
    assert counts(found, Part.OPEN) == [0, 0, 1, 0, 0]


def test_a_sale_that_was_taken_back_is_no_sale() -> None:
    found = told(deal(1, UNSORTED, NEW, WON, NEW))
    assert counts(found, Part.ENTERED) == [1, 1, 0, 0, 0]


def test_an_undone_move_never_was() -> None:
    moved = deal(1, UNSORTED, NEW, LOST)
    back = Step(999, NEW, NOW, undoes_id=moved.steps[-1].id)
    found = told(replace(moved, steps=(*moved.steps, back)))
    assert [step.to_stage_id for step in way_of((*moved.steps, back))] == [UNSORTED, NEW]
    assert counts(found, Part.DROPPED) == [0] * 5
    assert counts(found, Part.OPEN) == [0, 1, 0, 0, 0]


def test_amounts_in_another_currency_are_not_added_to_the_funnels() -> None:
    found = told(deal(1, NEW, amount=5), deal(2, NEW, amount=7, currency="USD"))
    assert [stage.amount for stage in found.stages] == [5, 5, 0, 0, 0]
    assert found.deals == 2


def test_a_retired_stage_stays_while_deals_of_the_time_lay_in_it() -> None:
    old = replace(FUNNEL.stages[TALK], is_retired=True)
    funnel = replace(FUNNEL, stages=(*FUNNEL.stages[:TALK], old, *FUNNEL.stages[TALK + 1 :]))
    without = told(deal(1, UNSORTED, OFFER), funnel=funnel)
    assert [stage.stage.id for stage in without.stages] == [UNSORTED, NEW, OFFER, WON]
    assert old in [stage.stage for stage in told(deal(1, TALK, OFFER), funnel=funnel).stages]


def test_the_worst_stage_is_named_by_share_and_only_if_enough_deals_tell() -> None:
    few = [deal(number, NEW, LOST) for number in range(LEAST_DEALS - 1)]
    assert told(*few).worst is None
    through = [deal(100 + number, NEW, TALK) for number in range(20)]
    half = [deal(200 + number, TALK, LOST) for number in range(10)]
    passing = [deal(300 + number, TALK, OFFER) for number in range(5)]
    worst = told(*few, *through, *half, *passing).worst
    assert worst is not None
    assert worst.stage.id == TALK
    assert worst.dropped is not None
    assert round(worst.dropped.percent) == 67


def test_open_deals_are_neither_passed_nor_dropped() -> None:
    found = told(*(deal(n, NEW, TALK) for n in range(10)), *(deal(50 + n, NEW) for n in range(30)))
    new = found.stages[NEW]
    assert new.settled == 10
    assert new.passed is not None
    assert new.passed.percent == 100


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    # After Wilson 1927; the usual worked examples.
    [(0, 10, 0.0, 27.75), (10, 10, 72.25, 100.0), (5, 10, 23.66, 76.34), (81, 263, 25.53, 36.62)],
)
def test_the_interval_is_wilsons(count: int, total: int, low: float, high: float) -> None:
    found = share(count, total)
    assert found is not None
    assert (round(found.low, 2), round(found.high, 2)) == (low, high)


@given(st.integers(LEAST_DEALS, 10_000), st.data())
def test_the_interval_holds_the_share_and_lies_within_all(total: int, data: st.DataObject) -> None:
    found = share(data.draw(st.integers(0, total)), total)
    assert found is not None
    assert -1e-9 <= found.low <= found.percent + 1e-9
    assert found.percent - 1e-9 <= found.high <= 100 + 1e-9


def test_below_the_floor_no_share_is_told() -> None:
    assert share(3, LEAST_DEALS - 1) is None
    assert share(0, 0) is None


def over(*seconds: float) -> list[Stay]:
    """Stays that ended."""
    return [Stay(length, is_over=True) for length in seconds]


def median_of(stays: list[Stay]) -> float | None:
    """What is told of these."""
    return median_stay(*columns_of(stays))


def test_the_median_of_ended_stays_is_the_middle_one() -> None:
    assert median_of(over(*range(1, 12))) == 6


def test_deals_that_still_stay_make_the_median_longer() -> None:
    ended = over(*range(1, 12))
    assert median_of([*ended, *(Stay(20, is_over=False) for _ in range(5))]) == 8
    assert median_of([*ended, *(Stay(20, is_over=False) for _ in range(12))]) is None


def test_below_the_floor_no_median_is_told() -> None:
    assert median_of(over(1, 2, 3)) is None


@dataclass(frozen=True)
class Walk:
    """A deal's life, and the truth about it kept while it was made up."""

    deal: ToldDeal
    stands: tuple[int, ...]
    """Stages of the moves that were not undone."""


@st.composite
def walks(draw: st.DrawFn) -> Walk:
    """Moves to anywhere, some undone at once, as the card allows it."""
    number = draw(st.integers(1, 10**6))
    at, steps = NOW - timedelta(days=90), list[Step]()
    stands: list[int] = []
    for place, (stage, hours, is_undone) in enumerate(
        draw(
            st.lists(st.tuples(st.integers(0, 5), st.integers(0, 200), st.booleans()), min_size=1, max_size=7)
        )
    ):
        steps.append(Step(10 * place, stage, at))
        if is_undone and stands:
            steps.append(Step(10 * place + 1, stands[-1], at + timedelta(minutes=1), undoes_id=10 * place))
        else:
            stands.append(stage)
        at = min(NOW, at + timedelta(hours=hours))
    return Walk(ToldDeal(number, Decimal(draw(st.integers(0, 99))), "EUR", tuple(steps)), tuple(stands))


COHORTS = st.lists(walks(), max_size=8, unique_by=lambda walk: walk.deal.id)


@given(COHORTS)
def test_in_every_stage_entered_is_passed_dropped_and_open(cohort: list[Walk]) -> None:
    found = told(*(walk.deal for walk in cohort))
    for stage in found.stages[:-1]:
        parts = [set(stage.ids[part]) for part in (Part.PASSED, Part.DROPPED, Part.OPEN)]
        assert sum(map(len, parts)) == len(set().union(*parts)) == stage.count(Part.ENTERED)
        assert len(set(stage.ids[Part.ENTERED])) == stage.count(Part.ENTERED)
    for stage, following in pairwise(found.stages):
        assert stage.ids[Part.PASSED].tolist() == following.ids[Part.ENTERED].tolist()
    assert found.deals == len(cohort)
    assert sum(counts(found, Part.DROPPED)) == sum(walk.stands[-1] == LOST for walk in cohort)
    assert sum(counts(found, Part.HERE)) == sum(walk.stands[-1] != LOST for walk in cohort)
    assert found.stages[-1].count(Part.ENTERED) == sum(walk.stands[-1] == WON for walk in cohort)


@given(COHORTS)
def test_every_deal_came_as_far_as_its_story_says(cohort: list[Walk]) -> None:
    found = told(*(walk.deal for walk in cohort))
    for walk in cohort:
        reached = [stage for stage in walk.stands if stage < WON]
        furthest = WON if walk.stands[-1] == WON else max(reached, default=UNSORTED)
        entered = [walk.deal.id in stage.ids[Part.ENTERED] for stage in found.stages]
        assert entered == [place <= furthest for place in range(len(found.stages))]


@given(COHORTS)
def test_amounts_and_skips_are_of_the_deals_entered(cohort: list[Walk]) -> None:
    found = told(*(walk.deal for walk in cohort))
    by_id = {walk.deal.id: walk for walk in cohort}
    for stage in found.stages:
        entered = [by_id[deal_id] for deal_id in stage.ids[Part.ENTERED].tolist()]
        assert stage.amount == sum(walk.deal.amount for walk in entered)
        assert stage.skipped == sum(stage.stage.id not in walk.stands for walk in entered)
