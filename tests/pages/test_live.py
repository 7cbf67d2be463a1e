"""A tab hears what changed for its person: at once, merged, and only while its session stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError

from pbx_crm.domain.person import Person, Role
from pbx_crm.pages import live
from pbx_crm.services.staff import PersonForm
from tests.site import Browser, Crm

Socket = ClientWebSocketResponse[bool]
SOON = 2.0


async def listen(crm: Crm, browser: Browser, address: str = "/live") -> Socket:
    """The browser's socket, once the server has it among those it tells."""
    before = crm.services.live.listeners
    socket = await browser.ws_connect(address)
    for _ in range(200):
        if crm.services.live.listeners > before:
            return socket
        await asyncio.sleep(0.01)
    raise AssertionError("the server never began to tell this tab anything")


async def topics(socket: Socket) -> list[str]:
    """What the next signal names."""
    told: list[str] = (await socket.receive_json(timeout=SOON))["topics"]
    return told


@pytest.fixture
async def anna(crm: Crm) -> AsyncIterator[Socket]:
    """Anna's listening tab."""
    socket = await listen(crm, await crm.browser(crm.cast.anna))
    yield socket
    await socket.close()


async def closes_with(socket: Socket) -> int | None:
    """The code with which the server closes the socket."""
    message = await socket.receive(timeout=SOON)
    assert message.type in (WSMsgType.CLOSE, WSMsgType.CLOSED), message
    return socket.close_code


async def test_a_signal_names_topics_and_its_number(crm: Crm, anna: Socket) -> None:
    crm.services.live.tell({"deal-17", "call"}, {crm.cast.anna.id})
    assert await anna.receive_json(timeout=SOON) == {"topics": ["call", "deal-17"], "n": 1}


async def test_a_lone_signal_does_not_wait_for_company(crm: Crm, anna: Socket) -> None:
    loop = asyncio.get_running_loop()
    waits = []
    for _ in range(5):
        before = loop.time()
        crm.services.live.tell({"call"}, {crm.cast.anna.id})
        await topics(anna)
        waits.append(loop.time() - before)
        await asyncio.sleep(live.MERGE_SECONDS * 1.5)
    assert min(waits) < live.MERGE_SECONDS / 2


async def test_a_burst_is_one_signal_and_its_rest_another(crm: Crm, anna: Socket) -> None:
    for number in range(50):
        crm.services.live.tell({f"stage-{number % 3}"}, {crm.cast.anna.id})
        await asyncio.sleep(0)
    heard = [await topics(anna), await topics(anna)]
    assert {topic for told in heard for topic in told} == {"stage-0", "stage-1", "stage-2"}
    with pytest.raises(TimeoutError):
        await anna.receive(timeout=live.MERGE_SECONDS * 2)


async def test_a_seller_s_tab_hears_nothing_of_another_s_cards(crm: Crm, anna: Socket) -> None:
    crm.services.live.tell({"deal-17"}, {crm.cast.boris.id})
    crm.services.live.tell({"deal-18"}, {crm.cast.anna.id})
    assert await topics(anna) == ["deal-18"]


def test_what_a_browser_does_not_take_costs_names_not_messages() -> None:
    postbox = live.Postbox()
    for number in range(10_000):
        postbox.put(frozenset({f"stage-{number % 7}", "call"}))
    assert len(postbox.empty()) == 8
    assert postbox.empty() == []


async def test_a_stranger_s_tab_is_sent_to_the_log_in(crm: Crm) -> None:
    socket = await (await crm.browser()).ws_connect("/live")
    assert await closes_with(socket) == live.SESSION_ENDED


async def test_another_site_s_page_cannot_listen(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    with pytest.raises(WSServerHandshakeError) as refused:
        await browser.ws_connect("/live", headers={"Origin": "https://evil.example"})
    assert refused.value.status == 403


async def test_signing_out_ends_the_tab_at_once(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    socket = await listen(crm, browser)
    await browser.post("/logout", allow_redirects=False)
    assert await closes_with(socket) == live.SESSION_ENDED
    assert crm.services.live.listeners == 0


async def test_a_session_that_ran_out_is_noticed_by_a_quiet_tab(
    crm: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LOOK_AGAIN_SECONDS", 0.05)
    socket = await listen(crm, await crm.browser(crm.cast.anna))
    assert await topics(socket) == []
    crm.clock.go_on(timedelta(days=40))
    assert await closes_with(socket) == live.SESSION_ENDED


@pytest.mark.parametrize(
    ("form", "code"),
    [
        # Rights end the session: the tab is to log in anew. A new name only makes it come back.
        (PersonForm(login="boris", name="Boris", role=Role.HEAD), live.SESSION_ENDED),
        (PersonForm(login="boris", name="Boris B.", role=Role.SELLER), 1012),
    ],
)
async def test_a_tab_does_not_go_on_as_who_its_person_was(crm: Crm, form: PersonForm, code: int) -> None:
    socket = await listen(crm, await crm.browser(crm.cast.boris))
    await crm.services.staff.change(crm.cast.olga, crm.cast.boris.id, form)
    assert await closes_with(socket) == code


async def test_a_stopping_server_asks_tabs_to_come_back(crm: Crm, anna: Socket) -> None:
    await crm.server.app.shutdown()
    assert await closes_with(anna) == 1012


@pytest.mark.parametrize(("told_between", "expected"), [(True, ["call", "resync"]), (False, [])])
async def test_a_page_told_of_changes_before_it_listened_is_brought_up_to_date(
    crm: Crm, monkeypatch: pytest.MonkeyPatch, told_between: bool, expected: list[str]
) -> None:
    monkeypatch.setattr(live, "LOOK_AGAIN_SECONDS", 0.05)
    mark = crm.services.live.mark(crm.cast.anna)
    if told_between:
        crm.services.live.tell({"stage-3"}, {crm.cast.anna.id})
    browser = await crm.browser(crm.cast.anna)
    socket = await listen(crm, browser, f"/live?mark={mark}")
    assert await topics(socket) == expected


async def test_a_tab_may_talk_but_is_not_listened_to(crm: Crm, anna: Socket) -> None:
    await anna.send_str("x" * 100)
    crm.services.live.tell({"call"}, {crm.cast.anna.id})
    assert await topics(anna) == ["call"]


async def test_a_tab_that_sends_a_flood_is_cut(anna: Socket) -> None:
    await anna.send_str("x" * (live.LARGEST_MESSAGE + 1))
    assert await closes_with(anna) == 1009


@pytest.mark.parametrize("name", ["peter", "olga"])
async def test_everybody_hears_of_the_pbx(crm: Crm, name: str) -> None:
    who: Person = getattr(crm.cast, name)
    socket = await listen(crm, await crm.browser(who))
    crm.services.live.tell_everybody({"pbx"})
    assert await topics(socket) == ["pbx"]


async def test_the_banner_says_while_nothing_can_be_stored(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    told = "Nothing can be stored"
    assert told not in await (await anna.get("/banner")).text()
    crm.database.takes_changes = False
    assert told in await (await anna.get("/banner")).text()
    assert told in await (await anna.get("/board")).text()


async def test_ten_tabs_of_one_person_all_hear(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.anna)
    sockets = [await listen(crm, browser) for _ in range(10)]
    crm.services.live.tell({"call"}, {crm.cast.anna.id})
    assert [await topics(socket) for socket in sockets] == [["call"]] * 10
