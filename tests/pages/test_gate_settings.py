"""The head sets gates in a form, the column tells of them, and programs meet them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from pbx_crm.db import funnels
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.gate import Gate
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import SessionKind
from tests import builders
from tests.pages.gate_desk import NEW, OFFER, PRESENTATION, WON, Desk
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
