"""A gate as people and programs meet it: the dialog, what is put down in it, the head's form, the API."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db import deals, funnels, gates
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import deal_notes, tasks
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.gate import Gate, gate_of
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import SessionKind
from pbx_crm.domain.task import TaskKind
from tests import builders
from tests.builders import EVERYTHING
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}
NEW, PRESENTATION, OFFER, WON = 1, 2, 3, 4


@dataclass
class Desk:
    """Anna's card in New, her browser, and gates further on."""

    crm: Crm
    funnel: Funnel
    deal_id: int
    browser: Browser

    async def gate(self, number: int, needs: str, *, binding: bool = False) -> None:
        """The head put a gate before the n-th stage."""
        gate = gate_of(needs.split(), is_binding=binding)
        await self.crm.database.write(gates.put, self.funnel.stages[number].id, gate)

    async def move(self, number: int = PRESENTATION, status: int = 409, **form: Any) -> str:
        """What Anna's board is answered when she moves the card into the n-th stage."""
        deal = await self.deal()
        wish = {"to_stage_id": self.funnel.stages[number].id, "version": deal.version, "board": "?", **form}
        wish.setdefault("request_key", f"k{deal.version}")
        answer = await self.browser.post(f"/deals/{self.deal_id}/move", data=wish, headers=HTMX)
        text = await answer.text()
        assert answer.status == status, text
        return text

    async def deal(self) -> Deal:
        """The card as it is stored."""
        return await self.crm.database.read(deals.get, self.deal_id, EVERYTHING)

    async def stage(self) -> str:
        """Where it lies."""
        stage = self.funnel.stage((await self.deal()).stage_id)
        assert stage is not None
        return stage.name

    async def rows(self, table: Any) -> list[Any]:
        """What a table holds."""
        return list(await self.crm.database.read(lambda tx: tx.execute(table.select()).all()))


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


@dataclass
class Beyond:
    """Another funnel with a gate before its first open stage, and Anna's card that wants to go there."""

    desk: Desk
    there: Funnel

    async def go(self, status: int = 409, headers: dict[str, str] | None = None, **form: Any) -> str:
        """What Anna is answered when she sends the card there."""
        version = (await self.desk.deal()).version
        wish = {"to_stage_id": self.there.stages[NEW].id, "version": version, "request_key": f"f{version}"}
        here = f"/deals/{self.desk.deal_id}/funnel"
        sent = headers if headers is not None else HTMX
        answer = await self.desk.browser.post(here, data={**wish, **form}, headers=sent)
        text = await answer.text()
        assert answer.status == status, text
        return text

    async def arrived(self) -> bool:
        """Whether the card lies there."""
        return (await self.desk.deal()).funnel_id == self.there.id


async def beyond(desk: Desk, needs: str, *, binding: bool = False) -> Beyond:
    """A second funnel whose first open stage asks for this."""
    there = await desk.crm.database.write(builders.funnel, 1)
    gate = gate_of(needs.split(), is_binding=binding)
    await desk.crm.database.write(gates.put, there.stages[NEW].id, gate)
    return Beyond(desk, there)


def dialog_in(text: str) -> str:
    """What the answer puts into the dialog."""
    return text.partition('hx-target="#dialog"')[2].partition(">")[2].partition("</hx-partial>")[0].strip()


async def test_another_funnels_gate_asks_in_the_dialog_over_the_card(desk: Desk) -> None:
    other = await beyond(desk, "field:amount note")
    text = await other.go(reason="They buy again")
    assert f'id="deal-{desk.deal_id}"' in text.partition("hx-partial")[0], "the card stays under it"
    asked = dialog_in(text)
    assert set(re.findall(r'name="(\w+)"[^>]*form="gate-form"', asked)) == {"fill_amount", "note"}
    assert f'hx-post="/deals/{desk.deal_id}/funnel"' in asked
    assert 'name="reason" value="They buy again"' in asked
    assert not await other.arrived()


async def test_what_is_filled_in_for_another_funnel_is_written_down_and_the_card_goes_there(
    desk: Desk,
) -> None:
    other = await beyond(desk, "field:amount note", binding=True)
    assert "Still missing" in dialog_in(await other.go(answered="1", fill_amount="700"))
    text = await other.go(200, answered="1", note="They want it all")
    assert dialog_in(text) == "", "the dialog closes"
    assert (await other.arrived(), (await desk.deal()).amount) == (True, Decimal(700))
    assert [row.text for row in await desk.rows(deal_notes)] == ["They want it all"]


async def test_another_funnels_gate_is_passed_for_a_reason_unless_it_binds(desk: Desk) -> None:
    other = await beyond(desk, "note")
    assert 'name="skip_reason"' in await other.go()
    await other.go(200, skip_reason="They know us")
    assert await other.arrived()


async def test_a_wrong_value_for_another_funnel_is_told_beside_it(desk: Desk) -> None:
    other = await beyond(desk, "field:amount note")
    asked = dialog_in(await other.go(answered="1", fill_amount="much", note="Seen the &"))
    assert "This is not an amount." in asked
    assert "Seen the &amp;" in asked
    assert await desk.rows(deal_notes) == []


async def test_whoever_sends_a_changed_card_to_another_funnel_keeps_what_they_typed(desk: Desk) -> None:
    other = await beyond(desk, "note")
    asked = dialog_in(await other.go(version=9, answered="1", note="Seen it"))
    assert "Somebody else changed this deal a moment ago." in asked
    assert re.search(r"<textarea[^>]*>Seen it</textarea>", asked)
    assert await desk.rows(deal_notes) == []
    await other.go(200, answered="1", note="Seen it", request_key="knowing")
    assert await other.arrived()


async def test_without_scripts_another_funnels_gate_is_a_page(desk: Desk) -> None:
    other = await beyond(desk, "note")
    text = await other.go(headers={})
    assert ("<html" in text, f'action="/deals/{desk.deal_id}/funnel"' in text) == (True, True)
    await other.go(200, headers={}, answered="1", note="Seen it")
    assert await other.arrived()


async def test_a_stage_that_no_card_may_go_to_is_refused_before_any_gate(desk: Desk) -> None:
    other = await beyond(desk, "note")
    for stage in (other.there.stages[-2].id, desk.funnel.stages[OFFER].id):
        assert dialog_in(await other.go(422, to_stage_id=stage)) == ""
    await other.go(404, to_stage_id=999, answered="1", fill_amount="much")


async def test_another_seller_sends_no_card_to_another_funnel(desk: Desk) -> None:
    other = await beyond(desk, "note")
    desk.browser = await desk.crm.browser(desk.crm.cast.boris)
    await other.go(404, note="mine")
    assert await desk.rows(deal_notes) == []


async def test_the_column_says_what_confirms_its_stage(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "call:60 field:amount")
    text = await (await desk.browser.get("/board")).text()
    assert "Amount, a talk of at least 1:00" in text


async def saved(desk: Desk, status: int = 200, **form: str) -> Gate | None:
    """The gate of Presentation after the head saved this form."""
    stage = desk.funnel.stages[PRESENTATION]
    head = await desk.crm.browser(desk.crm.cast.olga)
    answer = await head.post(f"/settings/stages/{stage.id}/gate", data=form)
    assert answer.status == status
    return (await desk.crm.database.read(funnels.load, desk.funnel.id)).stages[PRESENTATION].gate


async def test_the_head_ticks_what_a_stage_asks_for_and_sees_it_ticked(desk: Desk) -> None:
    ticks: dict[str, Any] = {"task": "meeting", "note": "yes", "is_binding": "yes"}
    gate = await saved(desk, fields="amount", call_seconds="45", **ticks)
    assert gate is not None
    assert (gate.keys, gate.is_binding) == (["field:amount", "call:45", "task:meeting", "note"], True)
    head = await desk.crm.browser(desk.crm.cast.olga)
    text = await (await head.get(f"/settings/stages/{desk.funnel.stages[PRESENTATION].id}")).text()
    assert 'name="call_seconds" type="number" value="45"' in text
    assert len(re.findall(r"checked", text.partition('id="gate"')[2])) == 3
    assert '<option value="meeting" selected>' in text
    funnel_page = await (await head.get(f"/settings/funnels/{desk.funnel.id}")).text()
    assert "binding gate" in funnel_page


async def test_a_gate_with_nothing_ticked_is_gone(desk: Desk) -> None:
    await saved(desk, note="yes", task="any")
    assert await saved(desk, call_seconds="") is None


@pytest.mark.parametrize(
    "wrong", [{"fields": "owner"}, {"call_seconds": "0"}, {"call_seconds": "soon"}, {"task": "dance"}]
)
async def test_what_is_no_need_is_not_saved(desk: Desk, wrong: dict[str, Any]) -> None:
    assert await saved(desk, 422, note="yes", **wrong) is None


async def test_stages_that_take_no_gate_offer_none(desk: Desk) -> None:
    head = await desk.crm.browser(desk.crm.cast.olga)
    for number, is_offered in ((0, False), (NEW, True), (WON, True), (5, False)):
        text = await (await head.get(f"/settings/stages/{desk.funnel.stages[number].id}")).text()
        assert ('id="gate"' in text) == is_offered


async def asked(desk: Desk, who: Person, **more: Any) -> tuple[int, Any]:
    """What a program of this person is answered when it moves the card to the offer."""
    headers = {"Authorization": f"Bearer {await desk.crm.token(who, SessionKind.API)}"}
    body = {"to_stage_id": desk.funnel.stages[OFFER].id, "version": 1, **more}
    browser = await desk.crm.browser()
    answer = await browser.post(f"/api/v1/deals/{desk.deal_id}/moves", json=body, headers=headers)
    return answer.status, await answer.json()


async def test_a_program_learns_what_is_missing_and_where(desk: Desk) -> None:
    await desk.gate(PRESENTATION, "call:60", binding=True)
    await desk.gate(OFFER, "field:amount task:meeting")
    status, body = await asked(desk, desk.crm.cast.anna)
    assert (status, body["error"]) == (409, "gate_closed")
    assert body["message"] == "A gate on the way asks for something first."
    presentation, offer = desk.funnel.stages[PRESENTATION].id, desk.funnel.stages[OFFER].id
    assert [tuple(one.values()) for one in body["missing"]] == [
        (presentation, "call", "", 60, True),
        (offer, "field", "amount", 0, False),
        (offer, "task", "meeting", 0, False),
    ]


async def test_a_program_passes_for_a_reason_where_a_person_would(desk: Desk) -> None:
    await desk.gate(OFFER, "note")
    status, body = await asked(desk, desk.crm.cast.anna, skip_reason="Signed on paper")
    assert (status, body["stage_id"]) == (200, desk.funnel.stages[OFFER].id)


async def test_other_refusals_have_nothing_missing(desk: Desk) -> None:
    status, body = await asked(desk, desk.crm.cast.boris)
    assert (status, set(body)) == (404, {"error", "message", "details"})


async def test_programs_read_the_gates_with_the_funnels(desk: Desk) -> None:
    await desk.gate(OFFER, "field:amount")
    headers = {"Authorization": f"Bearer {await desk.crm.token(desk.crm.cast.anna, SessionKind.API)}"}
    body = await (await (await desk.crm.browser()).get("/api/v1/funnels", headers=headers)).json()
    told = [stage["gate"] for stage in body["funnels"][0]["stages"]]
    amount = {"kind": "field", "detail": "amount", "seconds": 0}
    assert told == [None, None, None, {"needs": [amount], "is_binding": False}, None, None]
