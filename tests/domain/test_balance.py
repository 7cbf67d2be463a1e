"""What the board says about the balance of a funnel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.balance import FEWEST_DEALS, Hint, Imbalance, hints_of
from pbx_crm.domain.funnel import Stage, StageKind

KINDS = (StageKind.UNSORTED, *[StageKind.OPEN] * 3, StageKind.WON, StageKind.LOST)
STAGES = [Stage(place, 1, f"s{place}", kind, place, 0, 0) for place, kind in enumerate(KINDS)]


def said(*counts: int) -> list[Imbalance]:
    return [hint.kind for hint in hints_of(STAGES, dict(enumerate(counts)))]


@pytest.mark.parametrize(
    ("counts", "wanted"),
    [
        ((4, 4, 4, 4), []),
        ((1, 1, 8, 8), [Imbalance.TOP_DRY]),
        ((9, 3, 2, 2), [Imbalance.UNSORTED_FULL]),
        ((3, 4, 6, 2), [Imbalance.FEW_NEAR_CLOSING]),
        ((3, 4, 3, 0), [Imbalance.FEW_NEAR_CLOSING]),
        ((0, 1, 9, 1), [Imbalance.TOP_DRY, Imbalance.FEW_NEAR_CLOSING]),
        ((2, 0, 6, 1), []),
    ],
    ids=["even", "dry", "unsorted", "few", "none near closing", "two at once", "too few to say"],
)
def test_the_hint_names_what_is_out_of_balance(counts: tuple[int, ...], wanted: list[Imbalance]) -> None:
    assert said(*counts) == wanted


def test_it_names_the_stages_to_work_on() -> None:
    assert hints_of(STAGES, {0: 3, 1: 4, 2: 6, 3: 2}) == [
        Hint(Imbalance.FEW_NEAR_CLOSING, few="s3", plenty="s2")
    ]


@given(closed=st.integers(0, 10_000), counts=st.lists(st.integers(0, 50), min_size=4, max_size=4))
def test_closed_deals_change_nothing_and_few_open_ones_say_nothing(closed: int, counts: list[int]) -> None:
    assert said(*counts, closed, closed) == said(*counts)
    if sum(counts) < FEWEST_DEALS:
        assert said(*counts) == []


def test_a_funnel_of_two_stages_has_no_balance() -> None:
    assert hints_of([STAGES[0], STAGES[1], *STAGES[4:]], {0: 100, 1: 0}) == []
