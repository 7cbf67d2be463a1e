"""What is counted in arrays is what counting deal by deal gives, whatever the deals went through."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.deal_stays import day_number, stays_of
from pbx_crm.domain.deal_ways import Ways, moment_of
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.funnel_report import LEAST_DEALS, report
from pbx_crm.domain.loss_report import stages_lost_in
from pbx_crm.domain.worst_drop import Talks, worst_drop
from tests.builders import NOW
from tests.domain.one_by_one import (
    Step,
    ToldDeal,
    cohort_of,
    counted_one_by_one,
    lost_in,
    median_one_by_one,
    stays_one_by_one,
    way_of,
    ways_of,
)

KINDS = (
    *(StageKind.UNSORTED, StageKind.OPEN, StageKind.OPEN, StageKind.OPEN, StageKind.OPEN),
    *(StageKind.WON, StageKind.WON, StageKind.LOST, StageKind.LOST),
)
STAGES = [Stage(10 + n, 1, f"Stage {n}", kind, n, 0, 0) for n, kind in enumerate(KINDS)]
# Out of use, and perhaps never visited; ids out of order, as after a stage was put in between.
FUNNEL = Funnel(
    1, "B2B", "EUR", (*STAGES[:2], STAGES[4], replace(STAGES[3], is_retired=True), STAGES[2], *STAGES[5:])
)
ELSEWHERE = 99
"""A stage of the funnel deals came from."""


def deal(chance: random.Random, number: int) -> ToldDeal:
    """A deal moved anywhere and back, now and then undone, at times twice within a moment."""
    at, steps = NOW - timedelta(days=chance.randrange(1, 200)), list[Step]()
    stages = [stage.id for stage in STAGES] + [ELSEWHERE]
    for place in range(chance.choice([1, 1, 2, 3, 5, 9])):
        likely = stages[: 1 + place] if chance.random() < 0.6 else stages
        steps.append(Step(chance.randrange(5) + 10 * place, chance.choice(likely), at))
        if chance.random() < 0.15:
            # A later move takes this one back, or an earlier one: people click where they like.
            undone = chance.choice(steps).id
            steps.append(Step(10 * place + 7, chance.choice(stages), at, undoes_id=undone or None))
        # Clocks of two machines: a move may lie a second before the one it follows.
        at += timedelta(microseconds=chance.choice([0, -(10**6), chance.randrange(10**13)]))
    currency = chance.choice(["EUR", "EUR", "USD"])
    amount = Decimal(chance.choice([0, 99_999_999_999, chance.randrange(10**9)])) / 100
    return ToldDeal(number, amount, currency, tuple(steps))


def deals(seed: int) -> list[ToldDeal]:
    """Some deals or many, in order of their ids."""
    chance = random.Random(seed)
    ids = sorted(chance.sample(range(1, 10**6), chance.choice([0, 1, 9, 60, 150])))
    return [deal(chance, number) for number in ids]


SEEDS = range(40)
FATES = (Part.DROPPED, Part.PASSED)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_funnel_is_the_same_counted_at_once_and_deal_by_deal(seed: int) -> None:
    cohort = deals(seed)
    found, slow = report(FUNNEL, cohort_of(cohort, FUNNEL), NOW), counted_one_by_one(FUNNEL, cohort, NOW)
    assert [stage.stage.id for stage in found.stages] == list(slow)
    for stage, tally in zip(found.stages, slow.values(), strict=True):
        assert {part: stage.ids[part].tolist() for part in Part} == tally.ids, stage.stage
        assert (stage.amount, stage.skipped) == (tally.amount, tally.skipped), stage.stage
        if not stage.is_won:
            assert stage.median_seconds == pytest.approx(median_one_by_one(tally.stays), abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_stays_are_the_same_found_at_once_and_deal_by_deal(seed: int) -> None:
    told = deals(seed)
    found = stays_of(ways_of(told), len(told), FUNNEL)
    rows = zip(
        *(getattr(found, name).tolist() for name in ("deal", "stage", "entered", "left", "to")), strict=True
    )
    slow = [
        (number, stage, day_number(entered), np.inf if left is None else day_number(left), to)
        for number, stage, entered, left, to in stays_one_by_one(told, FUNNEL)
    ]
    assert list(rows) == slow


@pytest.mark.parametrize("seed", SEEDS)
def test_deals_are_lost_in_the_stages_they_lay_in_before(seed: int) -> None:
    told = deals(seed)
    found = stages_lost_in(ways_of(told), len(told), FUNNEL).tolist()
    assert found == [lost_in(one, FUNNEL) for one in told]


@pytest.mark.parametrize("seed", SEEDS)
def test_in_whatever_order_moves_are_read_the_ways_are_those_of_each_deal(seed: int) -> None:
    told, chance = deals(seed), random.Random(seed)
    count = sum(len(one.steps) for one in told)
    ways = ways_of(told, chance.sample(range(count), count))
    assert list(steps_of(ways)) == [
        (number, step.to_stage_id) for number, one in enumerate(told) for step in way_of(one.steps)
    ]


def steps_of(ways: Ways) -> Iterator[tuple[int, int]]:
    """(deal's number, stage) of every step."""
    return zip(ways.deal.tolist(), ways.to.tolist(), strict=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_conversations_before_the_worst_stage_are_the_same_counted_deal_by_deal(seed: int) -> None:
    told, chance = deals(seed), random.Random(seed)
    cohort = cohort_of(told, FUNNEL)
    moments = cohort.ways.at.tolist()
    talks = [(one.id, chance.choice(moments)) for one in told for _ in range(chance.randrange(4))]
    columns = Talks(*np.array(talks, dtype=np.int64).reshape(-1, 2).T)
    found = report(FUNNEL, cohort, NOW)
    drop = worst_drop(found, None, cohort, columns)
    if drop is None or drop.called is None:
        assert found.worst is None or min(len(found.worst.ids[part]) for part in FATES) < LEAST_DEALS
        return
    further = {stage.stage.id for stage in found.stages[found.stages.index(drop.stage) + 1 :]}
    left_at = {one.id: moment_of(left(one, further).at) for one in told if way_of(one.steps)}
    for part, mean in zip(FATES, (drop.called.dropped, drop.called.passed), strict=True):
        ids = drop.stage.ids[part].tolist()
        assert mean == sum(at <= left_at[deal_id] for deal_id, at in talks if deal_id in ids) / len(ids)


def left(one: ToldDeal, further: set[int]) -> Step:
    """The step by which the deal got past a stage, else its last one."""
    way = way_of(one.steps)
    return next((step for step in way if step.to_stage_id in further), way[-1])
