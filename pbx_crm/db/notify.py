"""Signals between the web processes of one PostgreSQL: topics and people's ids, never a client.

Each process tells its own browsers at once and the other processes by NOTIFY. One that was cut off from
the database has missed signals that nobody repeats: its browsers read everything anew instead.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import structlog
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from pbx_crm.db.engine import Database
from pbx_crm.domain.errors import StoreUnavailable

Topics = frozenset[str]
People = frozenset[int] | None
Hear = Callable[[Topics, People], None]

CHANNEL = "pbx_crm_live"
EVERYTHING: Topics = frozenset({"resync"})
PEOPLE_A_PAYLOAD = 400
"""PostgreSQL takes less than 8,000 bytes at once."""
MOST_WAITING = 5_000
"""Signals kept while the database is away; beyond that "read everything anew" says it all."""
PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class SignalRelay:
    """Passes signals of this process to the others, and theirs to `hear`."""

    def __init__(self, database: Database, hear: Hear) -> None:
        self._database = database
        self._hear = hear
        self._here = secrets.token_hex(8)
        self._waiting: list[tuple[Topics, People]] = []
        self._wake = asyncio.Event()
        self.listening = asyncio.Event()
        """Set while other processes are heard."""

    def send(self, topics: Topics, people: People) -> None:
        """Has the other processes told soon; never waits."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting = [(EVERYTHING, None)]
        self._waiting.append((topics, people))
        self._wake.set()

    async def run(self) -> None:
        """Sends and listens until it is cancelled; a database that is away is waited for."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._send_all())
            loops.create_task(self._listen_on())

    async def _send_all(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            sending, self._waiting = self._waiting, []
            payloads = [
                text for topics, people in sending for text in payloads_of(self._here, topics, people)
            ]
            try:
                await self._database.write(_notify, payloads)
            except (StoreUnavailable, DBAPIError):
                self._waiting = [(EVERYTHING, None)]
                self._wake.set()
                await asyncio.sleep(PAUSE_SECONDS)

    async def _listen_on(self) -> None:
        # Only here, for SQLite runs without the driver of PostgreSQL.
        from psycopg import AsyncConnection, OperationalError

        _, options = self._database.engine.dialect.create_connect_args(self._database.engine.url)
        was_cut = False
        while True:
            try:
                async with await AsyncConnection.connect(**options, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._heard_again(was_cut)
                    await self._take_all(connection)
            except OperationalError as error:
                if self.listening.is_set():
                    log.warning("signals of other processes are not heard", why=str(error).strip())
                self.listening.clear()
                was_cut = True
            await asyncio.sleep(PAUSE_SECONDS)

    def _heard_again(self, was_cut: bool) -> None:
        self.listening.set()
        if was_cut:
            log.info("signals of other processes are heard again")
            self._hear(EVERYTHING, None)

    async def _take_all(self, connection: Any) -> None:
        async for notice in connection.notifies():
            told = json.loads(notice.payload)
            if told["from"] != self._here:
                people = told["people"]
                self._hear(frozenset(told["topics"]), None if people is None else frozenset(people))


def payloads_of(here: str, topics: Topics, people: People) -> Iterator[str]:
    """A signal as texts short enough for PostgreSQL."""
    if people is None:
        yield json.dumps({"from": here, "topics": sorted(topics), "people": None})
        return
    # A signal for nobody in particular still goes to the heads.
    ids = sorted(people)
    for first in range(0, max(len(ids), 1), PEOPLE_A_PAYLOAD):
        part = ids[first : first + PEOPLE_A_PAYLOAD]
        yield json.dumps({"from": here, "topics": sorted(topics), "people": part})


def _notify(tx: Connection, payloads: Sequence[str]) -> None:
    for payload in payloads:
        tx.execute(select(func.pg_notify(CHANNEL, payload)))
