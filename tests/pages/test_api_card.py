"""Scripts work with a card: files with the page's limits, tasks, how a talk went, the bin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db import wrap_up_outcomes
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import tasks
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.test_api import Script, script
from tests.site import Crm


@dataclass
class Card:
    """Anna's card with a talk that waits to be wrapped up, and her program."""

    crm: Crm
    funnel: Funnel
    anna: Script
    boris: Script
    deal: int
    talk: int

    async def send(self, name: str, content: bytes, who: Script | None = None) -> tuple[int, Any]:
        """Puts a file on the card."""
        form = FormData()
        form.add_field("file", content, filename=name)
        return await (who or self.anna).ask("POST", f"deals/{self.deal}/files", data=form)


@pytest.fixture
async def card(crm: Crm) -> Card:
    def make(tx: Transaction) -> tuple[Funnel, int, int]:
        funnel = builders.funnel(tx)
        client = builders.contact(tx, "Vector")
        deal_id = builders.deal(tx, funnel, crm.cast.anna, stage=1, contact_id=client)
        call = CallRows(tx, NOW, contact_id=client, deal_id=deal_id).ring(crm.cast.anna)
        call.answer(crm.cast.anna).end(60, Outcome.ANSWERED)
        return funnel, deal_id, call.id

    funnel, deal_id, call_id = await crm.database.write(make)
    await crm.services.clients.files.switch(crm.cast.olga, is_on=True)
    crm.clock.go_on(timedelta(minutes=5))
    scripts = await script(crm, crm.cast.anna), await script(crm, crm.cast.boris)
    return Card(crm, funnel, *scripts, deal_id, call_id)


async def test_a_file_goes_up_and_comes_down_as_it_was(card: Card) -> None:
    status, told = await card.send("offer.pdf", b"%PDF offer")
    assert status == 201, told
    (file,) = (await card.anna.get(f"deals/{card.deal}/files"))["files"]
    headers = {"Authorization": f"Bearer {card.anna.token}"}
    answer = await card.anna.browser.get(f"/api/v1/deals/{card.deal}/files/{file['id']}", headers=headers)
    assert await answer.read() == b"%PDF offer"
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(("name", "content"), [("virus.exe", b"MZ"), ("empty.pdf", b"")])
async def test_what_the_page_would_not_take_is_refused_here_too(
    card: Card, name: str, content: bytes
) -> None:
    status, told = await card.send(name, content)
    assert status == 422, told
    assert (await card.anna.get(f"deals/{card.deal}/files"))["files"] == []


async def test_a_request_without_a_file_is_told_so(card: Card) -> None:
    status, told = await card.anna.ask("POST", f"deals/{card.deal}/files", json={"file": "offer"})
    assert (status, list(told["details"])) == (422, ["file"])


async def test_files_that_the_head_has_switched_off_are_not_taken(card: Card) -> None:
    await card.crm.services.clients.files.switch(card.crm.cast.olga, is_on=False)
    status, told = await card.send("offer.pdf", b"%PDF")
    assert (status, told["error"]) == (400, "files_are_off")
    assert (await card.anna.get(f"deals/{card.deal}/files"))["files"] == []


async def test_another_sellers_files_are_not_there(card: Card) -> None:
    await card.send("offer.pdf", b"%PDF offer")
    (file,) = (await card.anna.get(f"deals/{card.deal}/files"))["files"]
    assert (await card.send("mine.pdf", b"%PDF", card.boris))[0] == 404
    for method in ("GET", "DELETE"):
        assert (await card.boris.ask(method, f"deals/{card.deal}/files/{file['id']}"))[0] == 404
    assert (await card.anna.ask("GET", f"deals/{card.deal}/files/x"))[0] == 404


async def test_what_was_deleted_comes_back_from_the_bin(card: Card) -> None:
    await card.send("offer.pdf", b"%PDF offer")
    (file,) = (await card.anna.get(f"deals/{card.deal}/files"))["files"]
    status, thrown = await card.anna.ask("DELETE", f"deals/{card.deal}/files/{file['id']}")
    assert status == 200
    version = (await card.anna.get(f"deals/{card.deal}"))["version"]
    status, whole = await card.anna.ask("POST", f"deals/{card.deal}/delete", json={"version": version})
    assert (status, (await card.anna.ask("GET", f"deals/{card.deal}"))[0]) == (200, 404)
    items = (await card.anna.get("bin"))["items"]
    assert {(one["id"], one["kind"]) for one in items} == {
        (thrown["item_id"], "file"),
        (whole["item_id"], "deal"),
    }
    assert (await card.boris.get("bin"))["items"] == []
    for item in (whole, thrown):
        assert (await card.anna.ask("POST", f"bin/{item['item_id']}/back"))[0] == 200
    assert len((await card.anna.get(f"deals/{card.deal}/files"))["files"]) == 1


async def test_a_task_is_set_put_off_and_done(card: Card) -> None:
    due_at = (NOW + timedelta(days=1)).isoformat()
    body = {"kind": "offer", "due_at": due_at, "title": "Send it"}
    assert (await card.anna.ask("POST", f"deals/{card.deal}/tasks", json=body))[0] == 201
    (task,) = (await card.anna.get("tasks"))["tasks"]
    assert (task["title"], task["owner_id"]) == ("Send it", card.crm.cast.anna.id)
    assert (await card.anna.ask("POST", f"tasks/{task['id']}/put-off", json={"by": "tomorrow"}))[0] == 200
    done = {"result": "They have it"}
    assert (await card.anna.ask("POST", f"tasks/{task['id']}/done", json=done))[0] == 200
    assert (await card.anna.get("tasks"))["tasks"] == []
    (row,) = await card.crm.database.read(lambda tx: tx.execute(tasks.select()).all())
    assert (row.result, row.done_at is not None) == ("They have it", True)
    assert (await card.boris.ask("POST", f"tasks/{task['id']}/done", json={}))[0] == 404


async def test_a_task_with_nonsense_in_it_is_refused(card: Card) -> None:
    body = {"kind": "offer", "due_at": "2026-12-01T10:00:00Z"}
    for wrong in ({"due_at": "soon"}, {"kind": "dance"}, {"title": "x" * 300}, {"remind_minutes": 7}):
        status, _ = await card.anna.ask("POST", f"deals/{card.deal}/tasks", json={**body, **wrong})
        assert status == 422, wrong


async def test_a_talk_is_wrapped_up_once(card: Card) -> None:
    offered = await card.crm.database.read(wrap_up_outcomes.of_funnel, card.funnel.id)
    said = {"outcome_id": offered[0].id, "step": "call_tomorrow", "note": "Wants an offer"}
    assert (await card.boris.ask("POST", f"calls/{card.talk}/wrap-up", json=said))[0] == 404
    assert (await card.anna.ask("POST", f"calls/{card.talk}/wrap-up", json=said))[0] == 200
    assert [one["kind"] for one in (await card.anna.get("tasks"))["tasks"]] == ["call"]
    assert (await card.anna.get(f"deals/{card.deal}/notes"))["notes"][0]["text"] == "Wants an offer"
    assert (await card.anna.ask("POST", f"calls/{card.talk}/wrap-up", json=said))[0] == 409


async def test_a_wrap_up_is_taken_back_with_its_step_and_may_be_said_anew(card: Card) -> None:
    offered = await card.crm.database.read(wrap_up_outcomes.of_funnel, card.funnel.id)
    here, said = f"calls/{card.talk}/wrap-up", {"outcome_id": offered[0].id, "step": "call_tomorrow"}
    await card.anna.ask("POST", here, json=said)
    assert (await card.boris.ask("DELETE", here))[0] == 404
    assert await card.anna.ask("DELETE", here) == (200, {"done": True})
    assert (await card.anna.get("tasks"))["tasks"] == [], "its step is gone"
    status, told = await card.anna.ask("DELETE", here)
    assert (status, told["error"]) == (409, "wrap_up_went_on")
    assert (await card.anna.ask("POST", here, json=said))[0] == 200
