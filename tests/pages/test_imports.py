"""Bringing in a list, as pages: for heads only, seen before it is written, its bad rows given back."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from aiohttp import ClientResponse, FormData

from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}
LIST = 'Name,Phone\nSara <b>,8 905 111-22-33\n=cmd(),no number\n"+7 open,1\n'


@pytest.fixture
async def olga(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.olga)


async def send(browser: Browser, content: str, name: str = "list.csv") -> ClientResponse:
    """Sends a list as the form does."""
    form = FormData(quote_fields=False)
    form.add_field("file", content.encode(), filename=name)
    return await browser.post("/settings/imports", data=form)


async def brought_in(crm: Crm, browser: Browser, content: str = LIST) -> str:
    """The address of a list that was sent, counted and run."""
    address = (await send(browser, content)).url.path
    number = int(address.rpartition("/")[2])
    await crm.services.clients.imports.finished(number)
    await browser.post(f"{address}/run")
    await crm.services.clients.imports.finished(number)
    return address


async def test_a_head_sees_what_would_come_of_a_list_before_it_does(crm: Crm, olga: Browser) -> None:
    answer = await send(olga, LIST)
    await crm.services.clients.imports.finished(1)
    page = await (await olga.get(answer.url.path)).text()
    for shown in (
        "counted, nothing written yet",
        "<b>1</b> new clients",
        "<b>2</b> rows that cannot be used",
    ):
        assert shown in page
    assert "<bdi>Sara &lt;b&gt;</bdi>" in page
    assert "A number in this row is no telephone number." in page
    assert "A quotation mark in this row is not closed." in page
    assert "Bring in 1 new clients" in page
    assert "Sara" not in await (await olga.get("/contacts")).text()


async def test_the_state_tells_how_far_it_is_and_falls_silent_at_the_end(crm: Crm, olga: Browser) -> None:
    address = await brought_in(crm, olga)
    state = await (await olga.get(address, headers=HTMX)).text()
    assert '<div id="import-state" >' in state
    assert "done" in state
    assert "every 1s" not in state
    assert "Sara" in await (await olga.get("/contacts")).text()


async def test_bad_rows_are_given_back_with_reasons_and_no_formula(crm: Crm, olga: Browser) -> None:
    address = await brought_in(crm, olga)
    answer = await olga.get(f"{address}/refused.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="refused.csv"'
    rows = list(csv.reader(StringIO(await answer.text())))
    assert rows[0] == ["row", "reason", "Name", "Phone"]
    assert rows[1] == ["3", "A number in this row is no telephone number.", "'=cmd()", "no number"]
    assert rows[2][2] == '"+7 open'


async def test_a_list_is_taken_back_by_a_click(crm: Crm, olga: Browser) -> None:
    address = await brought_in(crm, olga)
    await olga.post(f"{address}/back")
    await crm.services.clients.imports.finished(1)
    assert "taken back" in await (await olga.get(address)).text()
    assert "Sara" not in await (await olga.get("/contacts")).text()
    assert (await olga.post(f"{address}/back")).status == 409


@pytest.mark.parametrize(("name", "content"), [("list.pdf", "x"), ("list.csv", ""), ("list.xlsx", "no zip")])
async def test_what_is_no_list_says_so(olga: Browser, name: str, content: str) -> None:
    answer = await send(olga, content, name)
    assert answer.status == 422
    assert 'class="wrong"' in await answer.text()


async def test_a_list_too_large_is_refused(olga: Browser) -> None:
    answer = await send(olga, "Name\n" + "x" * 1_000_001)
    assert answer.status == 422
    assert "A file has at most 1 MB." in await answer.text()


async def test_columns_that_mean_nothing_are_asked_about(crm: Crm, olga: Browser) -> None:
    address = (await send(olga, "First,Second\nSara,89051112233\n")).url.path
    nothing = {"column_0": "", "column_1": "city"}
    answer = await olga.post(f"{address}/count", data=nothing)
    assert answer.status == 422
    assert "Say which column is the name or the number." in await answer.text()
    assert (await olga.post(f"{address}/count", data={"column_0": "wrong"})).status == 422
    good = {"column_0": "name", "column_1": "number", "responsible_id": str(crm.cast.anna.id)}
    await olga.post(f"{address}/count", data=good)
    await crm.services.clients.imports.finished(1)
    assert "<bdi>Anna</bdi>" in await (await olga.get(address)).text()


async def test_sellers_neither_bring_in_nor_take_out(crm: Crm, olga: Browser) -> None:
    await brought_in(crm, olga)
    anna = await crm.browser(crm.cast.anna)
    for path in (
        "/settings/imports",
        "/settings/imports/1",
        "/settings/imports/1/refused.csv",
        "/contacts.csv",
        "/contacts.xlsx",
    ):
        assert (await anna.get(path)).status == 403
    assert (await send(anna, LIST)).status == 403


async def test_a_list_of_which_nothing_can_be_used_offers_its_rows_and_no_start(
    crm: Crm, olga: Browser
) -> None:
    answer = await send(olga, "Name\tPhone\nSara\tcall me\n", "list.tsv")
    await crm.services.clients.imports.finished(1)
    page = await (await olga.get(answer.url.path)).text()
    assert f'href="{answer.url.path}/refused.csv"' in page
    assert f'action="{answer.url.path}/run"' not in page
