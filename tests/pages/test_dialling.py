"""The Call button: where it stands, what it answers, and that without the PBX's leave it is a link."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pbx_crm.db import extensions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.dialling import DialRules
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.dialling import Outlet
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.phones import WrittenPhones
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
CLIENT = "+79051234567"


@pytest.fixture
def phones(crm: Crm) -> WrittenPhones:
    """The PBX of the site starts calls."""
    made = WrittenPhones()
    crm.services.dialling.offer("office", Outlet(made, NumberPlan("RU"), DialRules()))
    return made


async def a_day(crm: Crm) -> int:
    """Anna has phone 101, a client and a call; the deal."""

    def story(tx: Transaction) -> int:
        extensions.link(tx, "office", "101", crm.cast.anna.id, NOW - timedelta(days=1))
        client = builders.contact(tx, "Vector", CLIENT)
        deal_id = builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)
        CallRows(tx, contact_id=client, deal_id=deal_id, pbx="office").ring(crm.cast.anna).answer(
            crm.cast.anna
        )
        return deal_id

    return await crm.database.write(story)


async def test_card_log_and_search_have_the_button(crm: Crm, phones: WrittenPhones) -> None:
    deal_id = await a_day(crm)
    browser = await crm.browser(crm.cast.anna)
    for path in (f"/deals/{deal_id}", "/calls", "/search?q=Vector"):
        text = await (await browser.get(path)).text()
        assert 'hx-post="/calls/dial"' in text, path
        assert CLIENT in text, path


async def test_a_call_to_make_today_is_a_click(crm: Crm, phones: WrittenPhones) -> None:
    deal_id = await a_day(crm)
    due = {"kind": "call", "due_at": f"{NOW:%Y-%m-%dT%H:%M}", "title": "Walk"}
    browser = await crm.browser(crm.cast.anna)
    await browser.post(f"/deals/{deal_id}/tasks", data=due)
    text = await (await browser.get("/today")).text()
    assert 'hx-post="/calls/dial"' in text
    assert "row-call" in text
    phones.may_ring = False
    assert f'href="tel:{CLIENT}"' in await (await browser.get("/today")).text()


async def test_without_leave_of_the_pbx_a_number_is_a_link(crm: Crm, phones: WrittenPhones) -> None:
    deal_id = await a_day(crm)
    phones.may_ring = False
    browser = await crm.browser(crm.cast.anna)
    for path in (f"/deals/{deal_id}", "/calls", "/search?q=Vector"):
        text = await (await browser.get(path)).text()
        assert f'href="tel:{CLIENT}"' in text, path
        assert "/calls/dial" not in text, path


async def test_a_click_says_what_happens_and_brings_a_fresh_key(crm: Crm, phones: WrittenPhones) -> None:
    await a_day(crm)
    browser = await crm.browser(crm.cast.anna)
    keys = ["first"]
    for _ in range(2):
        data = {"number": CLIENT, "request_key": keys[-1]}
        answer = await browser.post("/calls/dial", data=data, headers=FRAGMENT)
        text = await answer.text()
        assert (answer.status, "Your phone rings" in text) == (200, True)
        keys += re.findall(r'name="request_key" value="([^"]+)"', text)
        crm.clock.now += timedelta(minutes=1)
    assert len(set(keys)) == 3
    assert [wish.extension for wish in phones.rung] == ["101", "101"]


async def test_a_phone_named_in_the_request_is_not_looked_at(crm: Crm, phones: WrittenPhones) -> None:
    await a_day(crm)
    browser = await crm.browser(crm.cast.anna)
    data = {"number": CLIENT, "request_key": "k", "extension": "102", "channel": "PJSIP/102", "context": "x"}
    await browser.post("/calls/dial", data=data, headers=FRAGMENT)
    assert [wish.extension for wish in phones.rung] == ["101"]


@pytest.mark.parametrize("headers", [FRAGMENT, {}])
async def test_a_refusal_is_said_in_words(crm: Crm, phones: WrittenPhones, headers: dict[str, str]) -> None:
    browser = await crm.browser(crm.cast.boris)
    data = {"number": CLIENT, "request_key": "k"}
    answer = await browser.post("/calls/dial", data=data, headers=headers)
    assert answer.status == 400
    assert "No phone is linked to you" in await answer.text()
    answer = await browser.post("/calls/dial", data={**data, "number": "112"}, headers=headers)
    assert phones.rung == []


async def test_another_site_cannot_ring_a_phone(crm: Crm, phones: WrittenPhones) -> None:
    await a_day(crm)
    browser = await crm.browser(crm.cast.anna)
    data = {"number": CLIENT, "request_key": "k"}
    answer = await browser.post("/calls/dial", data=data, headers={"Origin": "https://evil.example"})
    assert answer.status == 403
    assert phones.rung == []


async def test_the_popup_ends_the_call(crm: Crm, phones: WrittenPhones) -> None:
    await a_day(crm)
    browser = await crm.browser(crm.cast.anna)
    text = await (await browser.get("/popup", headers=FRAGMENT)).text()
    found = re.search(r"/popup/(\d+)/hang-up", text)
    assert found is not None
    answer = await browser.post(found.group(), headers=FRAGMENT)
    assert (answer.status, len(phones.ended)) == (200, 1)
    phones.may_hang_up = False
    assert "hang-up" not in await (await browser.get("/popup", headers=FRAGMENT)).text()
