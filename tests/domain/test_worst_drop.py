"""Why most is lost where it is lost: the stage before, what is usual, and how the deals were called."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from pbx_crm.domain.deal_ways import moment_of
from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.funnel_report import report
from pbx_crm.domain.worst_drop import Called, Talks, WorstDrop, settled_at, worst_drop
from tests.builders import NOW
from tests.domain.one_by_one import Step, ToldDeal, cohort_of
from tests.domain.test_funnel_report import FUNNEL

LATER = NOW + timedelta(days=30)
BODY = [stage for stage in FUNNEL.stages if stage.kind not in (StageKind.WON, StageKind.LOST)]
LOST = next(stage for stage in FUNNEL.stages if stage.kind is StageKind.LOST)


def deal(number: int, reached: int, *, lost: bool) -> ToldDeal:
    """A deal that went on a stage a day up to this one, and was lost the day after or stayed."""
    stages = [stage.id for stage in BODY[: reached + 1]] + ([LOST.id] if lost else [])
    steps = [Step(number * 100 + day, stage, NOW + timedelta(days=day)) for day, stage in enumerate(stages)]
    return ToldDeal(number, Decimal(1), "EUR", tuple(steps))


def cohort(dropped: int, passed: int, at: int = 1) -> list[ToldDeal]:
    """So many deals lost in this stage, and so many that got past it."""
    lost = [deal(number, at, lost=True) for number in range(dropped)]
    return lost + [deal(1000 + number, at + 1, lost=False) for number in range(passed)]


def found(
    deals: list[ToldDeal],
    usual: list[ToldDeal] | None = None,
    talks: Mapping[int, list[datetime]] | None = None,
    funnel: Funnel = FUNNEL,
) -> WorstDrop | None:
    """What is told of these deals, months later."""
    before = report(funnel, cohort_of(usual, funnel), LATER) if usual is not None else None
    cohort = cohort_of(deals, funnel)
    rows = [(deal_id, moment_of(at)) for deal_id, moments in (talks or {}).items() for at in moments]
    spoken = Talks(*np.array(rows, dtype=np.int64).reshape(-1, 2).T)
    return worst_drop(report(funnel, cohort, LATER), before, cohort, spoken)


def settled(deals: list[ToldDeal]) -> list[int]:
    """The deals whose fate in the worst stage is known."""
    found: list[int] = settled_at(report(FUNNEL, cohort_of(deals, FUNNEL), LATER)).tolist()
    return found


def test_the_worst_stage_stands_beside_the_one_before_and_what_is_usual_in_both() -> None:
    drop = found(cohort(82, 118), cohort(44, 156))
    assert drop is not None
    assert drop.usual is not None
    assert drop.stage.dropped is not None
    assert drop.before is not None
    assert drop.usual_before is not None
    assert (drop.stage.stage, drop.before.stage) == (BODY[1], BODY[0])
    assert (round(drop.stage.dropped.percent), round(drop.usual.percent)) == (41, 22)
    assert round(drop.usual_before.percent) == 100
    assert drop.is_unusual


def test_a_difference_that_chance_explains_is_not_called_unusual() -> None:
    drop = found(cohort(5, 7), cohort(4, 8))
    assert drop is not None
    assert drop.usual is not None
    assert not drop.is_unusual


def test_only_conversations_before_a_deal_left_the_stage_are_told() -> None:
    deals = cohort(10, 10)
    hours = timedelta(hours=1)
    lost = {number: [NOW + hours, NOW + timedelta(days=9)] for number in range(10)}
    kept = {1000 + number: [NOW, NOW + hours, NOW + timedelta(days=5)] for number in range(10)}
    drop = found(deals, None, lost | kept)
    assert drop is not None
    assert drop.called == Called(1.0, 2.0)


@pytest.mark.parametrize(("dropped", "passed"), [(9, 30), (30, 9)])
def test_of_few_deals_nothing_is_said_about_their_conversations(dropped: int, passed: int) -> None:
    drop = found(cohort(dropped, passed))
    assert drop is not None
    assert drop.called is None


def test_where_nothing_is_lost_nothing_is_told() -> None:
    deals = cohort(0, 20)
    assert found(deals) is None
    assert settled(deals) == []


def test_the_first_stage_has_none_before_it() -> None:
    drop = found(cohort(15, 15, at=0))
    assert drop is not None
    assert (drop.before, drop.usual_before) == (None, None)
    assert len(settled(cohort(15, 15, at=0))) == 30
