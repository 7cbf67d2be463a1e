"""The head says what each code does; the PBX is told in one word what became of one."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest

from pbx_crm.db import extensions
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import stage_moves
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.pbx_door import PbxDoor
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

TOKEN = "t" * 32


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    """Telephony."""
    return await crm.database.write(builders.funnel)


def chosen_in(page: str) -> dict[str, str]:
    """Which choice stands selected for each digit."""
    selects = re.findall(r'<select name="code-(\d)"[^>]*>(.*?)</select>', page, re.DOTALL)
    return {digit: re.findall(r'value="([^"]+)" selected', options)[0] for digit, options in selects}


async def test_the_head_sees_and_changes_what_each_digit_does(crm: Crm, funnel: Funnel) -> None:
    head, url = await crm.browser(crm.cast.olga), f"/settings/funnels/{funnel.id}/codes"
    before = chosen_in(await (await head.get(url)).text())
    assert (before["1"], before["8"], before["0"]) == (f"stage-{funnel.stages[1].id}", "call_again", "none")
    wish = {f"code-{digit}": choice for digit, choice in {**before, "1": "meeting", "5": before["2"]}.items()}
    assert (await head.post(url, data=wish)).status == 200
    after = chosen_in(await (await head.get(url)).text())
    assert after == {**before, "1": "meeting", "5": before["2"]}


async def test_a_choice_that_is_none_of_this_funnels_is_told_by_its_digit(crm: Crm, funnel: Funnel) -> None:
    head = await crm.browser(crm.cast.olga)
    answer = await head.post(f"/settings/funnels/{funnel.id}/codes", data={"code-3": "stage-999999"})
    assert answer.status == 422
    page = await answer.text()
    assert page.count("Choose one from the list.") == 1
    assert chosen_in(await (await head.get(f"/settings/funnels/{funnel.id}/codes")).text())["3"] != "none"


async def test_the_pbx_moves_a_card_for_whoever_the_channel_belongs_to(crm: Crm, funnel: Funnel) -> None:
    crm.services.telephony.doors.open(PbxDoor("office", TOKEN, (ip_network("127.0.0.0/8"),)))

    def talked(tx: Transaction) -> int:
        anna = crm.cast.anna
        extensions.link(tx, "office", "201", anna.id, NOW)
        client = builders.contact(tx, "Vector")
        deal_id = builders.deal(tx, funnel, anna, contact_id=client)
        call = CallRows(tx, pbx="office", deal_id=deal_id, contact_id=client).ring(anna).answer(anna, after=2)
        call.end(60, Outcome.ANSWERED)
        return deal_id

    deal_id = await crm.database.write(talked)
    pbx = await crm.browser()

    async def dial(**form: str) -> str:
        return await (await pbx.post("/pbx/code", data={"token": TOKEN, **form})).text()

    assert await dial(code="1", channel="PJSIP/201-0000001f") == "crm:done"
    assert await dial(code="2", extension="201", channel="PJSIP/desk-9-0000001f") == "crm:done"
    assert await dial(code="0", channel="PJSIP/201-0000001f") == "crm:code"
    assert await dial(code="1", channel="PJSIP/202-0000001f") == "crm:card"
    assert await dial(code="1") == "crm:card"
    anna = await crm.browser(crm.cast.anna)
    assert "by phone code" in await (await anna.get(f"/deals/{deal_id}")).text()


async def test_a_code_without_the_token_moves_nothing(crm: Crm, funnel: Funnel) -> None:
    answer = await (await crm.browser()).post("/pbx/code", data={"code": "1", "extension": "201"})
    assert answer.status == 403

    def moved(tx: Transaction) -> int:
        return len(tx.execute(stage_moves.select()).all())

    assert await crm.database.read(moved) == 0
