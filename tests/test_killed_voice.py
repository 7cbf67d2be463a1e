"""The program is killed while it has a client called, and started again: the client is not called twice."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from pbx_crm.app import open_database
from pbx_crm.config import load
from pbx_crm.db import funnels
from pbx_crm.domain.person import Role
from pbx_crm.services.clock import utc_now
from tests import builders
from tests.parts.scripted_ami import Action, ScriptedAmi
from tests.test_killed_process import PATIENCE_SECONDS, Night
from tests.voice_house import VoiceHouse, open_at_every_hour

pytestmark = [pytest.mark.recordings, pytest.mark.timeout(240)]

LOOKED_AGAIN = """
SELECT id FROM jobs WHERE kind = 'voice' AND due_at > (SELECT max(dialled_at) FROM voice_calls)
"""
VOICE = """
[pbx.dialplan]
token_file = "pbx.token"
[pbx.voice]
context = "from-internal"
hours = "00:00-23:59"
"""


async def plan_a_call(folder: Path) -> None:
    """A client's card, and a call that a robot has planned for it."""
    database = open_database(load(folder / "pbx_crm.toml"))
    owner = await database.write(lambda tx: builders.person(tx, "Olga", Role.HEAD))
    await database.write(open_at_every_hour)
    funnel = (await database.read(funnels.in_use))[0]
    house = VoiceHouse(database, funnel, owner, utc_now)
    await house.furnish()
    await house.plan("+79161234567")
    database.close()


async def test_a_killed_program_calls_nobody_twice(tmp_path: Path) -> None:
    async with ScriptedAmi() as pbx:
        night = Night(tmp_path, pbx, "in_direct_answered__22-pjsip-A")
        (tmp_path / "pbx.token").write_text("t" * 32)
        with (tmp_path / "pbx_crm.toml").open("a") as config:
            config.write(VOICE)
        await plan_a_call(tmp_path)
        asked = asyncio.Event()

        async def hear(action: Action) -> None:
            if action.get("action") == "Originate":
                asked.set()
                raise ConnectionResetError("nobody will know whether it rings")

        pbx.on_action = hear
        async with night.running():
            await asyncio.wait_for(asked.wait(), PATIENCE_SECONDS)
        ((state, channel_id),) = night.rows("SELECT state, channel_id FROM voice_calls")
        assert state == "dialling", "written down before the PBX was asked"
        # Whoever died with the job keeps it from others for a while.
        free_the_job(tmp_path)
        async with night.running():
            await night.until(LOOKED_AGAIN, 1)
        originates = pbx.named("Originate")
        assert [action.get("channelid") for action in originates] == [channel_id]


def free_the_job(folder: Path) -> None:
    """As if its lease had run out."""
    with closing(sqlite3.connect(folder / "crm.db", timeout=30)) as connection, connection:
        connection.execute("UPDATE jobs SET taken_until = NULL")
