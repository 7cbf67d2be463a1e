"""The wallboard in a browser that nobody logged in to: what it shows, and when it goes dark."""

from __future__ import annotations

import re

import pytest
from aiohttp import WSMsgType

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.sentence import Sentence
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.test_live import listen
from tests.site import Browser, Crm

FORM = {"name": "Hall", "answer_within": "20", "service_target": "80", "longest_wait": "60"}


async def new_link(crm: Crm) -> str:
    """The address of a new board, as its head reads it once."""
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.post("/settings/walls", data=FORM)
    found = re.search(r'href="http://[^/"]+(/wall/[^"]+)"', await answer.text())
    assert found is not None
    return found[1]


async def text_at(browser: Browser, address: str, status: int = 200) -> str:
    """The answer's text."""
    answer = await browser.get(address)
    assert answer.status == status
    return await answer.text()


def busy(tx: Transaction, crm: Crm) -> None:
    """A client talks with Anna, another one waits."""
    client = builders.contact(tx, "Orbita", "+79161112233")
    CallRows(tx, NOW, e164="+79161112233", contact_id=client).ring(crm.cast.anna).answer(crm.cast.anna, 0)
    CallRows(tx, NOW, e164="+79164445566", caller_name="Vector").ring(crm.cast.boris)


def figures_in(text: str) -> dict[str, str]:
    """Some of the board's figures by their names."""
    found = dict(re.findall(r"<dt>([^<]+)</dt><dd>\s*([^< ]+)", text))
    return {name: found[name] for name in ("Waiting", "Talking", "Free", "Answered today")}


async def test_a_stranger_with_the_link_sees_the_board_and_no_client(crm: Crm) -> None:
    await crm.database.write(busy, crm)
    link, screen = await new_link(crm), await crm.browser()
    text = await text_at(screen, link)
    assert "Anna" in text
    assert "talking" in text
    assert figures_in(text) == {"Waiting": "1", "Talking": "1", "Free": "0", "Answered today": "1"}
    for client in ("Orbita", "Vector", "9161112233", "9164445566"):
        assert client not in text
    assert "style=" not in text


async def test_the_board_says_whether_the_pbx_is_heard(crm: Crm) -> None:
    link, screen = await new_link(crm), await crm.browser()
    crm.services.pbx_link.changed("office", LinkState(LinkStatus.UP, NOW, Sentence("Connected.")))
    assert "PBX office is heard" in await text_at(screen, f"{link}/figures")
    crm.services.pbx_link.changed("office", LinkState(LinkStatus.DOWN, NOW, Sentence("Cut.")))
    assert "PBX office is not heard" in await text_at(screen, f"{link}/figures")


async def test_the_link_opens_nothing_else(crm: Crm) -> None:
    link, screen = await new_link(crm), await crm.browser()
    await text_at(screen, link)
    for address in ("/board", "/calls", "/reports/calls", "/settings/walls"):
        answer = await screen.get(address, allow_redirects=False)
        assert answer.status == 303
    assert (await screen.post(link, data={})).status == 405


async def test_a_link_taken_back_is_as_if_it_had_never_been(crm: Crm) -> None:
    link, screen, olga = await new_link(crm), await crm.browser(), await crm.browser(crm.cast.olga)
    page = await text_at(olga, "/settings/walls")
    (number,) = re.findall(r'action="/settings/walls/(\d+)/revoke"', page)
    await olga.post(f"/settings/walls/{number}/revoke")
    for address in (link, f"{link}/figures", f"{link}/live", "/wall/nothing"):
        await text_at(screen, address, 404)
    assert "Hall" not in await text_at(olga, "/settings/walls")


async def test_the_address_is_shown_once(crm: Crm) -> None:
    link = await new_link(crm)
    assert link not in await text_at(await crm.browser(crm.cast.olga), "/settings/walls")


async def test_a_call_is_news_for_the_board_and_other_things_are_not(crm: Crm) -> None:
    link, screen = await new_link(crm), await crm.browser()
    socket = await listen(crm, screen, f"{link}/live")
    crm.services.live.tell({"stage-1", "tasks"}, {crm.cast.anna.id})
    crm.services.live.tell({"calls"}, {crm.cast.anna.id})
    told = await socket.receive_json(timeout=30)
    assert told["topics"] == ["wall"]
    await socket.close()


async def test_a_board_goes_dark_when_its_link_is_taken_back(crm: Crm) -> None:
    link, screen = await new_link(crm), await crm.browser()
    (made,) = await crm.services.analysis.walls.links(crm.cast.olga)
    socket = await listen(crm, screen, f"{link}/live")
    await crm.services.analysis.walls.revoke(crm.cast.olga, made.id)
    assert (await socket.receive(timeout=30)).type in (WSMsgType.CLOSE, WSMsgType.CLOSING)


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("answer_within", "x"), ("service_target", "101"), ("longest_wait", "-1")],
)
async def test_a_wrong_form_is_shown_again_with_the_reason(crm: Crm, field: str, value: str) -> None:
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.post("/settings/walls", data={**FORM, field: value})
    assert answer.status == 422
    assert "aria-invalid" in await answer.text()
    assert await crm.services.analysis.walls.links(crm.cast.olga) == []


async def test_a_seller_finds_no_way_to_the_links(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    assert (await browser.get("/settings/walls")).status == 403
    assert (await browser.post("/settings/walls", data=FORM)).status == 403
