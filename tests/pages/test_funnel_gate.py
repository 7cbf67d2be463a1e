"""A gate on the way to another funnel: asked over the card, filled in, passed for a reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pbx_crm.db import gates
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import deal_notes
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.gate import gate_of
from tests import builders
from tests.pages.gate_desk import HTMX, NEW, OFFER, Desk
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
