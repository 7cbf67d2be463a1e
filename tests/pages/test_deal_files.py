"""Files on a deal's card: off at first, sent and given back, refused, deleted and back again."""

from __future__ import annotations

import re

import pytest
from aiohttp import ClientResponse, FormData

from pbx_crm.db import deal_files
from pbx_crm.db.engine import Transaction
from tests import builders
from tests.site import Browser, Crm

HTMX = {"HX-Request": "true"}


@pytest.fixture
async def deal(crm: Crm) -> int:
    """A deal of Anna's."""

    def write(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector")
        return builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client)

    return await crm.database.write(write)


@pytest.fixture
async def switched_on(crm: Crm) -> Crm:
    """The site, where the head wants files."""
    await crm.services.clients.files.switch(crm.cast.olga, is_on=True)
    return crm


@pytest.fixture
async def anna(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.anna)


async def send(browser: Browser, deal: int, name: str, content: bytes) -> ClientResponse:
    """Sends a file as the card's form does."""
    # As browsers do: the name in UTF-8, not in percents.
    form = FormData(quote_fields=False)
    form.add_field("file", content, filename=name, content_type="text/html")
    return await browser.post(f"/deals/{deal}/files", data=form, headers=HTMX)


async def test_files_are_off_until_the_head_switches_them_on(crm: Crm, anna: Browser, deal: int) -> None:
    assert "/files" not in await (await anna.get(f"/deals/{deal}")).text()
    assert (await send(anna, deal, "offer.pdf", b"offer")).status == 400
    olga = await crm.browser(crm.cast.olga)
    assert ">Switch on<" in await (await olga.get("/settings/files")).text()
    page = await olga.post("/settings/files", data={"on": "yes"})
    assert ">Switch off<" in await page.text()
    assert 'type="file"' in await (await anna.get(f"/deals/{deal}")).text()
    await olga.post("/settings/files", data={"on": "no"})
    assert (await send(anna, deal, "offer.pdf", b"offer")).status == 400


async def test_a_file_comes_back_whole_as_a_download_and_never_as_a_page(
    switched_on: Crm, anna: Browser, deal: int
) -> None:
    content = b"<script>alert(1)</script>" * 40_000
    answer = await send(anna, deal, "КП <1>.txt", content)
    text = await answer.text()
    assert answer.status == 200
    assert "КП _1_.txt" in text
    assert "File added" in text
    given = await anna.get(f"/deals/{deal}/files/1")
    assert await given.read() == content
    assert given.headers["Content-Type"] == "application/octet-stream"
    assert given.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''%D0%9A%D0%9F")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert given.headers["Content-Security-Policy"].startswith("sandbox")


async def test_a_file_is_for_whoever_sees_its_deal(switched_on: Crm, anna: Browser, deal: int) -> None:
    await send(anna, deal, "offer.pdf", b"offer")
    boris = await switched_on.browser(switched_on.cast.boris)
    for browser, status in ((boris, 404), (anna, 200)):
        assert (await browser.get(f"/deals/{deal}/files/1")).status == status
    assert (await send(boris, deal, "mine.pdf", b"mine")).status == 404
    assert (await boris.post(f"/deals/{deal}/files/1/delete")).status == 404
    assert (await anna.get(f"/deals/{deal + 1}/files/1")).status == 404


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("page.html", b"x", "Files of this kind are not kept here."),
        ("offer.pdf", b"", "This file is empty."),
        ("offer.pdf", b"x" * 1_000_001, "A file has at most 1 MB."),
    ],
)
async def test_a_file_that_is_not_kept_says_why(
    switched_on: Crm, anna: Browser, deal: int, name: str, content: bytes, said: str
) -> None:
    answer = await send(anna, deal, name, content)
    assert answer.status == 422
    assert said in await answer.text()
    assert await switched_on.database.read(deal_files.of_deal, deal) == []


async def test_a_form_without_a_file_says_so(switched_on: Crm, anna: Browser, deal: int) -> None:
    answer = await anna.post(f"/deals/{deal}/files", data={"file": "words"}, headers=HTMX)
    assert answer.status == 422
    assert "Choose a file." in await answer.text()


async def test_a_deleted_file_comes_back_with_its_content(switched_on: Crm, anna: Browser, deal: int) -> None:
    await send(anna, deal, "offer.pdf", b"offer")
    await anna.post(f"/deals/{deal}/files/1/delete", headers=HTMX)
    assert (await anna.get(f"/deals/{deal}/files/1")).status == 404
    assert await switched_on.services.clients.files.sweep() == 0
    found = re.search(r'action="(/bin/\d+/back)"', await (await anna.get("/bin")).text())
    assert found is not None
    await anna.post(found[1])
    assert await (await anna.get(f"/deals/{deal}/files/1")).read() == b"offer"
