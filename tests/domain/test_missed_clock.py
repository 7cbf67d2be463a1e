"""The missed-call clock for one number: what is one wait, how it ends, and who is next to call."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.missed_clock import (
    LEAST_WAITS,
    NEVER_AFTER,
    MissedReport,
    NumberCall,
    Wait,
    WaitRow,
    WaitState,
    waits_of,
)
from pbx_crm.domain.working_time import Hours, WorkingTime, always
from tests.builders import NOW

ROUND_THE_CLOCK = always(UTC)


def at(minutes: float) -> datetime:
    """A moment of the day under test."""
    return NOW + timedelta(minutes=minutes)


def call(
    number: int,
    minutes: float,
    *,
    incoming: bool = True,
    answered: float | None = None,
    ended: float | None = 1,
    counted: bool = True,
    working: WorkingTime = ROUND_THE_CLOCK,
) -> NumberCall:
    """A call that begins so many minutes in; the others are counted from its begin."""
    return NumberCall(
        number,
        incoming,
        at(minutes),
        None if answered is None else at(minutes + answered),
        None if ended is None else at(minutes + ended),
        limit_minutes=15,
        working=working,
        is_counted=counted,
    )


def test_the_limit_waits_for_the_morning_with_the_client() -> None:
    # They hang up a minute after they called, and five minutes later the house closes.
    closing = at(6).astimezone(UTC)
    day = (Hours(9 * 60, closing.hour * 60 + closing.minute),)
    office = WorkingTime(UTC, (day,) * 7)
    (wait,) = waits_of([call(1, 0, working=office)])
    morning = datetime.combine(closing.date() + timedelta(days=1), time(9), UTC)
    assert wait.due_at == morning + timedelta(minutes=10)
    answered = (morning - at(0)).total_seconds() / 60
    (in_time,) = waits_of([call(1, 0, working=office), call(2, answered, incoming=False, answered=9)])
    (late,) = waits_of([call(1, 0, working=office), call(2, answered, incoming=False, answered=11)])
    much_later = at(3 * 24 * 60)
    assert (in_time.state(much_later), late.state(much_later)) == (WaitState.IN_TIME, WaitState.LATE)


def states(*calls: NumberCall, now: float = 60) -> list[WaitState]:
    """How the waits in these calls stand."""
    return [wait.state(at(now)) for wait in waits_of(calls)]


def test_a_client_who_tries_five_times_waits_once() -> None:
    (wait,) = waits_of([call(number, number) for number in range(5)])
    assert (wait.tries, wait.call_id, wait.state(at(60))) == (5, 0, WaitState.WAITING)


def test_called_back_within_the_limit_is_in_time_to_the_second() -> None:
    missed = call(1, 0, ended=1)
    assert states(missed, call(2, 15, incoming=False, answered=1)) == [WaitState.IN_TIME]
    assert states(missed, call(2, 15, incoming=False, answered=1.1)) == [WaitState.LATE]


def test_a_client_who_calls_again_and_is_answered_got_through_by_themselves() -> None:
    assert states(call(1, 0), call(2, 5, answered=0.2)) == [WaitState.GOT_THROUGH]


def test_a_call_back_that_nobody_picks_up_ends_no_wait() -> None:
    (wait,) = waits_of([call(1, 0), call(2, 5, incoming=False), call(3, 9, incoming=False)])
    assert (wait.our_tries, wait.state(at(60))) == (2, WaitState.WAITING)


def test_after_a_talk_the_next_missed_call_waits_anew() -> None:
    history = [call(1, 0), call(2, 5, incoming=False, answered=1), call(3, 20)]
    assert states(*history) == [WaitState.IN_TIME, WaitState.WAITING]


def test_a_wait_of_a_week_after_the_last_try_is_never_called_back() -> None:
    missed = call(1, 0)
    week = NEVER_AFTER.total_seconds() / 60
    assert states(missed, now=week) == [WaitState.WAITING]
    assert states(missed, now=week + 1) == [WaitState.NEVER]


def test_a_call_that_still_rings_is_not_missed() -> None:
    assert states(call(1, 0, ended=None)) == []


def test_a_talk_that_went_on_when_they_called_again_does_not_end_the_wait() -> None:
    going_on = call(1, 0, answered=0.1, ended=30)
    assert states(going_on, call(2, 10)) == [WaitState.WAITING]


def test_calling_the_client_while_the_client_calls_us_is_calling_back() -> None:
    ours = call(1, 0, incoming=False, answered=1)
    (wait,) = waits_of([ours, call(2, 0.5, ended=2)])
    assert wait.state(at(60)) is WaitState.IN_TIME
    assert wait.seconds == 0


HISTORY = st.lists(
    st.builds(
        call,
        st.integers(1, 10**6),
        st.integers(0, 60 * 24 * 20),
        incoming=st.booleans(),
        answered=st.none() | st.integers(0, 5),
        ended=st.none() | st.integers(6, 20),
    ),
    max_size=12,
    unique_by=(lambda made: made.call_id, lambda made: made.started_at),
)


@given(HISTORY)
def test_every_missed_call_is_of_exactly_one_wait(history: list[NumberCall]) -> None:
    missed = [made for made in history if made.is_incoming and not made.answered_at and made.ended_at]
    waits = waits_of(history)
    assert sum(wait.tries for wait in waits) == len(missed)
    assert {wait.call_id for wait in waits} <= {made.call_id for made in missed}
    for earlier, following in pairwise(waits):
        assert earlier.talked_at is not None
        assert earlier.talked_at <= following.began_at
    assert all(wait.seconds is None or wait.seconds >= 0 for wait in waits)


@given(HISTORY)
def test_a_wait_ends_with_the_first_talk_after_it_began(history: list[NumberCall]) -> None:
    for wait in waits_of(history):
        talks = [made.answered_at for made in history if made.answered_at]
        after = [moment for moment in talks if moment > wait.began_at]
        assert wait.talked_at == (min(after) if after else None)


def row(minutes: float, *, talked: float | None = None, called_back: bool = True, limit: int = 15) -> WaitRow:
    """A wait that began so many minutes in and ended that much later."""
    began = at(minutes)
    talked_at = None if talked is None else began + timedelta(minutes=talked)
    due_at = began + timedelta(minutes=limit)
    wait = Wait(int(minutes), began, began, began, 1, 0, talked_at, called_back, limit, due_at, True)
    return WaitRow(wait, wait.state(NOW), None, "+79051234567", None, "")


def test_who_can_still_be_reached_in_time_is_called_first_then_the_latest() -> None:
    waiting = (row(-300), row(-5), row(-200), row(-20, limit=21), row(-10, talked=2))
    report = MissedReport(waiting, NOW, 0)
    assert [entry.wait.call_id for entry in report.to_call] == [-20, -5, -200, -300]


def test_the_ways_of_ending_add_up_to_all_numbers() -> None:
    rows = (row(-300), row(-9, talked=2), row(-99, talked=50), row(-50, talked=1, called_back=False))
    report = MissedReport((*rows, row(-60 * 24 * 8)), NOW, 0)
    assert [report.count(state) for state in WaitState] == [1, 1, 1, 1, 1]
    assert sum(len(report.listed(state)) for state in WaitState) == len(report.rows)
    assert report.listed(None) == report.rows


def test_under_the_sample_floor_nothing_is_told() -> None:
    few = MissedReport(tuple(row(-30, talked=2) for _ in range(LEAST_WAITS - 1)), NOW, 0)
    assert few.median_seconds is None
    assert few.percent(WaitState.IN_TIME) is None
    enough = MissedReport(tuple(row(-30, talked=number) for number in range(1, LEAST_WAITS + 1)), NOW, 0)
    assert enough.median_seconds == 5.5 * 60
    assert enough.percent(WaitState.IN_TIME) == 100
