"""Gates at work: whatever moves a card meets them, on both databases; what puts things back does not."""

from __future__ import annotations

from decimal import Decimal

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.domain.deal import MoveRequest
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.passage import GateClosed
from tests.services.gatehouse import LOST, NEW, OFFER, OTHER, PRESENTATION, UNSORTED, WON, Gatehouse


@pytest.fixture
def house(database: Database) -> Gatehouse:
    return Gatehouse(database)


async def test_a_fresh_funnel_asks_nobody_for_anything(house: Gatehouse) -> None:
    assert [stage.gate for stage in house.funnel.stages] == [None] * 6
    deal_id = await house.card(UNSORTED)
    moved = await house.move(deal_id, OFFER)
    assert moved.move is not None
    assert set(moved.move.evidence) == {"before"}


async def test_a_gate_keeps_a_card_until_somebody_has_really_talked(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    deal_id = await house.card()
    assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "call:60")]
    await house.talk(5, seconds=40)
    assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "call:60")]
    await house.talk(20)
    await house.move(deal_id, PRESENTATION)
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_the_timeline_tells_what_confirmed_a_move(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60 field:amount")
    deal_id = await house.card(amount=100)
    await house.talk(5, seconds=183)
    await house.move(deal_id, PRESENTATION)
    entry = await house.last(deal_id)
    assert entry.passage is not None
    assert [(one.need.key, one.seconds) for one in entry.passage.found] == [
        ("field:amount", 0),
        ("call:60", 183),
    ]
    assert (entry.who, entry.passage.missing) == ("Anna", ())


async def test_a_talk_in_the_stage_before_does_not_count_again(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    await house.gate(OFFER, "call:60")
    deal_id = await house.card()
    await house.talk(5)
    await house.move(deal_id, PRESENTATION)
    assert await house.missing(deal_id, OFFER) == [("Commercial offer", "call:60")]


async def test_every_gate_that_is_skipped_says_what_it_lacks(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note")
    await house.gate(OFFER, "document field:amount")
    await house.gate(WON, "task:payment")
    deal_id = await house.card()
    assert await house.missing(deal_id, WON, amount=Decimal(5)) == [
        ("Presentation", "note"),
        ("Commercial offer", "document"),
        ("Purchase", "task:payment"),
    ]


async def test_a_reason_stands_for_what_is_missing_and_is_kept(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note")
    deal_id = await house.card()
    await house.move(deal_id, PRESENTATION, skip_reason=" They came by themselves ")
    passage = (await house.last(deal_id)).passage
    assert passage is not None
    assert passage.skipped == "They came by themselves"
    assert [(stage, need.key) for stage, need in passage.missing] == [("Presentation", "note")]


async def test_no_reason_helps_against_a_binding_gate(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    deal_id = await house.card()
    for who in (house.anna, house.olga):
        missing = await house.missing(deal_id, PRESENTATION, who=who, skip_reason="I am in a hurry")
        assert missing == [("Presentation", "note")]
    assert await house.lies_in(deal_id) == NEW


async def test_far_too_long_a_reason_is_none(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note")
    with pytest.raises(BadInput):
        await house.move(await house.card(), PRESENTATION, skip_reason="x" * 1001)
    await house.move(await house.card(number=OTHER), PRESENTATION, skip_reason="x" * 1000)


async def test_nobody_gets_further_by_way_of_lost(house: Gatehouse) -> None:
    await house.gate(OFFER, "note", binding=True)
    deal_id = await house.card(PRESENTATION)
    await house.move(deal_id, LOST)
    assert await house.missing(deal_id, OFFER, reason="They called again") == [("Commercial offer", "note")]
    await house.move(deal_id, PRESENTATION, reason="They called again")
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_nobody_gets_further_by_way_of_another_funnel(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    deal_id = await house.card()
    there = await house.company.second_funnel()
    away = MoveRequest(there.stages[3].id, 1, "away")
    await house.moves.change_funnel(house.anna, deal_id, away)
    with pytest.raises(GateClosed) as closed:
        await house.moves.change_funnel(house.anna, deal_id, MoveRequest(house.stage(OFFER), 2, "and back"))
    assert [one.stage.name for one in closed.value.missing] == ["Presentation"]
    await house.moves.change_funnel(house.anna, deal_id, MoveRequest(house.stage(NEW), 2, "only so far"))


async def test_back_and_lost_ask_for_nothing(house: Gatehouse) -> None:
    for number in (NEW, PRESENTATION, OFFER):
        await house.gate(number, "note", binding=True)
    deal_id = await house.card(OFFER)
    await house.move(deal_id, NEW, reason="the wrong client")
    await house.move(deal_id, LOST)
    assert await house.lies_in(deal_id) == LOST


async def test_what_is_put_back_meets_no_gate(house: Gatehouse) -> None:
    deal_id = await house.card(OFFER)
    back = await house.move(deal_id, NEW, reason="a slip")
    await house.gate(OFFER, "note", binding=True)
    assert back.move is not None
    await house.moves.undo(house.anna, deal_id, back.move.id, "undo")
    assert await house.lies_in(deal_id) == OFFER


async def test_a_move_taken_back_leaves_the_talk_to_count(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60", binding=True)
    deal_id = await house.card()
    await house.talk(5)
    moved = await house.move(deal_id, PRESENTATION)
    assert moved.move is not None
    await house.moves.undo(house.anna, deal_id, moved.move.id, "undo")
    await house.move(deal_id, PRESENTATION, key="again")
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_cards_of_a_retired_stage_go_on_past_any_gate(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "note", binding=True)
    deal_id = await house.card()
    await house.stages.retire(house.olga, house.stage(NEW), house.stage(PRESENTATION), "too many")
    assert await house.lies_in(deal_id) == PRESENTATION


async def test_the_amount_that_a_sale_asks_for_is_there_for_its_gate(house: Gatehouse) -> None:
    await house.gate(WON, "field:amount", binding=True)
    deal_id = await house.card(OFFER)
    await house.move(deal_id, WON, amount=Decimal(700))
    assert await house.lies_in(deal_id) == WON
