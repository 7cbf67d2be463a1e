"""Gates where nobody drags a card: rules, phones, many cards, copies and boards; on both databases."""

from __future__ import annotations

from datetime import UTC

import pytest

from pbx_crm.db import triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import audit as audit_rows
from pbx_crm.db.tables import deal_events
from pbx_crm.domain.board import BoardView
from pbx_crm.domain.bulk import BulkKind, BulkWish, Stayed
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.phone_code import CodeAnswer
from pbx_crm.domain.trigger import Trigger
from pbx_crm.services.boards import Boards
from pbx_crm.services.funnel_settings import NewFunnel
from pbx_crm.services.listings import Listings
from tests.company import PBX, later
from tests.services.gatehouse import (
    CLIENT,
    INSTALLATION,
    LOST,
    NEW,
    OFFER,
    OTHER,
    PRESENTATION,
    UNSORTED,
    WON,
    Gatehouse,
)
from tests.services.test_deals import counted
from tests.stories import Story


@pytest.fixture
def house(database: Database) -> Gatehouse:
    return Gatehouse(database)


async def rule(house: Gatehouse, to: int) -> None:
    """Every talk takes a card there."""
    made = Trigger(None, house.funnel.id, "Talked", outcome=Outcome.ANSWERED, to_stage_id=house.stage(to))
    await house.database.write(triggers.add, made)


async def test_a_trigger_passes_a_gate_that_prompts_and_says_what_was_missing(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60 note")
    await rule(house, PRESENTATION)
    deal_id = await house.card()
    await house.talk(5)
    assert await house.lies_in(deal_id) == PRESENTATION
    entry = await house.last(deal_id)
    assert (entry.trigger, entry.passage is not None) == ("Talked", True)
    assert entry.passage is not None
    assert [need.key for _, need in entry.passage.missing] == ["note"]
    assert [found.need.key for found in entry.passage.found] == ["call:60"]


async def test_a_trigger_leaves_a_card_at_a_binding_gate_and_says_so_once(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    await rule(house, PRESENTATION)
    deal_id = await house.card()
    story = Story.outgoing(CLIENT, "101", at=later(minutes=5)).answers("101").ends(after=90)
    await house.company.play(story)
    await house.company.play(story)
    assert await house.lies_in(deal_id) == NEW
    told = [
        in_words(row["details"]) for row in await house.company.rows(deal_events) if row["kind"] == "trigger"
    ]
    assert told == ["the trigger “Talked” left it here: Presentation has a gate that is not confirmed"]


async def test_a_trigger_passes_a_binding_gate_that_is_confirmed(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60", binding=True)
    await rule(house, PRESENTATION)
    deal_id = await house.card()
    await house.talk(5)
    assert await house.lies_in(deal_id) == PRESENTATION


@pytest.mark.parametrize(("seconds", "answer"), [(30, CodeAnswer.NO_CARD), (90, CodeAnswer.DONE)])
async def test_a_phone_hears_no_where_a_gate_is_not_confirmed(
    house: Gatehouse, seconds: float, answer: CodeAnswer
) -> None:
    await house.gate(PRESENTATION, "call:60")
    await house.card()
    await house.talk(58, seconds=seconds)
    assert await house.codes.dial(PBX, "101", "2") is answer


async def test_of_many_cards_those_without_evidence_stay(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "field:amount")
    paid, poor = await house.card(amount=5), await house.card(number=OTHER)
    wish = BulkWish(BulkKind.MOVE, {paid: 1, poor: 1}, to_stage_id=house.stage(PRESENTATION))
    done = await house.bulk.act(house.anna, wish, UTC)
    assert done.done == 1
    assert done.stayed == (Stayed(poor, "A gate on the way asks for something first.", "Vector"),)
    assert [await house.lies_in(paid), await house.lies_in(poor)] == [PRESENTATION, NEW]


async def test_a_copy_of_a_funnel_has_its_gates(house: Gatehouse) -> None:
    await house.gate(OFFER, "note call:30", binding=True)
    made = await house.funnels.make(house.olga, NewFunnel(f"funnel-{house.funnel.id}", "Second", "EUR"), str)
    copied = (await house.funnels.one(house.olga, made)).funnel
    gate = copied.stages[OFFER].gate
    assert gate is not None
    assert (gate.keys, gate.is_binding) == (["call:30", "note"], True)
    assert [stage.gate for stage in copied.stages if stage.name != "Commercial offer"] == [None] * 5


async def test_the_audit_knows_who_set_which_gate_and_it_can_be_taken_away(house: Gatehouse) -> None:
    await house.gate(OFFER, "note")
    await house.gate(OFFER, "")
    rows = await house.company.rows(audit_rows, act="gate changed")
    assert [row["details"]["needs"] for row in rows] == [["note"], []]
    assert (await house.stages.funnel_of(house.stage(OFFER))).stages[OFFER].gate is None


@pytest.mark.parametrize("number", [UNSORTED, LOST])
async def test_no_gate_stands_before_unsorted_and_lost(house: Gatehouse, number: int) -> None:
    with pytest.raises(BadInput):
        await house.gate(number, "note")


async def test_programs_read_the_gates_of_a_funnel(house: Gatehouse) -> None:
    await house.gate(OFFER, "note")
    (funnel,) = await Listings(house.database, INSTALLATION).funnels()
    assert [bool(stage.gate) for stage in funnel.stages] == [False, False, False, True, False, False]


async def board(house: Gatehouse) -> dict[int, list[str]]:
    """By deal id the stages that a card on Anna's board reaches only past a gate."""
    shown = await Boards(house.database, house.clock).show(house.anna, BoardView(), UTC)
    names = {stage.id: stage.name for stage in house.funnel.stages}
    cards = [card for column in shown.columns for card in column.cards]
    return {card.id: [names[stage] for stage in card.gated] for card in cards}


async def test_a_board_knows_which_gates_each_card_has_before_it(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    await house.gate(OFFER, "field:amount")
    await house.gate(WON, "note")
    poor, paid = await house.card(), await house.card(PRESENTATION, number=OTHER, amount=5)
    lost = await house.card(LOST, number="+79161234569")
    every = ["Presentation", "Commercial offer", "Purchase"]
    assert await board(house) == {poor: every, paid: ["Purchase"], lost: []}
    await house.talk(5)
    assert (await board(house))[poor] == every[1:]


async def test_a_board_pays_for_gates_by_their_kinds_and_not_by_its_cards(house: Gatehouse) -> None:
    for number in range(8):
        await house.card(number=f"+7916123456{number}")
    taken = []
    for needs in ("", "field:amount", "call:60 note document task"):
        await house.gate(OFFER, needs)
        with counted(house.database) as statements:
            await board(house)
        taken.append(len(statements))
    assert [count - taken[0] for count in taken] == [0, 2, 5]
