"""Which call a person's popup shows, and what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.client import Client
from pbx_crm.domain.popup import NearCall, Phase, Popup, phase_of, pick

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
START = NOW - timedelta(minutes=1)
CALL = NearCall(1, Direction.IN, START)
RINGING = replace(CALL, rang_here=True, ringing_here=True, ringing_phones=1)
TALKING = replace(CALL, talking_since=START, talked_here=True, answered_at=START)
TALKED = replace(CALL, talked_here=True, answered_at=START, ended_at=NOW, outcome=Outcome.ANSWERED)
OUTGOING = NearCall(2, Direction.OUT, START, dialled_here=True)
ANSWERED_ELSEWHERE = replace(CALL, rang_here=True, answered_at=NOW, answered_by="Anna")
GAVE_UP = replace(CALL, rang_here=True, ended_at=NOW, outcome=Outcome.MISSED)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (RINGING, Phase.RINGING),
        (TALKING, Phase.TALKING),
        (TALKED, Phase.WRAP_UP),
        # Handed on to a colleague: the call lives, this person's part is over.
        (replace(TALKED, ended_at=None, outcome=None), Phase.WRAP_UP),
        (OUTGOING, Phase.CALLING),
        (replace(OUTGOING, talking_since=NOW, talked_here=True), Phase.TALKING),
        (replace(OUTGOING, ended_at=NOW, outcome=Outcome.NO_ANSWER), Phase.UNANSWERED),
        (ANSWERED_ELSEWHERE, Phase.TAKEN),
        (GAVE_UP, Phase.MISSED),
        # The queue tried this phone and went on to the next: no longer this person's call.
        (replace(CALL, rang_here=True), None),
        # It waits in a queue and rings nowhere yet.
        (CALL, None),
        # An outgoing call transferred to a colleague rings there like any other.
        (replace(RINGING, direction=Direction.OUT), Phase.RINGING),
    ],
)
def test_the_popup_says_what_happens_at_this_phone(call: NearCall, expected: Phase | None) -> None:
    assert phase_of(call, NOW) is expected


@pytest.mark.parametrize("call", [RINGING, TALKING, TALKED])
def test_a_colleague_s_call_opens_nothing(call: NearCall) -> None:
    assert phase_of(replace(call, direction=Direction.INTERNAL), NOW) is None


@pytest.mark.parametrize(
    ("call", "lasts"),
    [
        (TALKED, timedelta(minutes=30)),
        (GAVE_UP, timedelta(seconds=15)),
        (ANSWERED_ELSEWHERE, timedelta(seconds=8)),
        (replace(OUTGOING, ended_at=NOW), timedelta(seconds=15)),
    ],
)
def test_a_page_loaded_later_does_not_bring_old_news(call: NearCall, lasts: timedelta) -> None:
    assert phase_of(call, NOW + lasts - timedelta(seconds=1)) is not None
    assert phase_of(call, NOW + lasts) is None


def test_a_second_caller_is_a_counter_not_a_second_panel() -> None:
    second = replace(RINGING, call_id=3, started_at=NOW)
    assert pick([second, TALKING], NOW) == (TALKING, Phase.TALKING, 1)


def test_who_waits_longest_is_shown_first() -> None:
    second = replace(RINGING, call_id=3, started_at=NOW)
    assert pick([second, RINGING], NOW) == (RINGING, Phase.RINGING, 1)


def test_a_ringing_phone_goes_before_an_unfinished_note() -> None:
    assert pick([TALKED, RINGING], NOW) == (RINGING, Phase.RINGING, 0)


def test_an_unfinished_note_comes_back_after_the_news_of_another_call() -> None:
    other = replace(ANSWERED_ELSEWHERE, call_id=3)
    later = NOW + timedelta(seconds=8)
    assert pick([TALKED, other], NOW) == (other, Phase.TAKEN, 0)
    assert pick([TALKED, other], later) == (TALKED, Phase.WRAP_UP, 0)


def test_of_two_finished_talks_the_last_one_is_written_up() -> None:
    later = replace(TALKED, call_id=3, started_at=NOW)
    assert pick([TALKED, later], NOW) == (later, Phase.WRAP_UP, 0)


def test_no_call_no_popup() -> None:
    assert pick([CALL], NOW) is None
    assert pick([], NOW) is None


def popup(call: NearCall, client: Client | None = None) -> Popup:
    """The panel for this call alone."""
    picked = pick([call], NOW)
    assert picked is not None
    return Popup(*picked, seconds=0, client=client)


def test_many_ringing_phones_show_a_strip_and_one_shows_the_panel() -> None:
    assert popup(replace(RINGING, ringing_phones=3)).is_strip
    assert not popup(RINGING).is_strip
    assert not popup(TALKING).is_strip


def test_another_seller_s_client_is_a_name_and_an_owner() -> None:
    shown = popup(replace(RINGING, number="+79051234567"), Client(7, "Vector", "Anna"))
    assert (shown.name, shown.number) == ("Vector", None)


def test_an_own_client_shows_with_the_number() -> None:
    shown = popup(replace(RINGING, number="+79051234567", caller_name="VECTOR LTD"), Client(7, "Vector"))
    assert (shown.name, shown.number) == ("Vector", "+79051234567")


def test_an_unknown_caller_goes_by_what_the_network_says() -> None:
    assert popup(replace(RINGING, caller_name="Ivan")).name == "Ivan"
    assert popup(replace(RINGING, caller_name="Ivan"), Client(7, "")).name == "Ivan"


@pytest.mark.parametrize(
    ("call", "offered"),
    [
        (OUTGOING, True),
        (replace(TALKING, skipped=True), True),
        (replace(TALKING, cards_by_hand=True), True),
        # The answered call's card is made by itself, it may be a moment away.
        (TALKING, False),
        # It is over and there still is no card: nothing will make one now.
        (TALKED, True),
        (replace(TALKED, deal_id=9), False),
        (replace(TALKED, ended_at=None), False),
        (ANSWERED_ELSEWHERE, False),
    ],
)
def test_new_deal_is_offered_where_no_card_comes_by_itself(call: NearCall, offered: bool) -> None:
    assert popup(call).may_make_deal is offered


def test_no_second_deal_is_offered_for_another_seller_s_client() -> None:
    assert not popup(OUTGOING, Client(7, "Vector", "Anna")).may_make_deal
