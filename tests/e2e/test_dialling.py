"""Click-to-call on a real Asterisk: the seller's phone rings, then the client's, and the popup follows."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import ClientSession

from tests.e2e.company import Company
from tests.e2e.company_config import shipped_samples
from tests.e2e.office import LOGINS, Office, office
from tests.e2e.served_crm import until
from tests.parts.sip.dialog import SHORTEST_TALK_SECONDS

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CLICK_TO_CALL = 'dial_context = "pbx-crm-dial"\nhang_up = true\n'
FRAGMENT = {"HX-Request": "true"}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The company whose admin has added the two rights and switched click-to-call on."""
    name = "manager.d/pbx-crm.conf"
    shipped = shipped_samples()[name]
    company.asterisk.write({name: shipped.replace("write = reporting", "write = reporting,originate,call")})
    company.asterisk.cli("manager reload")
    async with office(
        tmp_path_factory.mktemp("crm"), company, sellers=2, pbx_settings=CLICK_TO_CALL
    ) as running:
        yield running
    company.asterisk.write({name: shipped})
    company.asterisk.cli("manager reload")


@pytest_asyncio.fixture(loop_scope="module")
async def anna(here: Office) -> AsyncIterator[ClientSession]:
    """Anna's browser; the first of her phones is 201."""
    session = await here.crm.log_in(LOGINS[0])
    yield session
    await session.close()


async def click(browser: ClientSession, number: str, key: str = "click") -> str:
    """What the page says."""
    data = {"number": number, "request_key": f"{key}-{number}"}
    async with browser.post("/calls/dial", data=data, headers=FRAGMENT) as answer:
        return await answer.text()


async def popup_says(browser: ClientSession, phase: str) -> str:
    """The popup once it is in this state."""

    async def said() -> str | None:
        async with browser.get("/popup", headers=FRAGMENT) as answer:
            text = await answer.text()
        return text if f'data-phase="{phase}"' in text else None

    return await until(said, what=f"the popup to say {phase}")


async def test_the_seller_s_phone_rings_and_then_the_client_s(here: Office, anna: ClientSession) -> None:
    client = "79263330001"
    assert "Your phone rings" in await click(anna, f"+{client}")
    seller = await here.company.teams[2].phone(1).next_call()
    assert here.company.provider.dialogs == {}, "the client is not called before the seller answers"
    seller.answer()
    called = await here.company.provider.next_call(client)
    assert re.search(r"\D*".join(client[1:]), await popup_says(anna, "calling"))
    assert called.invite is not None
    assert "<sip:201@" in called.invite.get("from"), "the client sees the company, not their own number"
    called.answer()
    text = await popup_says(anna, "talking")
    found = re.search(r"/popup/\d+/hang-up", text)
    assert found is not None
    await asyncio.sleep(SHORTEST_TALK_SECONDS)
    async with anna.post(found.group(), headers=FRAGMENT) as answer:
        assert answer.status == 200
    await called.until_ended()
    await seller.until_ended()
    (call,) = await here.calls_when_over(1)
    assert (call["direction"], call["outcome"], call["seller"]) == ("out", "answered", "201")
    assert call["external_number"].lstrip("+") == client


async def test_a_click_sent_three_times_rings_once(here: Office, anna: ClientSession) -> None:
    client, since = "79263330002", len(here.company.teams[2].rung(0))
    for _ in range(3):
        await click(anna, f"+{client}")
    seller = await here.company.teams[2].phone(1).next_call()
    seller.reject()
    await seller.until_ended()
    await here.calls_when_over(2)
    assert len(here.company.teams[2].rung(0)) == since + 1


async def test_hostile_numbers_ring_nobody(here: Office, anna: ClientSession) -> None:
    since = len(here.company.teams[2].rung(0))
    for number in ("201&PJSIP/202", "112", "*70", "Local/1@from-trunk", "+79261110001\n\nAction: Hangup"):
        assert "Your phone rings" not in await click(anna, number)
    assert len(here.company.teams[2].rung(0)) == since
