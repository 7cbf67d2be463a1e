"""Scripts read what happened to a deal, take it back, and keep its funnel, its people and its notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pbx_crm.db import deal_notes, deals
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import NOW
from tests.pages.test_api import Script, script
from tests.site import Crm


@dataclass
class Card:
    """Anna's deal with one client, two funnels, and the scripts of both sellers and the head."""

    crm: Crm
    funnel: Funnel
    other: Funnel
    deal: int
    anna: Script
    boris: Script
    head: Script

    async def ask(self, method: str, path: str, **body: Any) -> tuple[int, Any]:
        """What Anna's script is answered about this deal."""
        return await self.anna.ask(method, f"deals/{self.deal}/{path}", json=body)

    async def history(self) -> list[dict[str, Any]]:
        """What happened to it, the latest first."""
        found: list[dict[str, Any]] = (await self.anna.get(f"deals/{self.deal}/history"))["entries"]
        return found


@pytest.fixture
async def card(crm: Crm) -> Card:
    def make(tx: Transaction) -> tuple[Funnel, Funnel, int]:
        funnel, other = builders.funnel(tx), builders.funnel(tx, 3)
        client = builders.contact(tx, "Vector", "+74950000001")
        return funnel, other, builders.deal(tx, funnel, crm.cast.anna, contact_id=client)

    made = await crm.database.write(make)
    cast = crm.cast
    of_anna, of_boris = await script(crm, cast.anna), await script(crm, cast.boris)
    return Card(crm, *made, of_anna, of_boris, await script(crm, cast.olga))


async def test_the_history_tells_who_moved_a_deal_and_the_move_is_taken_back(card: Card) -> None:
    offer = card.funnel.stages[2]
    await card.ask("POST", "moves", to_stage_id=offer.id, version=1)
    moved = (await card.history())[0]
    assert (moved["kind"], moved["who"], moved["to_stage"]) == ("move", "Anna", offer.name)
    for _ in range(2):
        status, deal = await card.ask("POST", "undo", move_id=moved["undo_id"], request_key="once")
        assert (status, deal["stage_id"]) == (200, card.funnel.stages[0].id)
    undone = (await card.history())[0]
    assert (undone["is_undo"], undone["undo_id"]) == (True, None)


async def test_a_move_is_not_taken_back_over_a_later_one(card: Card) -> None:
    await card.ask("POST", "moves", to_stage_id=card.funnel.stages[1].id, version=1)
    first = (await card.history())[0]["undo_id"]
    await card.ask("POST", "moves", to_stage_id=card.funnel.stages[2].id, version=2)
    status, told = await card.ask("POST", "undo", move_id=first)
    assert (status, told["error"]) == (409, "nothing_to_undo")


async def test_what_a_trigger_did_is_taken_back_by_its_line_of_the_history(card: Card) -> None:
    def act(tx: Transaction) -> None:
        details = {"id": "trigger_priority", "name": "Hot", "was": "low", "is": "normal"}
        deals.add_event_once(tx, card.deal, "trigger", NOW, details, "hot")

    await card.crm.database.write(act)
    line = next(one for one in await card.history() if one["act_id"])
    assert line["why"]["name"] == "Hot"
    assert (await card.ask("POST", f"acts/{line['act_id']}/undo"))[0] == 200
    assert (await card.anna.get(f"deals/{card.deal}"))["priority"] == "low"


async def test_a_deal_goes_to_another_funnel_with_its_history(card: Card) -> None:
    target = card.other.stages[1]
    status, told = await card.ask("POST", "funnel", to_stage_id=target.id, version=9)
    assert (status, told["error"]) == (409, "deal_changed")
    status, deal = await card.ask("POST", "funnel", to_stage_id=target.id, version=1)
    assert (status, deal["funnel_id"], deal["stage_id"]) == (200, card.other.id, target.id)
    assert [line["kind"] for line in await card.history()][-1] == "created"


async def test_people_are_put_on_a_deal_made_its_client_and_taken_off(card: Card) -> None:
    status, told = await card.ask(
        "POST", "contacts", number="8 495 000-00-05", name="Vera", role="accountant"
    )
    assert status == 201
    client, vera = told["contacts"]
    assert (vera["name"], vera["role"], vera["numbers"]) == ("Vera", "accountant", ["+74950000005"])
    assert (client["is_first"], vera["is_first"]) == (True, False)
    told = (await card.ask("POST", f"contacts/{vera['id']}/first"))[1]
    assert [one["name"] for one in told["contacts"] if one["is_first"]] == ["Vera"]
    told = (await card.ask("DELETE", f"contacts/{client['id']}"))[1]
    assert [one["name"] for one in told["contacts"]] == ["Vera"]
    status, told = await card.ask("POST", "contacts", number="12")
    assert (status, list(told["details"])) == (422, ["number"])


async def test_a_note_is_changed_by_who_has_read_it_and_comes_back_from_the_bin(card: Card) -> None:
    note = await card.crm.database.write(
        lambda tx: deal_notes.add(tx, card.deal, card.crm.cast.anna.id, "wants a discount", NOW)
    )
    status, told = await card.ask("PATCH", f"notes/{note}", text="wants ten percent", seen="wants a lift")
    assert status == 409, "nobody's words are lost"
    status, told = await card.ask("PATCH", f"notes/{note}", text="wants ten percent", seen="wants a discount")
    assert (status, told["notes"][0]["text"]) == (200, "wants ten percent")
    item = (await card.ask("DELETE", f"notes/{note}"))[1]["item_id"]
    assert (await card.anna.get(f"deals/{card.deal}/notes"))["notes"] == []
    await card.anna.ask("POST", f"bin/{item}/back")
    assert len((await card.anna.get(f"deals/{card.deal}/notes"))["notes"]) == 1


async def test_only_its_writer_and_the_head_change_a_note(card: Card) -> None:
    note = await card.crm.database.write(
        lambda tx: deal_notes.add(tx, card.deal, card.crm.cast.olga.id, "call him", NOW)
    )
    words = {"text": "call her", "seen": "call him"}
    assert (await card.ask("PATCH", f"notes/{note}", **words))[0] == 403
    assert (await card.head.ask("PATCH", f"deals/{card.deal}/notes/{note}", json=words))[0] == 200


async def test_of_another_sellers_deal_nothing_is_told_and_nothing_done(card: Card) -> None:
    for method, path in (("GET", "history"), ("GET", "contacts"), ("DELETE", "notes/1")):
        assert (await card.boris.ask(method, f"deals/{card.deal}/{path}"))[0] == 404
    undo = {"move_id": 1}
    assert (await card.boris.ask("POST", f"deals/{card.deal}/undo", json=undo))[0] == 404
