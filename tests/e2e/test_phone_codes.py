"""Phone codes on a real Asterisk: a seller dials, hears what became of it, and the card has moved."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.company import Company
from tests.e2e.office import LOGINS, Office, office
from tests.e2e.playing import tapping
from tests.e2e.stories import TALK_SECONDS
from tests.parts.ami_tap import AmiTap
from tests.parts.scripted_crm import hangs, nobody_there, says, scripted_crm
from tests.parts.sip.dialog import Dialog

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

TOKEN = "0123456789abcdef0123456789abcdef"
ASKS = '[pbx.dialplan]\ntoken_file = "pbx.token"\naddresses = ["127.0.0.0/8"]\n'
DONE, NO_CODE, NO_CARD = "auth-thankyou", "beeperr&pbx-invalid", "beeperr&beeperr"
NOT_ASKED = "beeperr&tt-somethingwrong"
PLAYED = re.compile(r"Event: Newexten\r\n(?:[^\r]+\r\n)*?Application: Playback\r\nAppData: ([^\r]*)\r\n")


def ask_at(company: Company, url: str) -> None:
    """The dialplan asks there, its breaker closed."""
    settings = {
        "PBX_CRM_URL": url,
        "PBX_CRM_TOKEN": TOKEN,
        "PBX_CRM_FAILURES": "0",
        "PBX_CRM_RESTS_UNTIL": "0",
    }
    for name, value in settings.items():
        company.asterisk.cli(f"dialplan set global {name} {value}")


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The company whose admin has let the dialplan ask."""
    folder = tmp_path_factory.mktemp("crm")
    (folder / "pbx.token").write_text(TOKEN)
    async with office(folder, company, sellers=2, pbx_settings=ASKS) as running:
        ask_at(company, f"{running.crm.url}/pbx")
        yield running


async def heard(company: Company, code: str, seller: int = 1) -> str:
    """What the phone plays after this is dialled; the call ends by itself."""
    async with tapping(company, "everything") as tap:
        await _dialled(company, code, seller)
        return _played(tap)


async def _dialled(company: Company, code: str, seller: int) -> None:
    dialling = company.teams[2].phone(seller).dial(code)
    await dialling.until_answered()
    await dialling.until_ended()


def _played(tap: AmiTap) -> str:
    found = PLAYED.findall(tap.data.decode(errors="replace"))
    return str(found[0]) if found else ""


async def talk(here: Office, client: str) -> tuple[Dialog, Dialog]:
    """A client and Anna, talking."""
    calling = here.company.teams[2].calls_in("01", client)
    anna = await here.company.teams[2].phone(1).next_call()
    anna.answer()
    await calling.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    return calling, anna


async def stage_of_the_card(here: Office) -> str:
    """Where the only card lies."""
    (deal,) = await here.head.all("deals")
    return str(deal["stage"]["name"] if isinstance(deal["stage"], dict) else deal["stage"])


async def test_a_seller_runs_a_card_from_the_phone(here: Office) -> None:
    client, anna = await talk(here, "79160008811")
    await anna.hold()
    assert await heard(here.company, "*551") == DONE, "on a second line, the client on hold"
    await anna.resume()
    await client.hang_up()
    await anna.until_ended()
    calls = await here.calls_when_over(1)
    assert await heard(here.company, "*552") == DONE, "after the call"
    (deal,) = await here.head.all("deals")
    shown = await here.head_page(f"/deals/{deal['id']}")
    assert "by phone code" in shown
    assert shown.index("Presentation") > 0
    assert await heard(here.company, "*550") == NO_CODE
    assert await heard(here.company, "*558") == DONE
    assert "call" in {task["kind"] for task in await here.head.all("tasks")}
    assert len(calls) == 1


async def test_whoever_had_no_call_hears_so(here: Office) -> None:
    assert await heard(here.company, "*551", seller=2) == NO_CARD
    assert await heard(here.company, "*551", seller=5) == NO_CARD, "this phone is linked to nobody"


async def test_dialled_codes_make_no_clients_and_no_cards(here: Office) -> None:
    assert len(await here.head.all("deals")) == 1
    assert len(await here.head.all("contacts")) == 1


@pytest.mark.parametrize("major", [22, 16])
async def test_a_crm_that_is_down_or_hung_is_said_to_be(
    here: Office, old_company: Company, major: int
) -> None:
    company = here.company if major == 22 else old_company
    async with nobody_there() as crm:
        ask_at(company, crm.url)
        assert await heard(company, "*551") == NOT_ASKED
    for manner in (hangs, says("<html>500</html>", "500 Oops"), says("crm:201:9:Anna")):
        async with scripted_crm(manner) as crm:
            ask_at(company, crm.url)
            assert await heard(company, "*551") == NOT_ASKED
    async with scripted_crm(says("crm:done")) as crm:
        ask_at(company, crm.url)
        assert await heard(company, "*557") == DONE
        assert "code=7" in crm.asked[0]
        assert "channel=PJSIP%2F201-" in crm.asked[0]
    ask_at(here.company, f"{here.crm.url}/pbx")


async def test_the_seller_takes_the_move_back_on_the_screen(here: Office) -> None:
    browser = await here.crm.log_in(LOGINS[0])
    (deal,) = await here.head.all("deals")
    async with browser.get(f"/deals/{deal['id']}") as answer:
        page = await answer.text()
    found = re.search(r'name="move_id" value="(\d+)"', page)
    await browser.close()
    assert found is not None, "the last move offers to be undone"
