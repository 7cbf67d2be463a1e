"""Two instances of the program on one database: one listens to the PBX, the other takes over within 15 s."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import ClientSession
from sqlalchemy import select

from pbx_crm.app import build_services, running
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, deals
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.services.demo_company import found_company
from pbx_crm.services.passwords import Passwords
from tests.parts.scripted_ami import SECRET, ScriptedAmi, until
from tests.test_app import settings_for, told_now
from tests.test_call_records import eventually

TAKEOVER_SECONDS = 15.0
PATIENCE_SECONDS = 40.0
CONFIG = """
[web]
port = 0
[database]
url = "{url}"
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
"""


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    """A PBX on loopback."""
    async with ScriptedAmi() as scripted:
        yield scripted


@dataclass
class Instance:
    """A `pbx-crm serve` of its own."""

    process: asyncio.subprocess.Process
    url: str

    async def hears(self) -> str:
        """How it stands with the PBX."""
        async with ClientSession() as session, session.get(f"{self.url}/health/ready") as answer:
            told = await answer.json()
        return str(told["pbx"].get("office"))

    async def becomes(self, state: str, seconds: float = PATIENCE_SECONDS) -> None:
        """Waits until it stands so."""

        async def so() -> bool:
            return await self.hears() == state

        await _until(so, seconds)

    async def end(self, how: signal.Signals) -> None:
        """Ends the process."""
        self.process.send_signal(how)
        await self.process.communicate()


@pytest.fixture
async def start(
    tmp_path: Path, database_url: str, pbx: ScriptedAmi
) -> AsyncIterator[Callable[[], Awaitable[Instance]]]:
    """Starts an instance on the test's database, beside the test's PBX."""
    (tmp_path / "ami.secret").write_text(SECRET)
    config = tmp_path / "pbx_crm.toml"
    config.write_text(CONFIG.format(url=database_url, port=pbx.port))
    begun: list[asyncio.subprocess.Process] = []

    async def begin() -> Instance:
        command = (sys.executable, "-m", "pbx_crm", "serve", "--config", str(config))
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        begun.append(process)
        assert process.stdout is not None
        line = await asyncio.wait_for(process.stdout.readline(), PATIENCE_SECONDS)
        found = re.search(r"http://\S+", line.decode())
        assert found, line
        return Instance(process, found.group())

    yield begin
    for process in begun:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def _until(holds: Callable[[], Awaitable[bool]], seconds: float) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        assert asyncio.get_running_loop().time() < deadline, f"waited {seconds} s in vain"
        await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_the_second_instance_waits_and_takes_over(
    start: Callable[[], Awaitable[Instance]], pbx: ScriptedAmi, how: signal.Signals
) -> None:
    first = await start()
    await first.becomes("up")
    second = await start()
    await second.becomes("waiting")
    assert pbx.log_ins == 1
    await first.end(how)
    await second.becomes("up", TAKEOVER_SECONDS)
    assert pbx.log_ins == 2


@pytest.mark.timeout(180)
async def test_an_instance_that_was_paused_finds_another_in_its_place_and_doubles_nothing(
    start: Callable[[], Awaitable[Instance]], pbx: ScriptedAmi, people: Database
) -> None:
    first = await start()
    await first.becomes("up")
    second = await start()
    await second.becomes("waiting")
    first.process.send_signal(signal.SIGSTOP)
    await second.becomes("up", TAKEOVER_SECONDS + 3)
    pbx.send(told_now("in_direct_answered__22-pjsip-A"))  # to both: the first one's connection still stands
    await until_ended(people, 1)
    first.process.send_signal(signal.SIGCONT)
    await first.becomes("waiting")
    assert await second.hears() == "up"
    assert pbx.log_ins == 2
    assert await people.read(lambda tx: (len(tx.execute(select(calls.c.id)).all()), owners(tx))) == (1, 1)


@pytest.fixture
async def people(database_url: str) -> AsyncIterator[Database]:
    """The database beside the instances, with a company in it."""
    database, passwords = Database.open(database_url), Passwords()
    installation = Installation("RU", "en", "Europe/Moscow", "RUB", ("office",))
    services = build_services(database, installation, passwords)
    await found_company(database, services.staff, services.clock, "office", "RUB")
    yield database
    passwords.close()
    database.close()


def owners(tx: Transaction) -> int:
    """How many cards there are, each with its owner."""
    return len(tx.execute(select(deals.c.owner_id)).all())


async def test_equal_uniqueids_of_two_pbxes_are_two_calls_of_one_client(tmp_path: Path) -> None:
    async with ScriptedAmi() as office, ScriptedAmi() as branch:
        settings = settings_for(tmp_path, office.port)
        (one,) = settings.pbx
        other = one.model_copy(update={"name": "branch", "port": branch.port})
        settings = settings.model_copy(update={"pbx": (one, other)})
        async with running(settings) as app:
            await found_company(app.database, app.services.staff, app.services.clock, "office", "RUB")
            states = app.services.pbx_link.states
            await until(lambda: _all_up(app.services.pbx_link.states))
            assert states.keys() == {"office", "branch"}
            same = told_now("in_direct_answered__22-pjsip-A")
            office.send(same)
            branch.send(same)
            found = await eventually(app, calls, 2)
            await until_ended(app.database, 2)
            assert {call.pbx for call in found} == {"office", "branch"}
            assert len({call.linkedid for call in found}) == 1
            (deal,) = await eventually(app, deals, 1)
            assert deal.born_of.split("/")[1] == found[0].linkedid


def _all_up(states: dict[str, LinkState]) -> bool:
    return len(states) == 2 and all(state.status is LinkStatus.UP for state in states.values())


async def until_ended(database: Database, count: int) -> None:
    """Waits until so many calls are over."""

    async def over() -> bool:
        ended = select(calls.c.id).where(calls.c.ended_at.is_not(None))
        return len(await database.read(lambda tx: tx.execute(ended).all())) == count

    await _until(over, PATIENCE_SECONDS)
