"""What a gate asks for, which gates stand on a way, and what confirms them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import PRESETS, Funnel, Stage
from pbx_crm.domain.gate import MOST_SECONDS, Gate, GateField, Need, NeedKind, gate_of, need_of
from pbx_crm.domain.gate_answer import GateAnswer, check_link
from pbx_crm.domain.passage import (
    Conversation,
    Evidence,
    Finished,
    Found,
    GateClosed,
    GatedWay,
    Passage,
    gated_way,
    story_of,
)
from pbx_crm.domain.task import TaskKind

ENTERED = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
NOW = ENTERED + timedelta(hours=2)
UNSORTED, NEW, PRESENTATION, OFFER, WON, LOST = range(6)
EVERY_NEED = tuple(
    map(need_of, ("field:amount", "field:company", "call:60", "task", "task:meeting", "document", "note"))
)


def at(minutes: float) -> datetime:
    """So long after the card came into its stage."""
    return ENTERED + timedelta(minutes=minutes)


def talk(begins: float, seconds: float, *, made_the_card: bool = False) -> Conversation:
    """A talk that is over."""
    return Conversation(at(begins), at(begins + seconds / 60), seconds, made_the_card)


def card(**more: object) -> Evidence:
    """A card with this to show, and nothing else."""
    return replace(Evidence(NOW, ENTERED), **more)  # type: ignore[arg-type]


def funnel(gates: Mapping[int, str] | None = None, *, binding: int | None = None) -> Funnel:
    """The telephony funnel with gates by the number of their stage, as `call:60 note`."""
    stages = tuple(
        Stage(
            number + 1,
            1,
            name,
            kind,
            number,
            0,
            probability,
            gate=gate_of((gates or {}).get(number, "").split(), is_binding=number == binding),
        )
        for number, (name, kind, probability) in enumerate(PRESETS[0].stages())
    )
    return Funnel(1, "Telephony", "EUR", stages)


def way(funnel: Funnel, here: int | None, there: int) -> list[int]:
    """Numbers of the stages whose gates stand between these two."""
    from_id = None if here is None else funnel.stages[here].id
    return [stage.position for stage in gated_way(funnel, from_id, funnel.stages[there]).stages]


@pytest.mark.parametrize(
    ("need", "shown", "is_enough"),
    [
        # A field counts whenever it was filled in: it is a state, not an act.
        ("field:amount", card(filled=frozenset({"amount"})), True),
        ("field:amount", card(filled=frozenset({"company"})), False),
        ("call:60", card(talks=[talk(5, 60)]), True),
        ("call:60", card(talks=[talk(5, 59.4)]), False),
        # Two short talks are not one long one.
        ("call:60", card(talks=[talk(5, 40), talk(10, 40)]), False),
        # A talk that began before the card came here counts from then on.
        ("call:60", card(talks=[talk(-1, 100)]), False),
        ("call:60", card(talks=[talk(-1, 120)]), True),
        ("call:60", card(talks=[talk(-60, 600)]), False),
        # Holding the line is talk only as far as the call counted it as such.
        ("call:60", card(talks=[Conversation(at(1), at(9), 30)]), False),
        # Sellers move cards while they talk.
        ("call:60", card(talks=[Conversation(at(118.9), None, 0)]), True),
        ("call:60", card(talks=[Conversation(at(119.5), None, 0)]), False),
        # The call that made a card belongs to the stage it was made in; a card that went on has left it.
        ("call:60", card(is_fresh=True, talks=[talk(-5, 290, made_the_card=True)]), True),
        ("call:60", card(is_fresh=True, talks=[talk(-5, 290)]), False),
        ("call:60", card(talks=[talk(-5, 290, made_the_card=True)]), False),
        ("task", card(tasks=[Finished(TaskKind.OFFER, at(1))]), True),
        ("task", card(tasks=[Finished(TaskKind.OFFER, at(-1))]), False),
        ("task:meeting", card(tasks=[Finished(TaskKind.OFFER, at(1))]), False),
        ("task:meeting", card(tasks=[Finished(TaskKind.MEETING, at(1))]), True),
        ("document", card(documents=[at(0)]), True),
        ("document", card(documents=[at(-1)], notes=[at(1)]), False),
        ("note", card(notes=[at(1)]), True),
        ("note", card(notes=[at(-1)], documents=[at(1)]), False),
    ],
)
def test_what_confirms_a_need(need: str, shown: Evidence, is_enough: bool) -> None:
    assert shown.confirms(need_of(need)) == is_enough


PAST = st.timedeltas(timedelta(days=-30), timedelta(microseconds=-1))


@given(
    talks=st.lists(st.tuples(PAST, st.floats(0, 7200)), max_size=4),
    tasks=st.lists(st.tuples(st.sampled_from(TaskKind), PAST), max_size=4),
    documents=st.lists(PAST, max_size=4),
    notes=st.lists(PAST, max_size=4),
)
def test_nothing_older_than_the_entering_confirms_anything(
    talks: list[tuple[timedelta, float]],
    tasks: list[tuple[TaskKind, timedelta]],
    documents: list[timedelta],
    notes: list[timedelta],
) -> None:
    over = [Conversation(ENTERED + ago - timedelta(seconds=long), ENTERED + ago, long) for ago, long in talks]
    old = card(
        talks=over,
        tasks=[Finished(kind, ENTERED + ago) for kind, ago in tasks],
        documents=[ENTERED + ago for ago in documents],
        notes=[ENTERED + ago for ago in notes],
    )
    gate = GatedWay((replace(funnel().stages[OFFER], gate=Gate(EVERY_NEED)),))
    assert [one.need for one in gate.judge(old).missing] == list(EVERY_NEED)


@given(begins=st.floats(-600, 60), seconds=st.floats(0, 7200))
def test_of_a_talk_no_more_counts_than_lies_in_the_stage(begins: float, seconds: float) -> None:
    counted = card(talks=[talk(begins, seconds)]).talked()
    after_entering = begins * 60 + seconds - max(0.0, begins * 60)
    assert counted == pytest.approx(max(0.0, after_entering), abs=0.01)


def test_a_card_meets_the_gates_it_skips_and_the_one_it_goes_to() -> None:
    gated = funnel({NEW: "note", PRESENTATION: "call:60", OFFER: "field:amount", WON: "task:payment"})
    assert way(gated, UNSORTED, NEW) == [NEW]
    assert way(gated, UNSORTED, WON) == [NEW, PRESENTATION, OFFER, WON]
    assert way(gated, PRESENTATION, OFFER) == [OFFER]
    assert way(gated, None, OFFER) == [NEW, PRESENTATION, OFFER]


@pytest.mark.parametrize(
    ("here", "there"), [(OFFER, NEW), (OFFER, OFFER), (OFFER, LOST), (UNSORTED, LOST), (WON, NEW)]
)
def test_no_gate_stands_on_the_way_back_nor_before_lost(here: int, there: int) -> None:
    gated = funnel(dict.fromkeys((NEW, PRESENTATION, OFFER, WON), "note"))
    assert way(gated, here, there) == []


def test_the_gate_of_another_way_of_winning_is_not_passed() -> None:
    gated = funnel({OFFER: "note", WON: "note"})
    also_won = replace(gated.stages[WON], id=99, name="Rented", position=LOST, gate=None)
    lost = replace(gated.stages[LOST], position=LOST + 1)
    two_ends = replace(gated, stages=(*gated.stages[:LOST], also_won, lost))
    assert way(two_ends, PRESENTATION, LOST) == [OFFER]


def test_a_retired_stage_asks_nobody() -> None:
    gated = funnel({PRESENTATION: "note", OFFER: "note"})
    stages = [replace(stage, is_retired=stage.position == PRESENTATION) for stage in gated.stages]
    assert way(replace(gated, stages=tuple(stages)), NEW, OFFER) == [OFFER]


def test_what_is_missing_names_its_stage_and_what_is_there_is_named_once() -> None:
    gated = funnel({PRESENTATION: "call:60 note", OFFER: "call:60 field:amount"})
    passage = gated_way(gated, 2, gated.stages[OFFER]).judge(card(talks=[talk(1, 183.4)]))
    assert passage.found == (Found(need_of("call:60"), 183),)
    assert [(one.stage.name, one.need.key) for one in passage.missing] == [
        ("Presentation", "note"),
        ("Commercial offer", "field:amount"),
    ]


@pytest.mark.parametrize(("binding", "may_skip"), [(None, True), (PRESENTATION, False), (OFFER, True)])
def test_a_reason_helps_unless_what_is_missing_is_binding(binding: int | None, may_skip: bool) -> None:
    gated = funnel({PRESENTATION: "note", OFFER: "field:amount"}, binding=binding)
    has_amount = card(filled=frozenset({"amount"}))
    passage = gated_way(gated, 2, gated.stages[OFFER]).judge(has_amount)
    assert passage.is_barred != may_skip
    assert GateClosed(passage.missing).may_skip == may_skip


def test_the_story_of_a_passage_comes_back_as_it_was_kept() -> None:
    gated = funnel({OFFER: "call:60 note"})
    passage = gated_way(gated, 2, gated.stages[OFFER]).judge(card(talks=[talk(1, 90)]))
    story = story_of(passage.story("The client was in a hurry"))
    assert story is not None
    assert story.found == (Found(need_of("call:60"), 90),)
    assert story.missing == (("Commercial offer", need_of("note")),)
    assert story.skipped == "The client was in a hurry"


def test_a_way_without_gates_leaves_no_story() -> None:
    assert Passage().story("because") == {}
    assert story_of({"before": {}}) is None


def test_a_gate_is_kept_in_one_order_with_each_need_once() -> None:
    gate = gate_of(["note", "call:60", "field:company", "field:amount", "note"], is_binding=True)
    assert gate is not None
    assert gate.keys == ["field:amount", "field:company", "call:60", "note"]
    assert gate_of(gate.keys, is_binding=True) == gate


def test_a_gate_without_needs_is_none() -> None:
    assert gate_of([], is_binding=True) is None


NEEDS = st.one_of(
    st.sampled_from(GateField).map(lambda name: Need(NeedKind.FIELD, name.value)),
    st.integers(1, MOST_SECONDS).map(lambda seconds: Need(NeedKind.CALL, seconds=seconds)),
    st.sampled_from(["", *TaskKind]).map(lambda kind: Need(NeedKind.TASK, str(kind))),
    st.sampled_from([Need(NeedKind.DOCUMENT), Need(NeedKind.NOTE)]),
)


@given(NEEDS)
def test_every_need_is_read_as_it_was_written(need: Need) -> None:
    assert need_of(need.key) == need


@pytest.mark.parametrize("seconds", [1, 3600])
def test_a_talk_of_a_second_and_of_an_hour_may_be_asked_for(seconds: int) -> None:
    made = gate_of([f"call:{seconds}"], is_binding=True)
    assert made is not None
    assert made.needs == (Need(NeedKind.CALL, seconds=seconds),)


@pytest.mark.parametrize(
    "key", ["", "call", "call:0", "call:3601", "call:x", "field:owner", "task:dance", "x"]
)
def test_what_is_no_need_is_refused(key: str) -> None:
    with pytest.raises(BadInput):
        gate_of([key], is_binding=False)


@pytest.mark.parametrize("link", ["https://docs.example/offer.pdf", "HTTP://nas/offer", ""])
def test_a_link_leads_somewhere(link: str) -> None:
    check_link(link)


@pytest.mark.parametrize("link", ["offer.pdf", "https://", "javascript:alert(1)", "https:// x", "ftp://x/y"])
def test_what_leads_nowhere_is_no_link(link: str) -> None:
    with pytest.raises(BadInput):
        check_link(link)


@pytest.mark.parametrize(
    "answer",
    [
        GateAnswer(texts={"source": "site"}),
        GateAnswer(amount=Decimal(1)),
        GateAnswer(expected_close=date(2026, 12, 1)),
    ],
)
def test_a_single_field_put_down_at_a_gate_is_written(answer: GateAnswer) -> None:
    assert answer.changes_fields


@pytest.mark.parametrize("answer", [GateAnswer(note="agreed"), GateAnswer(did=(TaskKind.MEETING,))])
def test_what_is_no_field_of_the_deal_leaves_its_fields_alone(answer: GateAnswer) -> None:
    assert not answer.changes_fields
    assert not answer.is_empty
    assert GateAnswer().is_empty
