"""What speaks against a number's being a client's, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.no_business import (
    ASKED_SELLERS,
    ASKS_ROUND_SECONDS,
    HANGS_UP_SECONDS,
    LEAST_ANSWERED,
    Caller,
    Habit,
    habit_of,
)


def _caller(answered: int, longest: float, sellers: int) -> Caller:
    return Caller("+79161234567", answered, longest, sellers)


@pytest.mark.parametrize(
    ("answered", "longest", "sellers", "habit"),
    [
        (5, 4, 1, Habit.HANGS_UP),
        (5, 19.9, 1, Habit.HANGS_UP),
        (5, 20, 1, None),
        (5, 45, 2, None),
        (5, 45, 3, Habit.ASKS_ROUND),
        (5, 60, 3, None),
        (4, 4, 4, None),
    ],
)
def test_short_talks_again_and_again_are_told_from_a_client(
    answered: int, longest: float, sellers: int, habit: Habit | None
) -> None:
    assert habit_of(_caller(answered, longest, sellers)) is habit


@given(
    st.integers(0, 3 * LEAST_ANSWERED),
    st.floats(0, 3 * ASKS_ROUND_SECONDS),
    st.integers(0, 2 * ASKED_SELLERS),
)
def test_who_was_once_listened_to_for_a_minute_is_never_proposed(
    answered: int, longest: float, sellers: int
) -> None:
    habit = habit_of(_caller(answered, longest, sellers))

    assert habit is None or (answered >= LEAST_ANSWERED and longest < ASKS_ROUND_SECONDS)


@given(st.integers(LEAST_ANSWERED, 99), st.floats(0, HANGS_UP_SECONDS, exclude_max=True), st.integers(1, 9))
def test_more_calls_of_the_same_kind_speak_no_less_against_it(
    answered: int, longest: float, sellers: int
) -> None:
    assert habit_of(_caller(answered, longest, sellers)) is Habit.HANGS_UP
