"""`python -m bench.trial_soak [CALLS]`: a day of calls, a fault every five minutes; R19 of docs/threats.md.

The whole program, served as ever, hears ten thousand calls in waves of thirty-five, which is what five
minutes of such a day bring. With each wave comes a fault: the link is cut between two waves, the database is
locked by somebody else for a second while calls go on, garbage comes down the line between two events,
browsers connect and leave without a word. In the end every call must be on record once, with its card, and
neither memory nor open files may have grown with the calls. Not part of `make test`: it takes some minutes.
"""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yarl import URL

from bench.callers_and_browsers import Storyteller
from bench.goal_03_event_to_browser import config_of, hire
from pbx_crm.app import App, running
from pbx_crm.config import load
from pbx_crm.domain.pbx_link import LinkStatus
from tests.parts.scripted_ami import SECRET, ScriptedAmi

CALLS, A_WAVE = 10_000, 35
RINGS_SECONDS, TALKS_SECONDS = 0.2, 0.8
"""A busy machine reads late; a talk that it read as no longer than a blink would be no answer."""
APART_SECONDS = 0.02
LOCKED_SECONDS = 1.0
PATIENCE_SECONDS = 60.0
MOST_KB_A_THOUSAND = 1000
MOST_MORE_FILES = 5
QUIET_SHARE = 0.2
"""Of the calls, before memory and files are looked at: caches fill, statements are put together once."""


@dataclass
class Day:
    """The program, its PBX, and what was told so far."""

    app: App
    ami: ScriptedAmi
    database: Path
    phones: list[str]
    teller: Storyteller = field(default_factory=Storyteller)
    chance: random.Random = field(default_factory=lambda: random.Random(19))
    told: int = 0

    async def wave(self, calls: int) -> None:
        """So many calls, one shortly after another."""
        going_on = []
        for _ in range(calls):
            going_on.append(asyncio.create_task(self._call(self.phones[self.told % len(self.phones)])))
            self.told += 1
            await asyncio.sleep(APART_SECONDS)
        await asyncio.gather(*going_on)

    async def _call(self, phone: str) -> None:
        ring, answer, rest = self.teller.call_to(phone)
        self.ami.send(ring)
        await asyncio.sleep(RINGS_SECONDS)
        self.ami.send(answer)
        await asyncio.sleep(TALKS_SECONDS)
        self.ami.send(rest)

    async def until(self, what: str, is_so: Callable[[], bool]) -> None:
        """Waits for it; says what did not come."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            await asyncio.sleep(0.05)

    def rows(self, query: str) -> list[Any]:
        """What is on record, read beside the program."""
        with closing(sqlite3.connect(self.database, timeout=30)) as connection:
            return connection.execute(query).fetchall()


async def cut_link(day: Day) -> None:
    """The network goes away between two calls, and comes back."""
    log_ins = day.ami.log_ins
    await day.ami.cut()
    await day.until("the link is back", lambda: day.ami.log_ins > log_ins and _is_up(day))
    await day.wave(A_WAVE)


async def lock_database(day: Day) -> None:
    """Somebody else holds the database while calls go on."""
    with closing(sqlite3.connect(day.database, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        calls = asyncio.create_task(day.wave(A_WAVE))
        await asyncio.sleep(LOCKED_SECONDS)
        connection.execute("ROLLBACK")
    await calls


async def send_garbage(day: Day) -> None:
    """Bytes that are no event come down the line between those that are."""
    calls = asyncio.create_task(day.wave(A_WAVE))
    while not calls.done():
        day.ami.send(b"Event: " + day.chance.randbytes(200) + b"\r\n\r\n")
        await asyncio.sleep(0.05)
    await calls


async def leave_pages(day: Day) -> None:
    """Browsers connect, say half a word, and are gone."""
    url = URL(day.app.url)
    assert url.host is not None
    assert url.port is not None
    for _ in range(20):
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"GET /log")
        writer.close()
    await day.wave(A_WAVE)


FAULTS: tuple[Callable[[Day], Awaitable[None]], ...] = (cut_link, lock_database, send_garbage, leave_pages)


def _is_up(day: Day) -> bool:
    state = day.app.services.pbx_link.states.get("main")
    return state is not None and state.status is LinkStatus.UP


def _held() -> tuple[int, int]:
    """Resident memory in kB, and open files."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]), len(list(Path("/proc/self/fd").iterdir()))


async def soak(calls: int, folder: Path) -> int:
    """Exit code 1 if a call or a card is missing or doubled, or something grew."""
    async with ScriptedAmi() as ami, running(load(config_of(folder, ami.port, SECRET))) as app:
        hired = await app.database.write(hire)
        day = Day(app, ami, folder / "crm.db", [phone for phone, _ in hired.values()])
        await day.until("the link", lambda: _is_up(day))
        began, faults, early, from_then = time.monotonic(), 0, _held(), 0
        while day.told < calls:
            await FAULTS[faults % len(FAULTS)](day)
            faults += 1
            if not from_then and day.told >= calls * QUIET_SHARE:
                early, from_then = _held(), day.told
        with suppress(TimeoutError):
            ended = "SELECT count(*) FROM calls WHERE ended_at IS NOT NULL"
            await day.until("every call has ended", lambda: day.rows(ended)[0][0] >= day.told)
        return _judged(day, faults, time.monotonic() - began, early, from_then)


def _judged(day: Day, faults: int, took: float, early: tuple[int, int], from_then: int) -> int:
    stored, ended = day.rows("SELECT count(*), count(ended_at) FROM calls")[0]
    cards, clients = day.rows("SELECT count(*), count(DISTINCT contact_id) FROM deals")[0]
    outcomes = day.rows("SELECT outcome, count(*) FROM calls GROUP BY outcome")
    memory, files = _held()
    slope = (memory - early[0]) * 1000 / max(1, day.told - from_then)
    more_files = files - early[1]
    wrong = abs(stored - day.told) + abs(ended - day.told) + abs(cards - day.told) + abs(clients - day.told)
    print(f"{day.told} calls with {faults} faults in {took:.0f} s")
    print(f"on record {stored}, ended {ended}, cards {cards}, clients {clients}; {outcomes}")
    print(f"memory grew by {slope:+.0f} kB a thousand calls, open files by {more_files:+d}")
    return 1 if wrong or slope > MOST_KB_A_THOUSAND or more_files > MOST_MORE_FILES else 0


def main(calls: int) -> int:
    """Runs the day in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(soak(calls, Path(folder)))


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else CALLS))
