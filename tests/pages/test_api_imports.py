"""Scripts of the head bring in lists of clients as the page does: counted first, begun, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import FormData

from pbx_crm.db.tables import contacts
from tests.pages.test_api import Script, script
from tests.site import Crm

LIST = "Who,Reach,Town\nSara,8 905 111-22-33,Kazan\nNobody,no number,Omsk\n"
HERE = "imports"


@dataclass
class Lists:
    """The head's script, and what it brings in."""

    crm: Crm
    script: Script

    async def send(self, content: str = LIST, name: str = "list.csv") -> tuple[int, Any]:
        """Sends a file; waits until it is counted."""
        form = FormData(quote_fields=False)
        form.add_field("file", content.encode(), filename=name)
        status, told = await self.script.ask("POST", HERE, data=form)
        if status == 201:
            await self.crm.services.clients.imports.finished(told["id"])
        return status, told

    async def turn(self, act: str, **body: Any) -> tuple[int, Any]:
        """One step of the first import, waited for; how it then stands, or why not."""
        status, told = await self.script.ask("POST", f"{HERE}/1/{act}", json=body)
        await self.crm.services.clients.imports.finished(1)
        return (status, await self.script.get(f"{HERE}/1")) if status == 200 else (status, told)

    async def clients(self) -> list[str]:
        """Names of the clients there are."""
        query = contacts.select().order_by(contacts.c.id)
        return await self.crm.database.read(lambda tx: [row.name for row in tx.execute(query)])


@pytest.fixture
async def lists(crm: Crm) -> Lists:
    return Lists(crm, await script(crm, crm.cast.olga))


MEANT = ["name", "number", "city"]


async def test_a_list_is_sent_counted_begun_watched_and_taken_back(lists: Lists) -> None:
    status, sent = await lists.send()
    assert (status, sent["header"], sent["mapping"]) == (201, ["Who", "Reach", "Town"], ["", "", "city"])
    status, counted = await lists.turn("count", mapping=MEANT)
    assert (counted["state"], counted["counts"]) == ("counted", {"made": 1, "refused": 1})
    assert await lists.clients() == [], "counting writes nothing"
    status, done = await lists.turn("run")
    assert (done["state"], done["is_at_work"], done["rows_done"], done["percent"]) == ("done", False, 2, 100)
    assert await lists.clients() == ["Sara"]
    status, back = await lists.turn("back")
    assert (back["state"], back["counts"]["gone"]) == ("taken_back", 1)
    assert await lists.clients() == []
    assert [one["id"] for one in (await lists.script.get(HERE))["imports"]] == [1]


async def test_the_first_rows_show_what_will_come_and_why_rows_are_refused(lists: Lists) -> None:
    await lists.send()
    await lists.turn("count", mapping=MEANT, responsible_id=lists.crm.cast.anna.id)
    told = await lists.script.get(f"{HERE}/1/preview")
    good, bad = told["rows"]
    assert (good["row"], good["name"], good["numbers"]) == (2, "Sara", ["+79051112233"])
    assert (good["responsible_id"], good["refusal"]) == (lists.crm.cast.anna.id, "")
    assert (bad["row"], bad["refusal"]) == (3, "A number in this row is no telephone number.")
    assert told["refusals"] == [{"reason": bad["refusal"], "rows": 1}], "told before anything is written"
    await lists.turn("run")
    told = await lists.script.get(f"{HERE}/1/preview")
    assert told["refusals"] == [{"reason": bad["refusal"], "rows": 1}]


async def test_refused_rows_come_back_as_a_file(lists: Lists) -> None:
    await lists.send()
    await lists.turn("count", mapping=MEANT)
    await lists.turn("run")
    headers = {"Authorization": f"Bearer {lists.script.token}"}
    answer = await lists.script.browser.get(f"/api/v1/{HERE}/1/refused.csv", headers=headers)
    assert "Nobody,no number,Omsk" in await answer.text()


async def test_what_cannot_follow_now_is_refused_and_begins_nothing_twice(lists: Lists) -> None:
    await lists.send()
    assert (await lists.turn("back"))[1]["error"] == "not_now"
    await lists.turn("count", mapping=MEANT)
    await lists.turn("run")
    status, told = await lists.turn("run")
    assert (status, told["error"]) == (409, "not_now")
    assert await lists.clients() == ["Sara"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"mapping": ["name"]}, "mapping"),
        ({"mapping": ["", "", ""]}, "mapping"),
        ({"mapping": ["name", "name", ""]}, "mapping"),
        ({"mapping": ["name", "shoe size", ""]}, "mapping.1"),
        ({"mapping": MEANT, "responsible_id": 999}, "responsible_id"),
        ({}, "mapping"),
    ],
)
async def test_columns_that_mean_nothing_are_named(lists: Lists, wrong: dict[str, Any], field: str) -> None:
    await lists.send()
    status, told = await lists.turn("count", **wrong)
    assert (status, list(told["details"])) == (422, [field])


@pytest.mark.parametrize(("content", "name"), [(LIST, "list.exe"), ("", "list.csv")])
async def test_what_is_no_list_is_not_taken(lists: Lists, content: str, name: str) -> None:
    status, told = await lists.send(content, name)
    assert (status, list(told["details"])) == (422, ["file"])
    assert (await lists.script.ask("POST", HERE, json={}))[0] == 422, "no file at all"


async def test_a_list_that_is_not_there_is_not_found(lists: Lists) -> None:
    for address in ("999", "999/preview", "abc", "9" * 30):
        assert (await lists.script.ask("GET", f"{HERE}/{address}"))[0] == 404
    assert (await lists.script.ask("POST", f"{HERE}/999/run"))[0] == 404


async def test_a_seller_brings_in_nothing(crm: Crm, lists: Lists) -> None:
    await lists.send()
    anna = await script(crm, crm.cast.anna)
    for method, address in (("GET", HERE), ("GET", f"{HERE}/1"), ("POST", f"{HERE}/1/run")):
        assert (await anna.ask(method, address))[0] == 403
