"""What a rule says about a call: which calls it means, and what it does to their card."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel, LossReason, Stage, StageKind
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import (
    CallFact,
    Count,
    NewOwner,
    PastCall,
    Standing,
    Trigger,
    acts_of,
    default_trigger,
    may_act,
)
from pbx_crm.domain.trigger_form import reasons_against

KINDS = (StageKind.UNSORTED, StageKind.OPEN, StageKind.OPEN, StageKind.WON, StageKind.LOST)
STAGES = tuple(
    Stage(place + 1, 1, f"stage {place}", kind, place, place, 10) for place, kind in enumerate(KINDS)
)
UNSORTED, FIRST, SECOND, WON, LOST = (stage.id for stage in STAGES)
FUNNEL = Funnel(1, "Telephony", "EUR", STAGES, (LossReason(9, "Cannot be reached"),))
ANNA, BORIS = 1, 2
CARD = Standing(UNSORTED, ANNA, Priority.NORMAL)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def rule(**settings: Any) -> Trigger:
    return Trigger(**{"id": 1, "funnel_id": 1, "name": "rule", "to_stage_id": FIRST, **settings})


def talk(seconds: float = 60, **more: Any) -> CallFact:
    values = {"line_id": None, "made_the_card": False, "talker_id": ANNA, **more}
    return CallFact(values.pop("direction", Direction.IN), Outcome.ANSWERED, seconds, **values)


def in_vain(direction: Direction = Direction.OUT, **more: Any) -> CallFact:
    outcome = Outcome.NO_ANSWER if direction is Direction.OUT else Outcome.MISSED
    values = {"line_id": None, "made_the_card": False, "talker_id": None, **more}
    return CallFact(direction, outcome, 0, **values)


def past(*told: str) -> tuple[PastCall, ...]:
    """`in 60` is an incoming conversation of a minute, `out 0` an outgoing call in vain."""
    found = []
    for number, one in enumerate(told):
        direction, seconds = one.split()
        at = NOON + timedelta(minutes=number)
        found.append(PastCall(Direction(direction), seconds != "0", float(seconds), at))
    return tuple(found)


def acts(fact: CallFact, *rules: Trigger, card: Standing = CARD) -> list[tuple[str, int | None]]:
    """The name of each rule that acts, with the stage it moves the card to."""
    return [
        (act.trigger.name, act.to_stage.id if act.to_stage else None)
        for act in acts_of(rules, fact, card, FUNNEL)
    ]


def test_the_shipped_rule_moves_the_next_real_conversation_out_of_unsorted() -> None:
    shipped = default_trigger(FUNNEL, "shipped")
    assert shipped is not None
    assert acts(talk(20), shipped) == [("shipped", FIRST)]
    assert acts(talk(19.9), shipped) == []
    assert acts(in_vain(), shipped) == []
    assert acts(talk(), shipped, card=replace(CARD, stage_id=SECOND)) == []
    assert acts(talk(made_the_card=True), shipped) == [], "the call that made the card leaves it there"


def test_a_funnel_without_open_stages_ships_without_a_rule() -> None:
    assert default_trigger(replace(FUNNEL, stages=(STAGES[0], *STAGES[3:])), "shipped") is None


@pytest.mark.parametrize(
    ("settings", "fact", "means"),
    [
        ({"direction": Direction.IN}, talk(), True),
        ({"direction": Direction.OUT}, talk(), False),
        ({"outcome": Outcome.MISSED}, in_vain(Direction.IN), True),
        ({"outcome": Outcome.MISSED}, talk(), False),
        ({"least_talk_seconds": 60}, talk(60), True),
        ({"least_talk_seconds": 61}, talk(60), False),
        ({"line_id": 7}, talk(line_id=7), True),
        ({"line_id": 7}, talk(line_id=8), False),
        ({"line_id": 7}, talk(), False),
        ({"stage_id": FIRST, "to_stage_id": SECOND}, talk(), False),
        ({"is_active": False}, talk(), False),
        ({"funnel_id": 2}, talk(), False),
    ],
)
def test_a_rule_means_exactly_the_calls_it_names(
    settings: dict[str, Any], fact: CallFact, means: bool
) -> None:
    assert bool(acts(fact, rule(**settings))) is means


@pytest.mark.parametrize(
    ("nth", "least", "before", "means"),
    [
        (1, 0, (), True),
        (2, 0, (), False),
        (2, 0, ("in 60", "out 0"), True),
        (2, 30, ("in 60", "in 10"), True),  # ten seconds are no conversation to this rule
        (3, 0, ("in 60", "in 10"), True),
    ],
)
def test_conversations_are_counted_on_the_card(
    nth: int, least: int, before: tuple[str, ...], means: bool
) -> None:
    counted = rule(count=Count.CONVERSATION, nth=nth, least_talk_seconds=least)
    assert bool(acts(talk(before=past(*before)), counted)) is means


@pytest.mark.parametrize(
    ("nth", "before", "means"),
    [
        (1, (), True),
        (3, ("out 0", "out 0"), True),
        (3, ("out 0", "in 0", "out 0"), True),  # that the client tried too takes nothing away
        (3, ("out 0", "out 0", "in 30"), False),  # they talked: counting begins anew
        (1, ("out 0", "out 0", "out 30"), True),
    ],
)
def test_tries_are_counted_since_the_last_conversation(
    nth: int, before: tuple[str, ...], means: bool
) -> None:
    counted = rule(count=Count.TRY, nth=nth)
    assert bool(acts(in_vain(before=past(*before)), counted)) is means
    assert acts(in_vain(Direction.IN, before=past(*before)), counted) == []


@pytest.mark.parametrize(
    ("before", "means"),
    [
        ((), False),
        (("in 0",), True),
        (("out 0", "in 0"), True),
        (("in 0", "in 0"), True),
        (("in 0", "out 0"), False),
        (("in 0", "out 0", "in 0"), False),
        (("in 0", "in 60"), False),
        (("in 0", "out 60", "in 0"), True),
    ],
)
def test_the_first_call_back_is_the_first_after_a_missed_call(before: tuple[str, ...], means: bool) -> None:
    callback = rule(count=Count.CALLBACK)
    for fact in (in_vain(before=past(*before)), talk(direction=Direction.OUT, before=past(*before))):
        assert bool(acts(fact, callback)) is means
    assert acts(talk(before=past("in 0")), callback) == []


def test_rules_are_asked_in_order_and_a_call_moves_its_card_once() -> None:
    first, second = rule(name="a"), rule(name="b", to_stage_id=SECOND)
    third = rule(name="c", to_stage_id=SECOND, priority=Priority.HIGH)
    assert acts(talk(), first, second, third) == [("a", FIRST), ("c", None)]
    assert acts(talk(), second, first) == [("b", SECOND)]


def test_a_rule_that_stops_is_the_last_only_if_it_acts() -> None:
    stops = rule(name="stops", priority=Priority.HIGH, to_stage_id=None, stops=True)
    assert acts(talk(), stops, rule(name="later")) == [("stops", None)]
    urgent = replace(CARD, priority=Priority.HIGH)
    assert acts(talk(), stops, rule(name="later"), card=urgent) == [("later", FIRST)]


def test_what_one_rule_does_sets_off_no_other() -> None:
    there = rule(name="there", stage_id=UNSORTED, to_stage_id=FIRST)
    back = rule(name="back", stage_id=FIRST, to_stage_id=UNSORTED, may_go_back=True)
    assert acts(talk(), there, back) == [("there", FIRST)]
    assert acts(talk(), back, there) == [("there", FIRST)]


def test_a_card_goes_back_only_where_the_rule_says_so() -> None:
    card = replace(CARD, stage_id=SECOND)
    assert acts(talk(), rule(), card=card) == []
    assert acts(talk(), rule(may_go_back=True), card=card) == [("rule", FIRST)]


def test_the_call_that_made_the_card_may_do_all_but_move_it() -> None:
    urgent = rule(priority=Priority.HIGH, task_kind=TaskKind.OFFER)
    (act,) = acts_of([urgent], talk(made_the_card=True), CARD, FUNNEL)
    assert (act.to_stage, act.priority, act.task_kind) == (None, Priority.HIGH, TaskKind.OFFER)


def test_a_closed_card_is_left_alone() -> None:
    assert acts(talk(), rule(priority=Priority.HIGH), card=replace(CARD, is_open=False)) == []


@pytest.mark.parametrize(
    ("settings", "owner_id"),
    [
        ({"new_owner": NewOwner.TALKER}, BORIS),
        ({"new_owner": NewOwner.PERSON, "owner_id": 5}, 5),
        ({"new_owner": NewOwner.PERSON, "owner_id": ANNA}, None),
        ({"new_owner": None, "owner_id": 5}, None),
    ],
)
def test_the_card_goes_to_whom_the_rule_names(settings: dict[str, Any], owner_id: int | None) -> None:
    found = acts_of([rule(**settings)], talk(talker_id=BORIS), CARD, FUNNEL)
    assert [act.owner_id for act in found] == [owner_id]


def test_a_retired_stage_is_no_place_to_go() -> None:
    retired = replace(FUNNEL, stages=(STAGES[0], replace(STAGES[1], is_retired=True), *STAGES[2:]))
    assert acts_of([rule()], talk(), CARD, retired) == []


RULES = st.builds(
    rule,
    name=st.sampled_from("abc"),
    direction=st.none() | st.sampled_from([Direction.IN, Direction.OUT]),
    outcome=st.none() | st.sampled_from([Outcome.ANSWERED, Outcome.NO_ANSWER]),
    least_talk_seconds=st.sampled_from([0, 20]),
    count=st.sampled_from(Count),
    nth=st.integers(1, 3),
    stage_id=st.none() | st.sampled_from([UNSORTED, FIRST, SECOND]),
    to_stage_id=st.none() | st.sampled_from([UNSORTED, FIRST, SECOND, LOST]),
    may_go_back=st.booleans(),
    priority=st.none() | st.sampled_from(Priority),
    stops=st.booleans(),
)
BEFORE = st.lists(st.sampled_from(["in 0", "in 60", "out 0", "out 60"]), max_size=5)
FACTS = st.builds(
    lambda fact, before, made: replace(fact, before=past(*before), made_the_card=made),
    st.sampled_from([talk(), talk(5), talk(direction=Direction.OUT), in_vain(), in_vain(Direction.IN)]),
    BEFORE,
    st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(RULES, max_size=6), FACTS, st.sampled_from([UNSORTED, FIRST, SECOND]))
def test_whatever_the_rules_a_call_moves_once_and_never_back_unasked(
    rules: list[Trigger], fact: CallFact, stage_id: int
) -> None:
    found = acts_of(rules, fact, replace(CARD, stage_id=stage_id), FUNNEL)
    moves = [act for act in found if act.to_stage is not None]
    assert len(moves) <= (0 if fact.made_the_card else 1)
    for act in moves:
        assert act.to_stage is not None
        assert act.to_stage.position > STAGES[stage_id - 1].position or act.trigger.may_go_back
    for act in found:
        assert not act.is_empty
        assert may_act(act.trigger, fact), "the quick look leaves no rule out that would act"
    assert not any(act.trigger.stops for act in found[:-1])


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"least_talk_seconds": 86401}, "least_talk_seconds"),
        ({"nth": 101}, "nth"),
        ({"line_id": 8}, "line_id"),
        ({"stage_id": 99}, "stage_id"),
        ({"to_stage_id": 99}, "to_stage_id"),
        ({"stage_id": FIRST}, "to_stage_id"),
        ({"to_stage_id": WON}, "to_stage_id"),
        ({"to_stage_id": LOST}, "loss_reason_id"),
        ({"to_stage_id": None}, "to_stage_id"),
        ({"new_owner": NewOwner.PERSON}, "owner_id"),
        ({"task_kind": TaskKind.CALL, "task_minutes": 0}, "task_minutes"),
    ],
)
def test_a_wrong_value_of_a_rule_is_named(settings: dict[str, Any], field: str) -> None:
    assert set(reasons_against(rule(**settings), FUNNEL, {7}, {ANNA})) == {field}


def test_a_good_rule_is_not_refused() -> None:
    assert reasons_against(rule(to_stage_id=LOST, loss_reason_id=9), FUNNEL, {7}, {ANNA}) == {}
