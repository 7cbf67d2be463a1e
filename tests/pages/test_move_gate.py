"""A gate as a seller meets it: the dialog, what is put down in it, and what stays when something is wrong."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import deal_notes, tasks
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.task import TaskKind
from tests import builders
from tests.pages.gate_desk import HTMX, NEW, OFFER, PRESENTATION, WON, Desk
from tests.site import Crm


@pytest.fixture
async def desk(crm: Crm) -> Desk:
    def make(tx: Transaction) -> tuple[Funnel, int]:
        funnel = builders.funnel(tx)
        client = builders.contact(tx, "Vector", "+79161234567")
        return funnel, builders.deal(tx, funnel, crm.cast.anna, stage=NEW, contact_id=client)

    funnel, deal_id = await crm.database.write(make)
    crm.clock.go_on(timedelta(minutes=30))
    return Desk(crm, funnel, deal_id, await crm.browser(crm.cast.anna))


async def test_a_refused_card_goes_back_and_each_missing_thing_has_a_field_of_its_own(desk: Desk) -> None:
    await desk.gate(
        PRESENTATION, "field:amount field:expected_close field:company task:meeting document note"
    )
    text = await desk.move()
    names = set(re.findall(r'<(?:input|textarea)[^>]*name="(\w+)"[^>]*form="gate-form"', text))
    assert names == {"fill_amount", "fill_expected_close", "fill_company", "did", "link", "note"}
    assert 'id="column-' in text, "both columns come along, the card where it was"
    assert await desk.stage() == "New"


async def test_a_missing_talk_is_offered_with_the_button_that_calls(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "call:90")
    text = await desk.move()
    assert "A talk of at least 1:30" in text
    assert "tel:+79161234567" in text


async def test_the_dialog_tells_how_to_know_that_a_stage_is_reached(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "note")
    stage = desk.funnel.stages[PRESENTATION]
    form = {"name": stage.name, "hue": "1", "reached_when": "They have seen the <product>"}
    head = await desk.crm.browser(desk.crm.cast.olga)
    await head.post(f"/settings/stages/{stage.id}", data=form)
    assert "They have seen the &lt;product&gt;" in await desk.move()


async def test_a_stage_skipped_is_named_with_what_it_lacks(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "note")
    await desk.gate(OFFER, "field:amount")
    text = await desk.move(OFFER)
    titles = [re.sub(r"<[^>]+>", "", found).strip() for found in re.findall(r"<h3.*?</h3>", text)]
    assert titles == ["Presentation", "Commercial offer"]


async def test_what_is_filled_in_is_written_down_and_the_card_goes_on(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "field:amount field:company note task:meeting")
    filled: dict[str, Any] = {
        "fill_amount": "48 000,50",
        "fill_company": "Vector Ltd",
        "note": "Seen it",
        "did": "meeting",
    }
    text = await desk.move(status=200, answered="1", **filled)
    assert "moved to Presentation" in text
    assert (await desk.deal()).amount == Decimal("48000.50")
    assert [row.text for row in await desk.rows(deal_notes)] == ["Seen it"]
    assert [row.kind for row in await desk.rows(tasks)] == ["meeting"]


async def test_what_is_filled_in_stays_though_more_is_missing(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "field:amount note")
    text = await desk.move(answered="1", fill_amount="700")
    assert "Still missing" in text
    assert 'name="fill_amount"' not in text
    assert f'name="version" value="{(await desk.deal()).version}"' in text
    await desk.move(status=200, answered="1", note="Seen it", request_key="second")
    assert ((await desk.deal()).amount, await desk.stage()) == (Decimal(700), "Presentation")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"fill_amount": "much"}, "This is not an amount."),
        ({"fill_expected_close": "soon"}, "This is not a date."),
        ({"link": "offer.pdf"}, "A link begins with http:// or https://."),
        ({"fill_company": "x" * 201}, "At most 200 characters."),
    ],
)
async def test_a_wrong_value_is_told_beside_it_and_nothing_typed_is_lost(
    desk: Desk, wrong: dict[str, Any], why: str
) -> None:
    await desk.gate(PRESENTATION, "field:amount field:expected_close field:company document note")
    text = await desk.move(answered="1", **{"note": "Seen the &", **wrong})
    assert why in text
    assert "Seen the &amp;" in text
    assert await desk.rows(deal_notes) == []
    assert await desk.stage() == "New"


async def test_an_open_task_is_ticked_as_done(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "task:offer")
    anna, due = desk.crm.cast.anna, desk.crm.clock() + timedelta(days=1)
    for kind in (TaskKind.OFFER, TaskKind.PAYMENT):
        await desk.crm.services.tasks.add_to_deal(anna, desk.deal_id, kind, due)
    text = await desk.move()
    (ticked,) = re.findall(r'name="task_done" value="(\d+)"', text)
    await desk.move(status=200, answered="1", task_done=ticked)
    assert {row.kind: row.done_at is not None for row in await desk.rows(tasks)} == {
        "offer": True,
        "payment": False,
    }


async def test_a_file_put_on_the_card_opens_its_gate(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "document")
    assert "/files" not in await desk.move()
    await desk.crm.services.clients.files.switch(desk.crm.cast.olga, True)
    assert f'hx-post="/deals/{desk.deal_id}/files"' in await desk.move()
    form = FormData()
    form.add_field("file", b"an offer", filename="offer.pdf")
    await desk.browser.post(f"/deals/{desk.deal_id}/files", data=form)
    await desk.move(status=200)


async def test_a_gate_that_prompts_is_passed_for_a_reason_which_the_history_tells(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "note")
    assert 'name="skip_reason"' in await desk.move()
    await desk.move(status=200, answered="1", skip_reason="They <b>hurry</b>")
    text = await (await desk.browser.get(f"/deals/{desk.deal_id}")).text()
    assert "Not confirmed:" in text
    assert "They &lt;b&gt;hurry&lt;/b&gt;" in text


async def test_a_binding_gate_offers_no_way_round(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "note", binding=True)
    text = await desk.move(answered="1", skip_reason="They hurry")
    assert 'name="skip_reason"' not in text
    assert "The head lets nobody pass without it: Presentation" in text
    assert await desk.stage() == "New"


async def test_a_sale_asks_for_its_amount_first_and_keeps_it_through_the_gate(desk: Desk) -> None:
    await desk.gate(WON, "note field:amount")
    assert "Won: for how much?" not in await desk.move(WON, status=422)
    text = await desk.move(WON, answered="1", amount="900")
    assert 'name="amount" value="900"' in text
    assert 'name="fill_amount"' not in text
    await desk.move(WON, status=200, answered="1", amount="900", note="Signed", request_key="sold")
    assert ((await desk.deal()).amount, await desk.stage()) == (Decimal(900), "Purchase")


async def test_without_scripts_the_dialog_is_a_page(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "note")
    wish = {"to_stage_id": desk.funnel.stages[PRESENTATION].id, "version": 1}
    answer = await desk.browser.post(f"/deals/{desk.deal_id}/move", data=wish)
    text = await answer.text()
    assert (answer.status, "<html" in text, 'name="note"' in text) == (409, True, True)
    done = await desk.browser.post(f"/deals/{desk.deal_id}/move", data={**wish, "note": "Seen it"})
    assert done.status == 200
    assert await desk.stage() == "Presentation"


async def test_whoever_was_slower_is_told_and_keeps_what_they_typed(desk: Desk) -> None:
    await desk.gate(OFFER, "note")
    olga = await desk.crm.browser(desk.crm.cast.olga)
    wish = {"to_stage_id": desk.funnel.stages[PRESENTATION].id, "version": 1}
    await olga.post(f"/deals/{desk.deal_id}/move", data=wish, headers=HTMX)
    text = await desk.move(OFFER, version=1, answered="1", note="Seen it")
    assert "Somebody else changed this deal a moment ago." in text
    assert await desk.rows(deal_notes) == []
    assert re.search(r"<textarea[^>]*>Seen it</textarea>", text)
    assert 'name="version" value="2"' in text
    await desk.move(OFFER, status=200, answered="1", note="Seen it", request_key="knowing")
    assert await desk.stage() == "Commercial offer"


async def test_where_nobody_is_asked_any_more_the_slower_one_is_simply_told(desk: Desk) -> None:
    await desk.gate(OFFER, "note")
    olga = await desk.crm.browser(desk.crm.cast.olga)
    wish = {"to_stage_id": desk.funnel.stages[OFFER].id, "version": 1, "skip_reason": "They signed"}
    await olga.post(f"/deals/{desk.deal_id}/move", data=wish, headers=HTMX)
    text = await desk.move(OFFER, version=1, answered="1", note="Seen it")
    assert 'class="toast refused"' in text
    assert await desk.rows(deal_notes) == []


async def test_another_seller_learns_nothing_of_the_gate(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "note")
    boris = await desk.crm.browser(desk.crm.cast.boris)
    wish = {"to_stage_id": desk.funnel.stages[PRESENTATION].id, "version": 1, "note": "mine"}
    answer = await boris.post(f"/deals/{desk.deal_id}/move", data=wish, headers=HTMX)
    assert answer.status == 404
    assert await desk.rows(deal_notes) == []
