"""Goal 3: how long a browser waits for what the PBX says, and how much of that is our work.

A second process plays the PBX and two hundred browsers: it writes the bytes of a recorded call to the
AMI socket and takes the time until the tab of the seller whose phone rings hears of it. In between lie
listener, tracker, intake, the commit and the signal. In the same run, in turns, a *bare push* asks the
server to signal a tab at once: the same sockets and loop, without a call. One monotonic clock serves all.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import secrets
import statistics
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from bench import callers_and_browsers as driver
from bench.result import Result
from pbx_crm.app import App, running
from pbx_crm.config import load
from pbx_crm.db import extensions, sessions
from pbx_crm.db.engine import Transaction
from pbx_crm.db.sessions import NewSession
from pbx_crm.db.tables import people
from pbx_crm.domain.person import Role
from pbx_crm.domain.session import SessionKind
from pbx_crm.services.accounts import hash_of
from pbx_crm.services.clock import utc_now
from pbx_crm.services.interpreter import prepare_interpreter

P50_MS, P99_MS, TIMES_BARE = 8.0, 40.0, 6.0


@dataclass(frozen=True, slots=True)
class EventToBrowser:
    """The delays of one run in milliseconds."""

    event: tuple[float, ...]
    bare: tuple[float, ...]

    @property
    def figures(self) -> dict[str, float]:
        """The figures the goal speaks of."""
        return {
            "p50": statistics.median(self.event),
            "p99": percentile(self.event, 0.99),
            "bare p50": statistics.median(self.bare),
            "times bare": statistics.median(self.event) / statistics.median(self.bare),
        }

    @property
    def is_reached(self) -> bool:
        """Whether the goal is met."""
        found = self.figures
        return found["p50"] <= P50_MS and found["p99"] <= P99_MS and found["times bare"] <= TIMES_BARE


def percentile(values: tuple[float, ...], share: float) -> float:
    """The value that this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def measure() -> Result:
    """The median delay as the goal's figure; the remark has the rest."""
    found = delays()
    words = ", ".join(f"{name} {value:.1f}" for name, value in found.figures.items())
    return Result(
        "event to browser at 50 calls/s, 200 browsers, p50",
        f"{found.figures['p50']:.1f} ms",
        f"<= {P50_MS:g} ms",
        found.is_reached,
        f"ms: {words}; wanted p99 <= {P99_MS:g}, at most {TIMES_BARE:g} times a bare push "
        f"({len(found.event)} events)",
    )


def delays(seconds: float = 6.0, rounds: int = 3) -> EventToBrowser:
    """One run: `rounds` times so many seconds of calls, then half as many of bare pushes."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=driver.play, args=(there, seconds, rounds))
    process.start()
    try:
        event, bare = asyncio.run(_serve(here))
    finally:
        process.join(timeout=10)
        process.kill()
    return EventToBrowser(tuple(event), tuple(bare))


async def _serve(pipe: Connection) -> tuple[list[float], list[float]]:
    ami_port, secret = await asyncio.to_thread(pipe.recv)
    with tempfile.TemporaryDirectory() as folder:
        async with running(load(config_of(Path(folder), ami_port, secret))) as app:
            tokens = await app.database.write(hire)
            prepare_interpreter()
            pusher = await asyncio.start_server(_pusher(app), "127.0.0.1", 0)
            push_port = pusher.sockets[0].getsockname()[1]
            pipe.send((app.url, push_port, tokens))
            measured: tuple[list[float], list[float]] = await asyncio.to_thread(pipe.recv)
            pusher.close()
            return measured


def config_of(folder: Path, ami_port: int, secret: str, database_url: str = "") -> Path:
    """A configuration of one PBX at this port of this machine, with a SQLite unless a database is named."""
    (folder / "secret").write_text(secret)
    (folder / "secret").chmod(0o600)
    config = folder / "pbx_crm.toml"
    config.write_text(
        f"""
[database]
url = "{database_url or f"sqlite:///{folder}/crm.db"}"
[web]
host = "127.0.0.1"
port = 0
[crm]
region = "RU"
time_zone = "Europe/Moscow"
currency = "RUB"
[[pbx]]
name = "main"
host = "127.0.0.1"
port = {ami_port}
username = "pbx-crm"
secret_file = "{folder}/secret"
"""
    )
    return config


def hire(tx: Transaction) -> driver.Hired:
    """Two hundred sellers with a phone and a session each: (extension, token) by person."""
    now, hired = utc_now(), {}
    for number in range(driver.BROWSERS):
        row = {"login": f"seller{number}", "name": f"Seller {number}", "role": Role.SELLER, "created_at": now}
        person_id = tx.execute(insert(people).values(**row).returning(people.c.id)).scalar_one()
        extension, token = str(1001 + number), secrets.token_urlsafe(16)
        extensions.link(tx, "main", extension, person_id, now - timedelta(days=1))
        life = now + timedelta(days=1)
        sessions.start(tx, NewSession(person_id, hash_of(token), SessionKind.WEB, now, life))
        hired[person_id] = (extension, token)
    return hired


def _pusher(app: App) -> Any:
    async def push(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            app.services.live.tell({"call"}, {int(line)})
        writer.close()

    return push
