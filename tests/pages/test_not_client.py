"""Not a client, and telling a colleague, on the pages."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Direction, Outcome
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
NUMBER = "+79051234567"


async def junk(crm: Crm) -> int:
    """A talk of Anna's with somebody hostile; the call's id."""

    def story(tx: Transaction) -> int:
        contact = builders.contact(tx, "<b>Courier</b>", NUMBER)
        deal_id = builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=contact)
        at = NOW - timedelta(minutes=2)
        call = CallRows(tx, at, deal_id=deal_id, contact_id=contact).ring(crm.cast.anna)
        return call.answer(crm.cast.anna).end(30, Outcome.ANSWERED).id

    return await crm.database.write(story)


async def test_the_popup_leads_to_the_question_and_the_question_to_an_undo(crm: Crm) -> None:
    call_id = await junk(crm)
    browser = await crm.browser(crm.cast.anna)
    url = f"/popup/{call_id}/not-client"
    assert url in await (await browser.get("/popup", headers=FRAGMENT)).text()
    asked = await (await browser.get(url, headers=FRAGMENT)).text()
    assert "Ask the head to skip calls from" in asked
    assert "&lt;b&gt;Courier" in asked
    assert "<b>Courier" not in asked
    answered = await browser.post(url, data={"loss_reason_id": "5", "skips": "yes"}, headers=FRAGMENT)
    text = await answered.text()
    assert "the head is asked" in text
    move_id = text.split('name="move_id" value="')[1].split('"')[0]
    undone = await browser.post(f"{url}/undo", data={"move_id": move_id}, headers=FRAGMENT)
    assert "a client again" in await undone.text()
    again = await browser.post(f"{url}/undo", data={"move_id": move_id}, headers=FRAGMENT)
    assert again.status == 409


@pytest.mark.parametrize("page", ["/calls", "/calls/{call}", "/deals/1"])
async def test_junk_is_marked_where_it_is_seen_the_day_after(crm: Crm, page: str) -> None:
    call_id = await junk(crm)
    anna = await crm.browser(crm.cast.anna)
    url, question = page.format(call=call_id), f"/popup/{call_id}/not-client"
    assert f'href="{question}"' in await (await anna.get(url)).text()
    await anna.post(question, data={"loss_reason_id": "5"}, headers=FRAGMENT)
    assert question not in await (await anna.get("/deals/1")).text(), "its card is lost"


async def test_the_owner_says_it_of_a_call_that_a_colleague_answered(crm: Crm) -> None:
    def story(tx: Transaction) -> int:
        contact = builders.contact(tx, "Courier", NUMBER)
        deal_id = builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=contact)
        call = CallRows(tx, deal_id=deal_id, contact_id=contact).ring(crm.cast.boris)
        return call.answer(crm.cast.boris).end(30, Outcome.ANSWERED).id

    url = f"/popup/{await crm.database.write(story)}/not-client"
    anna, boris = await crm.browser(crm.cast.anna), await crm.browser(crm.cast.boris)
    assert url in await (await anna.get("/deals/1")).text()
    assert (await anna.post(url, data={"loss_reason_id": "5"}, headers=FRAGMENT)).status == 200
    assert url not in await (await boris.get("/calls")).text()
    assert (await boris.get(url)).status == 404


async def test_colleagues_talking_are_nobody_to_mark(crm: Crm) -> None:
    await crm.database.write(lambda tx: CallRows(tx, direction=Direction.INTERNAL).ring(crm.cast.anna))
    anna = await crm.browser(crm.cast.anna)
    assert "not-client" not in await (await anna.get("/calls")).text()


async def test_without_a_script_the_question_is_a_page(crm: Crm) -> None:
    call_id = await junk(crm)
    browser = await crm.browser(crm.cast.olga)
    page = await (await browser.get(f"/popup/{call_id}/not-client")).text()
    assert "make no deals any more" in page
    answered = await browser.post(
        f"/popup/{call_id}/not-client", data={"loss_reason_id": "5"}, allow_redirects=False
    )
    assert (answered.status, answered.headers["Location"]) == (303, "/board")


async def test_the_question_comes_again_with_what_is_missing(crm: Crm) -> None:
    call_id = await junk(crm)
    browser = await crm.browser(crm.cast.anna)
    for data in ({}, {"loss_reason_id": "999"}, {"loss_reason_id": "5", "name": "x" * 101}):
        answered = await browser.post(f"/popup/{call_id}/not-client", data=data, headers=FRAGMENT)
        assert (answered.status, "hx-partial" in await answered.text()) == (422, True), data


async def test_only_the_head_sees_and_decides_what_sellers_ask_for(crm: Crm) -> None:
    call_id = await junk(crm)
    anna, olga = await crm.browser(crm.cast.anna), await crm.browser(crm.cast.olga)
    await anna.post(f"/popup/{call_id}/not-client", data={"loss_reason_id": "5", "skips": "yes"})
    assert "Sellers ask to skip" not in await (await anna.get("/today")).text()
    page = await (await olga.get("/today")).text()
    assert "Sellers ask to skip" in page
    assert "+7 905 123-45-67" in page
    assert (await anna.post("/today/skips", data={"number": NUMBER, "act": "skip"})).status == 403
    assert (await olga.post("/today/skips", data={"number": NUMBER, "act": "jump"})).status == 422
    await olga.post("/today/skips", data={"number": NUMBER, "act": "skip"})
    assert "Sellers ask to skip" not in await (await olga.get("/today")).text()
    assert "&lt;b&gt;Courier" in await (await olga.get("/settings/lines")).text()


async def test_a_colleagues_client_is_told_of_with_one_click(crm: Crm) -> None:
    def story(tx: Transaction) -> int:
        contact = builders.contact(tx, "Vector", NUMBER)
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=contact, title="Fibre")
        return CallRows(tx, contact_id=contact).ring(crm.cast.boris).answer(crm.cast.boris).id

    call_id = await crm.database.write(story)
    boris = await crm.browser(crm.cast.boris)
    shown = await (await boris.get("/popup", headers=FRAGMENT)).text()
    assert "Tell Anna" in shown
    assert "not-client" not in shown
    told = await (await boris.post(f"/popup/{call_id}/tell-owner", headers=FRAGMENT)).text()
    assert "Anna was told" in told
    assert "Fibre" not in told
    anna = await crm.browser(crm.cast.anna)
    assert "Vector" in await (await anna.get("/today")).text()
    assert "asks to call back" in await (await anna.get("/deals/1")).text()
