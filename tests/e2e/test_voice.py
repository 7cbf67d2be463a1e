"""Voice messages on a real Asterisk: a robot calls, the client hears it and presses a key, the card knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from pbx_crm.app import App, running
from pbx_crm.config import load
from pbx_crm.db import extensions, funnels
from pbx_crm.db.tables import calls, deals, voice_messages
from pbx_crm.db.voice_calls import VoiceCall
from pbx_crm.domain.person import Role
from pbx_crm.domain.voice_call import VoiceResult, VoiceState
from pbx_crm.outside.voice_sounds import VoiceSounds
from pbx_crm.services.clock import utc_now
from tests import builders
from tests.builders import NOW
from tests.e2e.company import Company
from tests.e2e.company_config import SECRET, shipped_samples
from tests.e2e.served_crm import CONFIG, PBX, until
from tests.e2e.test_phone_codes import ASKS, TOKEN, ask_at
from tests.outside.test_voice_sounds import parts
from tests.parts.ami_tap import PORT
from tests.parts.sip.party import is_busy
from tests.sounds import wav
from tests.voice_house import VoiceHouse, open_at_every_hour

pytestmark = [pytest.mark.asterisk, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

VOICE = """
[pbx.voice]
context = "from-internal"
caller_id = "74952230001"
hours = "00:00-23:59"
ring_seconds = 5
"""
SHIPPED = "manager.d/pbx-crm.conf"


@dataclass
class Here:
    """The program beside the PBX, in this process, and the house whose robots call."""

    company: Company
    app: App
    house: VoiceHouse

    async def call(self, number: str) -> VoiceCall:
        """Has this client called; the call as it was planned."""
        planned = await self.house.plan(f"+{number}")
        assert await self.app.services.voice.calls.sweep() == 1
        return planned

    async def over(self, call: VoiceCall) -> VoiceCall:
        """The call once its result is known."""

        async def is_over() -> VoiceCall | None:
            stands = await self.house.now(call)
            return stands if stands.state is VoiceState.OVER else None

        return await until(is_over, what="the voice call to be over")


def configured(folder: Path, company: Company) -> Path:
    (folder / "secret").write_text(SECRET)
    (folder / "pbx.token").write_text(TOKEN)
    url = f"sqlite:///{folder / 'crm.db'}"
    text = CONFIG.format(url=url, pbx=PBX, host=company.network.pbx, port=PORT) + ASKS + VOICE
    (folder / "pbx_crm.toml").write_text(text)
    return folder / "pbx_crm.toml"


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=[22, 16])
async def here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Here]:
    """A company whose admin gave the AMI user originate and let the dialplan ask."""
    async with Company(request.param) as company:
        shipped = shipped_samples(company.asterisk.major)[SHIPPED]
        company.asterisk.write({SHIPPED: shipped.replace("write = reporting", "write = reporting,originate")})
        company.asterisk.cli("manager reload")
        folder = tmp_path_factory.mktemp("crm")
        async with running(load(configured(folder, company))) as app:
            ask_at(company, f"{app.url}/pbx")
            sound = await VoiceSounds(folder / "files" / "voice", sox="").keep(parts(wav(1)), "a.wav")
            owner = await app.database.write(lambda tx: builders.person(tx, "Olga", Role.HEAD))
            await app.database.write(lambda tx: extensions.link(tx, PBX, "201", owner.id, NOW))
            funnel = (await app.database.read(funnels.in_use))[0]
            await app.database.write(open_at_every_hour)
            house = VoiceHouse(app.database, funnel, owner, utc_now)
            await house.furnish(sound)
            caller = app.services.voice.calls

            async def is_up() -> bool:
                return caller.is_ready

            await until(is_up, what="the CRM to hear the PBX")
            yield Here(company, app, house)


async def test_the_client_presses_1_and_the_card_knows_that_they_come(here: Here) -> None:
    call = await here.call("79263330001")
    client = await here.company.provider.next_call("79263330001")
    assert client.invite is not None
    assert "74952230001" in client.invite.get("from"), "the client sees the company's number"
    client.answer()
    await asyncio.sleep(1.0)
    await client.press("1")
    await client.until_ended()
    over = await here.over(call)
    assert over.result is VoiceResult.CONFIRMED
    assert (await here.house.told(call.deal_id))[-1]["id"] == "voice_confirmed"
    spool = list((here.company.asterisk.home / "spool").glob("*.wav"))
    assert [file.read_bytes() for file in spool] == [wav(1)], "fetched from the CRM, whole, once"


async def test_who_hangs_up_in_the_middle_has_heard_it(here: Here) -> None:
    call = await here.call("79263330002")
    client = await here.company.provider.next_call("79263330002")
    client.answer()
    await asyncio.sleep(1.0)
    await client.hang_up()
    assert (await here.over(call)).result is VoiceResult.HEARD


async def test_nobody_picks_up_and_somebody_is_busy(here: Here) -> None:
    here.company.provider.manners["79263330004"] = is_busy
    no_answer, busy = await here.call("79263330003"), await here.call("79263330004")
    assert (await here.over(busy)).result is VoiceResult.BUSY
    assert (await here.over(no_answer)).result is VoiceResult.NO_ANSWER


async def test_such_calls_are_accounted_for_and_are_no_sellers_calls(here: Here) -> None:
    database = here.app.database

    async def all_over() -> list[tuple[object, ...]] | None:
        query = select(
            calls.c.e164, calls.c.direction, calls.c.outcome, calls.c.seller_id, calls.c.skipped_by
        ).where(calls.c.ended_at.is_not(None))
        found = await database.read(lambda tx: [tuple(row) for row in tx.execute(query)])
        return found if len(found) == 4 else None

    found = await until(all_over, what="four calls in the log")
    assert {row[4] for row in found} == {"Voice message"}
    assert {row[3] for row in found} == {None}
    assert len(await database.read(lambda tx: tx.execute(select(deals)).all())) == 4, "no card of their own"


async def test_the_head_hears_a_message_on_their_own_phone(here: Here) -> None:
    head = here.house.owner
    message = await here.app.database.read(lambda tx: tx.execute(select(voice_messages.c.id)).scalar_one())
    await here.app.services.voice.calls.try_out(head, message, "once")
    phone = await here.company.teams[2].phone(1).next_call()
    phone.answer()
    await asyncio.sleep(1.0)
    await phone.press("1")
    await phone.until_ended()
    await here.app.services.voice.calls.try_out(head, message, "once")
    assert len(here.company.teams[2].phone(1).dialogs) == 1, "one ring for one click"
