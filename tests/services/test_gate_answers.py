"""What is put down at a gate, or was there already, and opens it; on both databases."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pbx_crm.db import deal_notes
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deal_notes as note_rows
from pbx_crm.db.tables import deals as deal_rows
from pbx_crm.db.tables import tasks as task_rows
from pbx_crm.domain.deal import DealChanged, MoveRequest
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.task import TaskKind
from tests.company import later
from tests.services.gatehouse import CLIENT, NEW, OFFER, OTHER, PRESENTATION, Gatehouse
from tests.stories import Story


@pytest.fixture
def house(database: Database) -> Gatehouse:
    return Gatehouse(database)


async def test_what_is_put_down_at_a_gate_opens_it(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "field:amount field:expected_close field:company field:client_name")
    await house.gate(OFFER, "document note task:offer")
    deal_id = await house.card()
    due = later(days=1)
    await house.tasks.add_to_deal(house.anna, deal_id, TaskKind.OFFER, due)
    (task,) = await house.company.rows(task_rows)
    assert len(await house.missing(deal_id, OFFER)) == 6, "the client's name is known"
    await house.answer(
        deal_id,
        texts={"company": "Vector Ltd"},
        amount=Decimal(48_000),
        expected_close=due.date(),
        note="Met at the fair",
        link="https://docs.example/offer.pdf",
        task_ids=(task["id"],),
    )
    await house.move(deal_id, OFFER)
    deal = await house.stored(deal_id)
    assert (deal.amount, deal.expected_close, deal.stage_id) == (
        Decimal(48_000),
        due.date(),
        house.stage(OFFER),
    )
    assert [row["done_at"] for row in await house.company.rows(task_rows)] == [house.clock()]


async def test_something_done_without_a_plan_is_a_finished_task(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "task:meeting")
    deal_id = await house.card()
    await house.answer(deal_id, did=(TaskKind.MEETING,))
    await house.move(deal_id, PRESENTATION)
    (task,) = await house.company.rows(task_rows)
    assert (task["kind"], task["owner_id"], task["done_at"]) == (
        TaskKind.MEETING,
        house.anna.id,
        house.clock(),
    )


async def test_an_answer_with_a_wrong_value_writes_nothing(house: Gatehouse) -> None:
    deal_id = await house.card()
    wrong: Any
    for wrong in ({"link": "offer.pdf"}, {"note": "x" * 5001}, {"texts": {"company": "x" * 201}}):
        with pytest.raises(BadInput):
            await house.answer(deal_id, **{"amount": Decimal(5), "note": "well", **wrong})
    assert (await house.stored(deal_id)).amount == 0
    assert await house.company.rows(note_rows) == []


async def test_nobody_answers_for_anothers_card_nor_with_anothers_task(house: Gatehouse) -> None:
    deal_id, other_id = await house.card(), await house.card(number=OTHER)
    with pytest.raises(NotFound):
        await house.answer(deal_id, who=house.company.boris, note="mine now")
    await house.tasks.add_to_deal(house.anna, other_id, TaskKind.OFFER, later(days=1))
    (task,) = await house.company.rows(task_rows)
    with pytest.raises(NotFound):
        await house.answer(deal_id, note="and the task", task_ids=(task["id"],))
    assert await house.company.rows(note_rows) == []
    assert (await house.company.one(task_rows))["done_at"] is None


async def test_whoever_answers_for_an_older_card_is_told(house: Gatehouse) -> None:
    deal_id = await house.card()
    seen = MoveRequest(house.stage(OFFER), 1, "late")
    await house.move(deal_id, PRESENTATION, who=house.olga)
    with pytest.raises(DealChanged):
        await house.answer(deal_id, request=seen, note="I did not know")


async def test_an_answer_sent_twice_is_written_once(house: Gatehouse) -> None:
    deal_id = await house.card()
    request = MoveRequest(house.stage(OFFER), 1, "twice")
    await house.answer(deal_id, request=request, note="once")
    await house.moves.move(house.anna, deal_id, request)
    version = await house.answer(deal_id, request=request, note="once")
    again = await house.moves.move(house.anna, deal_id, request)
    assert again.deal.version == version
    assert len(await house.company.rows(note_rows)) == 1


@pytest.mark.parametrize(("text", "is_document"), [("see HTTPS://x.example/a", True), ("a file", False)])
async def test_a_note_with_a_link_is_a_document(house: Gatehouse, text: str, is_document: bool) -> None:
    await house.gate(PRESENTATION, "document")
    deal_id = await house.card()
    await house.database.write(deal_notes.add, deal_id, house.anna.id, text, later(minutes=1))
    if is_document:
        await house.move(deal_id, PRESENTATION)
    else:
        assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "document")]


async def test_the_call_that_made_a_card_counts_in_the_stage_it_made_it_in(house: Gatehouse) -> None:
    await house.gate(NEW, "call:60")
    await house.company.play(Story.incoming(CLIENT).rings("101").answers("101").ends(after=120))
    (deal,) = await house.company.rows(deal_rows)
    await house.move(deal["id"], NEW)
    assert await house.lies_in(deal["id"]) == NEW


async def test_a_seller_moves_a_card_while_they_talk(house: Gatehouse) -> None:
    await house.gate(PRESENTATION, "call:60")
    deal_id = await house.card()
    house.clock.now = later(minutes=5, seconds=30)
    await house.company.play(Story.outgoing(CLIENT, "101", at=later(minutes=5)).answers("101"))
    assert await house.missing(deal_id, PRESENTATION) == [("Presentation", "call:60")]
    house.clock.go_on(timedelta(minutes=2))
    await house.move(deal_id, PRESENTATION)
    assert await house.lies_in(deal_id) == PRESENTATION
