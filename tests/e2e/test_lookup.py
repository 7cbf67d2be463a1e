"""The look-up from end to end: a real PBX asks the served CRM, which learned from an earlier call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.e2e.company import Company
from tests.e2e.office import Office, office
from tests.e2e.stories import TALK_SECONDS

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

TOKEN = "0123456789abcdef0123456789abcdef"
CLIENT = "79160007788"
ASKS = '[pbx.dialplan]\ntoken_file = "pbx.token"\naddresses = ["127.0.0.0/8"]\nring_seconds = 1\n'


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The company whose admin has let the dialplan ask."""
    folder = tmp_path_factory.mktemp("crm")
    (folder / "pbx.token").write_text(TOKEN)
    async with office(folder, company, sellers=2, pbx_settings=ASKS) as running:
        company.asterisk.cli(f"dialplan set global PBX_CRM_URL {running.crm.url}/pbx")
        company.asterisk.cli(f"dialplan set global PBX_CRM_TOKEN {TOKEN}")
        yield running
        company.asterisk.cli('dialplan set global PBX_CRM_URL ""')


async def test_a_client_who_calls_again_reaches_the_seller_they_talked_with(here: Office) -> None:
    team = here.company.teams[2]
    stranger = team.calls_in("01", CLIENT, "Вектор")
    anna = await team.phone(1).next_call()
    anna.answer()
    await stranger.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await stranger.hang_up()
    await anna.until_ended()
    await here.calls_when_over(1)
    known = team.calls_in("70", CLIENT, "somebody else's name")
    rung = await team.phone(1).next_call()
    assert rung.invite is not None
    assert '"Вектор"' in rung.invite.get("from")
    usual = await team.phone(2).next_call()
    await rung.until_ended()  # Anna does not pick up: the usual route
    await known.hang_up()
    await usual.until_ended()
    (_, second) = await here.calls_when_over(2)
    assert second["rang"] == ["201", "202"]


async def test_a_stranger_takes_the_usual_route_at_once(here: Office) -> None:
    team = here.company.teams[2]
    before = len(await here.calls())
    stranger = team.calls_in("70", "79160001199")
    usual = await team.phone(2).next_call()
    await stranger.hang_up()
    await usual.until_ended()
    (*_, last) = await here.calls_when_over(before + 1)
    assert last["rang"] == ["202"]


async def test_the_crm_goes_down_and_the_calls_go_on(here: Office) -> None:
    team = here.company.teams[2]
    await here.crm.stop()
    known = team.calls_in("70", CLIENT)
    usual = await team.phone(2).next_call()
    assert usual.started_at - known.started_at < TALK_SECONDS
    await known.hang_up()
    await usual.until_ended()
