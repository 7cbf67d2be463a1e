"""A real power cut in the middle of a call: the program is killed, started again, and nothing is lost."""

from __future__ import annotations

import asyncio
import gzip
import re
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from pbx_crm.app import open_database
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.asterisk.tape_rewrite import Retelling, retell
from pbx_crm.config import load
from pbx_crm.services.clock import utc_now
from pbx_crm.services.demo_company import found_company
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.staff import Staff
from tests.parts.inventory import INVENTORY
from tests.parts.scripted_ami import SECRET, ScriptedAmi
from tests.truth import TAPES, truth

pytestmark = [pytest.mark.recordings, pytest.mark.timeout(240)]

PATIENCE_SECONDS = 60.0
ENDED_BEFORE_SECONDS = 90
"""Rows of CEL are read once they are half a minute old."""
CONFIG = """
[web]
port = 0
[database]
url = "sqlite:///{folder}/crm.db"
[crm]
region = "RU"
time_zone = "Europe/Moscow"
currency = "RUB"
[[pbx]]
name = "office"
host = "127.0.0.1"
port = {port}
username = "pbx-crm"
secret_file = "ami.secret"
[pbx.cel]
kind = "csv"
path = "Master.csv"
time_zone = "UTC"
"""
TABLE = "killed (SIGKILL) in mid-call, started again, CEL read"


class Night:
    """A program in a folder of its own, and a PBX that tells a recording as if it ended just now."""

    def __init__(self, folder: Path, pbx: ScriptedAmi, name: str) -> None:
        self.folder, self.pbx = folder, pbx
        tape = read_tape(TAPES / name)
        ended = tape.started_at + tape.segments[-1].ends_at
        retelling = Retelling(int(time.time() - ended) - ENDED_BEFORE_SECONDS)
        self.messages = [m + b"\r\n\r\n" for s in retell(tape, retelling).segments for _, m in s.messages()]
        self._cel = retelling.tell(gzip.decompress((TAPES / name / "cel.csv.gz").read_bytes()))
        (folder / "ami.secret").write_text(SECRET)
        (folder / "pbx_crm.toml").write_text(CONFIG.format(folder=folder, port=pbx.port))
        (folder / "Master.csv").write_bytes(self._cel.split(b"\n", 1)[0] + b"\n")

    def write_down(self, *, until_killed: bool = False) -> None:
        """All the PBX wrote; or all up to the talk, and then the first row of its next life."""
        rows = self._cel.splitlines(keepends=True)
        if until_killed:
            talking = max(number for number, row in enumerate(rows) if b"BRIDGE_ENTER" in row)
            rows = [*rows[: talking + 1], Retelling(10).tell(rows[1])]
        (self.folder / "Master.csv").write_bytes(b"".join(rows))

    def rows(self, query: str) -> list[Any]:
        """What the database holds, read beside the program."""
        with closing(sqlite3.connect(self.folder / "crm.db", timeout=30)) as connection:
            return connection.execute(query).fetchall()

    async def until(self, query: str, rows: int) -> list[Any]:
        """The rows of this query once there are so many."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while len(found := self.rows(query)) != rows:
            assert asyncio.get_running_loop().time() < deadline, f"{query}: {found}"
            await asyncio.sleep(0.05)
        return found

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The program, listening to the PBX; killed at the end."""
        log_ins = self.pbx.log_ins
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pbx_crm", "serve", "--config", str(self.folder / "pbx_crm.toml")),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            assert process.stdout is not None
            line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
            assert re.search(rb"http://\S+", line), line
            deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
            while self.pbx.log_ins == log_ins or not self.pbx.named("QueueStatus"):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.02)
            yield process
        finally:
            process.kill()
            await process.communicate()


async def furnished(folder: Path) -> None:
    """The practice company's people and phones."""
    passwords = Passwords()
    database = open_database(load(folder / "pbx_crm.toml"))
    staff = Staff(database, LiveFeed(), utc_now, passwords)
    await found_company(database, staff, utc_now, "office", "RUB")
    database.close()
    passwords.close()


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    """A PBX on loopback."""
    async with ScriptedAmi() as scripted:
        yield scripted


ENDED = "SELECT linkedid, outcome, answered_extension, ended_by FROM calls WHERE ended_at IS NOT NULL"


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("in_direct_answered__22-pjsip-A", 0.3),
        ("in_queue_ringall__22-pjsip-A", 0.6),
        ("xfer_att_refer__22-pjsip-A", 0.8),
    ],
)
async def test_killed_in_mid_call_it_comes_back_with_the_call_and_one_card(
    tmp_path: Path, pbx: ScriptedAmi, name: str, part: float
) -> None:
    night = Night(tmp_path, pbx, name)
    await furnished(tmp_path)
    stop = int(len(night.messages) * part)
    async with night.running():
        await night.until("SELECT pbx FROM record_places", 1)
        for message in night.messages[:stop]:
            pbx.send(message)
        await night.until("SELECT id FROM calls", 1)
    night.write_down()
    (was,) = truth(name)["calls"]
    async with night.running():
        ((_, outcome, answered_by, ended_by),) = await night.until(f"{ENDED} AND ended_by = 'hangup'", 1)
        assert (outcome, answered_by, ended_by) == (was["outcome"], was["answered_by"], "hangup")
        born = await night.until("SELECT born_of FROM deals WHERE born_of LIKE 'office/%'", 1)
        assert len(night.rows("SELECT id FROM calls")) == 1
    lines = INVENTORY.tables.setdefault(TABLE, [])
    lines.append(f"{name}, event {stop} of {len(night.messages)}: lost 0, doubled deals {len(born) - 1}")


async def test_a_pbx_killed_in_mid_call_has_its_call_closed_from_what_it_wrote_down(
    tmp_path: Path, pbx: ScriptedAmi
) -> None:
    night = Night(tmp_path, pbx, "in_direct_answered__22-pjsip-A")
    await furnished(tmp_path)
    async with night.running():
        await night.until("SELECT pbx FROM record_places", 1)
    night.write_down(until_killed=True)
    async with night.running():
        ((_, outcome, answered_by, ended_by),) = await night.until(ENDED, 1)
        assert (outcome, answered_by, ended_by) == ("answered", "101", "pbx_restart")
