"""Voice messages on a real Asterisk: a robot calls, the client hears it and presses a key, the card knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import select

from pbx_crm.app import App, running
from pbx_crm.config import load
from pbx_crm.db import contact_edits, extensions, funnels
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
CEL = """[pbx.cel]
kind = "csv"
path = "{path}"
time_zone = "UTC"
"""
SHIPPED = "manager.d/pbx-crm.conf"
MESSAGE = wav(1, sample=8000)


@dataclass
class Here:
    """The program beside the PBX, in this process, and the house whose robots call."""

    company: Company
    folder: Path
    house: VoiceHouse = field(init=False)
    app: App = field(init=False)
    _runs: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def start(self, more: str = "") -> None:
        """The program comes up; `more` are lines of `[pbx.voice]`.

        Its clock is a minute ahead: what the PBX wrote down just now is old enough to be read.
        """
        settings = load(configured(self.folder, self.company, more))
        self.app = await self._runs.enter_async_context(running(settings, a_minute_ahead))
        ask_at(self.company, f"{self.app.url}/pbx")

        async def is_up() -> bool:
            return self.app.services.voice.calls.is_ready

        await until(is_up, what="the CRM to hear the PBX")

    async def stop(self) -> None:
        """The program ends; its port is closed."""
        await self._runs.aclose()

    async def furnish(self) -> None:
        """A head with a phone, a message, a robot, and working hours day and night."""
        database = self.app.database
        sound = await VoiceSounds(self.folder / "files" / "voice", sox="").keep(parts(MESSAGE), "a.wav")
        owner = await database.write(lambda tx: builders.person(tx, "Olga", Role.HEAD))
        await database.write(lambda tx: extensions.link(tx, PBX, "201", owner.id, NOW))
        funnel = (await database.read(funnels.in_use))[0]
        await database.write(open_at_every_hour)
        self.house = VoiceHouse(database, funnel, owner, a_minute_ahead)
        await self.house.furnish(sound)

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


def a_minute_ahead() -> datetime:
    """The program's clock."""
    return utc_now() + timedelta(minutes=1)


def configured(folder: Path, company: Company, more: str) -> Path:
    """The configuration's file."""
    (folder / "secret").write_text(SECRET)
    (folder / "pbx.token").write_text(TOKEN)
    url = f"sqlite:///{folder / 'crm.db'}"
    cel = CEL.format(path=company.asterisk.home / "log/cel-custom/pbx-crm.csv")
    text = CONFIG.format(url=url, pbx=PBX, host=company.network.pbx, port=PORT) + ASKS + cel + VOICE + more
    (folder / "pbx_crm.toml").write_text(text)
    return folder / "pbx_crm.toml"


@pytest_asyncio.fixture(loop_scope="module", scope="module", params=[22, 16])
async def here(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Here]:
    """A company whose admin gave the AMI user originate; its trunk's keys go in RTP, as most trunks' do."""
    async with Company(request.param, keys_in_rtp=True) as company:
        shipped = shipped_samples(company.asterisk.major)[SHIPPED]
        company.asterisk.write({SHIPPED: shipped.replace("write = reporting", "write = reporting,originate")})
        company.asterisk.cli("manager reload")
        made = Here(company, tmp_path_factory.mktemp("crm"))
        await made.start()
        try:
            await made.furnish()
            yield made
        finally:
            await made.stop()


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
    assert [file.read_bytes() for file in spool] == [MESSAGE], "fetched from the CRM, whole, once"


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


async def test_a_9_pressed_while_the_crm_is_down_is_heard_once_it_is_up_again(here: Here) -> None:
    call = await here.call("79263330005")
    client = await here.company.provider.next_call("79263330005")
    client.answer()
    await asyncio.sleep(1.0)
    await here.stop()
    await client.press("9")
    await client.until_ended()
    await here.start()
    here.house.database = here.app.database
    assert (await here.over(call)).result is VoiceResult.OPTED_OUT
    is_banned = await here.app.database.read(contact_edits.is_not_to_be_called, "+79263330005")
    assert is_banned, "and is not called again"


async def test_an_answering_machine_is_told_and_the_message_left_on_it(here: Here) -> None:
    await here.stop()
    await here.start('answering_machine = "leave"\n')
    here.house.database = here.app.database
    call = await here.call("79263330006")
    machine = await here.company.provider.next_call("79263330006")
    machine.answer()
    machine.speak()
    assert (await here.over(call)).result is VoiceResult.MACHINE
    machine.speak(aloud=False)
    await machine.until_ended()
    assert here.company.provider.audio.heard_aloud > 25, "half a second of the message at least"
