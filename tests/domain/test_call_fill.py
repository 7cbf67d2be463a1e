"""What was heard and what was written down become one list of calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pbx_crm.domain.call import Call, Direction, EndedBy, Leg, LegKind, Outcome
from pbx_crm.domain.call_fill import DeafTime, fill

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)


HEARD = Call(
    "1.1",
    Direction.IN,
    at(0),
    external_number="79031112233",
    rang=("101",),
    answered_by="101",
    outcome=Outcome.ANSWERED,
    answered_at=at(3),
    ended_at=at(20),
    ended_by=EndedBy.HANGUP,
    ring_seconds=2.5,
    talk_seconds=17,
    recorded=True,
)
LEG = Leg("1.2", "PJSIP/102", LegKind.SELLER, "102", None, at(12))
WRITTEN = replace(HEARD, rang=("102", "101"), recorded=False, ring_seconds=3, legs=(LEG,), talk_seconds=27)
GAP = DeafTime(at(10), at(15))


def test_a_call_heard_whole_is_left_as_it_was_heard() -> None:
    assert fill([HEARD], [WRITTEN], []) == [HEARD]


def test_a_call_nobody_heard_is_added_in_its_place() -> None:
    later = replace(HEARD, linkedid="2.1", started_at=at(60))
    missed = replace(WRITTEN, linkedid="1.5", started_at=at(30))
    assert [call.linkedid for call in fill([HEARD, later], [missed], [])] == ["1.1", "1.5", "2.1"]


def test_an_end_in_a_gap_gets_its_moment_and_keeps_what_was_heard() -> None:
    cut = replace(HEARD, ended_at=at(10), ended_by=EndedBy.GAP, talk_seconds=7)
    (call,) = fill([cut], [replace(WRITTEN, rang=("101",))], [GAP])
    assert (call.ended_at, call.ended_by, call.talk_seconds) == (at(20), EndedBy.HANGUP, 27)
    assert (call.recorded, call.ring_seconds) == (True, 2.5)


def test_a_phone_dialled_in_the_gap_rang_and_one_that_was_heard_not_to_ring_did_not() -> None:
    (call,) = fill([HEARD], [WRITTEN], [GAP])
    assert call.rang == ("101", "102")
    early = replace(WRITTEN, legs=(replace(LEG, started_at=at(1), ended_at=at(8)),))
    assert fill([HEARD], [early], [GAP])[0].rang == ("101",)


def test_two_calls_that_became_one_in_a_gap_are_one() -> None:
    consulted = replace(HEARD, linkedid="1.9", started_at=at(5), ended_by=EndedBy.GAP)
    (call,) = fill([HEARD, consulted], [replace(WRITTEN, aliases=("1.9",))], [GAP])
    assert call.linkedid == "1.1"


def test_what_is_written_of_a_call_that_goes_on_does_not_undo_its_end() -> None:
    half = replace(WRITTEN, ended_at=None, ended_by=None, outcome=None)
    assert fill([HEARD], [half], [GAP]) == [HEARD]


def test_both_sources_empty_is_nothing() -> None:
    assert fill([], [], [GAP]) == []
