"""Whether a robot calls a client now: nobody abroad unasked, nobody at night, nobody too often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.call import Outcome
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import Place
from pbx_crm.domain.robot import Occasion, Robot
from pbx_crm.domain.robot_form import reasons_against
from pbx_crm.domain.voice_call import (
    WHY_NOT,
    Decision,
    Facts,
    Lately,
    VoiceResult,
    VoiceRules,
    Why,
    decide,
    looked_up,
)
from pbx_crm.domain.working_time import Hours, Quiet, WorkingTime, always
from tests.domain.test_trigger import FUNNEL

MOSCOW = ZoneInfo("Europe/Moscow")
NOON = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
"""Monday, 12:00 in Moscow."""
RULES, PLAN = VoiceRules("RU"), NumberPlan("RU", ("9",))
CLIENT = "+79161234567"
FREE = Facts(
    at=NOON,
    expires_at=NOON + timedelta(hours=1),
    is_switched_on=True,
    card_stands=True,
    has_message=True,
    number=CLIENT,
    do_not_call=False,
    hours=always(MOSCOW),
    lately=Lately(0, 0, 0),
)


def decided(rules: VoiceRules = RULES, **changes: Any) -> Decision:
    """What is decided about a free client where this is different."""
    return decide(replace(FREE, **changes), PLAN, rules)


def test_a_free_client_is_called() -> None:
    assert decided() == Decision(CLIENT)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"is_switched_on": False}, Why.SWITCHED_OFF),
        ({"card_stands": False}, Why.WENT_ON),
        ({"has_message": False}, Why.NO_MESSAGE),
        ({"do_not_call": True}, Why.DO_NOT_CALL),
        ({"number": None}, Why.NO_NUMBER),
        ({"number": "anonymous"}, Why.NO_NUMBER),
        ({"number": "112"}, Why.NO_NUMBER),
        ({"number": "+78095551234"}, Why.NOT_ALLOWED),  # costs by the minute
        ({"number": "+37254001234"}, Why.NOT_ALLOWED),  # abroad
        ({"lately": Lately(0, 1, 1)}, Why.ENOUGH_TODAY),
        ({"at": FREE.expires_at}, Why.TOO_LATE),
    ],
)
def test_who_can_never_be_called_is_left_with_the_reason(change: dict[str, Any], why: Why) -> None:
    assert decided(**change) == Decision(why_not=why)
    assert WHY_NOT[why]


def test_a_number_abroad_is_called_where_the_whitelist_has_it() -> None:
    rules = VoiceRules("RU", numbers=r"\+372[0-9]+")
    assert decided(rules, number="+37254001234") == Decision("+37254001234")
    assert decided(rules) == Decision(why_not=Why.NOT_ALLOWED), "and then home is not on it"


@pytest.mark.parametrize("lately", [Lately(2, 2, 0), Lately(0, 30, 0)])
def test_a_full_hour_and_two_calls_at_once_make_the_others_wait(lately: Lately) -> None:
    assert decided(lately=lately) == Decision()


WEEK = ((Hours(10 * 60, 18 * 60),),) * 5 + ((),) * 2


@pytest.mark.parametrize(
    ("hour", "is_called"), [(9, False), (10, True), (12, False), (17, True), (18, False), (23, False)]
)
def test_nobody_is_called_outside_of_working_hours_or_in_quiet_ones(hour: int, is_called: bool) -> None:
    hours = WorkingTime(MOSCOW, WEEK, quiet=Quiet(12 * 60, 13 * 60))
    at = datetime(2026, 11, 23, hour, 30, tzinfo=MOSCOW).astimezone(UTC)
    wanted = decided(at=at, expires_at=at + timedelta(days=1), hours=hours)
    assert (wanted.number is not None) == is_called


def test_a_house_that_works_at_all_hours_calls_nobody_at_night() -> None:
    for hour in (0, 3, 8, 20, 23):
        at = datetime(2026, 11, 23, hour, 59, tzinfo=MOSCOW)
        assert decided(at=at, expires_at=at + timedelta(days=1)) == Decision()
    night = VoiceRules("RU", hours=(time(0), time(23, 59)))
    at = datetime(2026, 11, 23, 3, 0, tzinfo=MOSCOW)
    assert decided(night, at=at, expires_at=at + timedelta(days=1)) == Decision(CLIENT)


OMSK = Place("RU", "Omsk Oblast", zones=("Asia/Omsk",))
"""Three hours ahead of Moscow."""
YAKUTIA = Place("RU", "Yakutia", zones=("Asia/Yakutsk", "Asia/Vladivostok", "Asia/Srednekolymsk"))
"""Six to eight hours ahead of it."""
RUSSIA = Place("RU", zones=("Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"))
GERMANY = Place("DE", zones=("Europe/Berlin", "Europe/Busingen"))


@pytest.mark.parametrize(
    ("place", "called_at"),
    [
        (None, range(9, 20)),
        (Place("XX"), range(9, 20)),
        (OMSK, range(9, 17)),
        (YAKUTIA, range(9, 12)),
        (RUSSIA, range(9, 20)),  # nobody knows where in it
        (GERMANY, range(11, 20)),  # one time in all of it
    ],
)
def test_nobody_is_called_when_it_is_night_where_they_are(place: Place | None, called_at: range) -> None:
    called = [
        hour
        for hour in range(24)
        if decided(
            at=(at := datetime(2026, 11, 23, hour, 30, tzinfo=MOSCOW)),
            expires_at=at + timedelta(days=1),
            place=place,
        ).number
    ]
    assert called == list(called_at)


def test_the_quiet_hours_hold_by_the_clients_clock_too() -> None:
    hours = replace(always(MOSCOW), quiet=Quiet(14 * 60, 15 * 60))
    assert decided(hours=hours).number
    assert not decided(hours=hours, place=replace(OMSK, zones=("Asia/Yekaterinburg",))).number


@given(text=st.one_of(st.text(max_size=30), st.from_regex(r"\+?[0-9 &/@,-]{3,25}", fullmatch=True)))
def test_only_digits_of_an_allowed_number_ever_reach_the_dialplan(text: str) -> None:
    number = decided(number=text).number
    assert number is None or (number.startswith("+7") and number[1:].isdigit() and number.isascii())


@pytest.mark.parametrize(
    ("outcome", "is_open", "result"),
    [
        (None, True, None),
        (None, None, VoiceResult.UNKNOWN),
        (None, False, VoiceResult.UNKNOWN),
        (Outcome.BUSY, False, VoiceResult.BUSY),
        (Outcome.FAILED, False, VoiceResult.FAILED),
        (Outcome.NO_ANSWER, False, VoiceResult.UNKNOWN),
    ],
)
def test_a_call_nobody_reported_is_what_the_log_can_know(
    outcome: Outcome | None, is_open: bool | None, result: VoiceResult | None
) -> None:
    assert looked_up(outcome, is_open) is result


@pytest.mark.parametrize(
    ("occasion", "voice_id", "is_wrong"),
    [
        (Occasion.ENTERED, 1, False),
        (Occasion.MEETING, 1, False),
        (Occasion.ENTERED, 2, True),
        (Occasion.IDLE, 1, True),
        (Occasion.OVERDUE, 1, True),
    ],
)
def test_a_robot_calls_for_a_stage_entered_and_before_a_meeting(
    occasion: Occasion, voice_id: int, is_wrong: bool
) -> None:
    robot = Robot(None, FUNNEL.id, "Caller", occasion, 24, voice_id=voice_id)
    assert ("voice_id" in reasons_against(robot, FUNNEL, (), {1})) == is_wrong
