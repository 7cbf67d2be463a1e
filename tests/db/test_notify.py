"""Signals reach the browsers of other processes, and a cut is made good."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import text

from pbx_crm.db import notify
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.notify import EVERYTHING, MOST_WAITING, PEOPLE_A_PAYLOAD, People, SignalRelay, Topics
from pbx_crm.domain.errors import StoreUnavailable

SOON = 5.0
CALLS = frozenset({"calls"})


@pytest.fixture
def shared(postgresql_url: str) -> Iterator[Database]:
    """The database that several processes share."""
    opened = Database.open(postgresql_url)
    yield opened
    opened.close()


class Process:
    """A web process as far as signals go."""

    def __init__(self, database: Database) -> None:
        self.heard: asyncio.Queue[tuple[Topics, People]] = asyncio.Queue()
        self.relay = SignalRelay(database, lambda topics, people: self.heard.put_nowait((topics, people)))

    async def next(self) -> tuple[Topics, People]:
        """What it hears next."""
        async with asyncio.timeout(SOON):
            return await self.heard.get()


@asynccontextmanager
async def processes(database: Database, count: int) -> AsyncIterator[list[Process]]:
    """So many processes, listening."""
    made = [Process(database) for _ in range(count)]
    running = [asyncio.create_task(process.relay.run()) for process in made]
    for process in made:
        await asyncio.wait_for(process.relay.listening.wait(), SOON)
    yield made
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


@pytest.mark.postgresql
@pytest.mark.parametrize("people", [frozenset({1, 2}), frozenset(), None])
async def test_what_one_process_tells_the_others_hear_and_it_does_not(
    shared: Database, people: People
) -> None:
    async with processes(shared, 3) as (first, second, third):
        first.relay.send(CALLS, people)
        assert await second.next() == await third.next() == (CALLS, people)
        assert first.heard.empty()


@pytest.mark.postgresql
async def test_a_process_that_was_cut_off_has_its_browsers_read_everything_anew(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PAUSE_SECONDS", 0.05)
    async with processes(shared, 2) as (first, second):
        await shared.write(_cut_listeners)
        assert await first.next() == await second.next() == (EVERYTHING, None)
        first.relay.send(CALLS, None)
        assert await second.next() == (CALLS, None)


def _cut_listeners(tx: Transaction) -> None:
    tx.execute(
        text(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE pid <> pg_backend_pid() AND datname = current_database() AND query LIKE 'LISTEN%'"
        )
    )


def test_a_signal_for_a_large_company_fits_postgresql() -> None:
    everybody = frozenset(range(10**9, 10**9 + 3 * PEOPLE_A_PAYLOAD + 1))
    payloads = list(notify.payloads_of("x" * 16, frozenset(f"stage-{n}" for n in range(50)), everybody))
    assert len(payloads) == 4
    assert all(len(payload.encode()) < 8_000 for payload in payloads)


class AwayOnce(Database):
    """A database that is away at the first write."""

    writes = 0

    async def write(self, fn: Any, *args: Any, **kwargs: Any) -> Any:
        """Counted."""
        self.writes += 1
        if self.writes == 1:
            raise StoreUnavailable
        return await super().write(fn, *args, **kwargs)


@pytest.mark.postgresql
async def test_a_signal_told_while_the_database_was_away_is_told_once_it_is_back(
    postgresql_url: str, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "PAUSE_SECONDS", 0.05)
    away = AwayOnce.open(postgresql_url)
    async with processes(shared, 1) as (second,):
        relay = SignalRelay(away, lambda _topics, _people: None)
        relaying = asyncio.create_task(relay.run())
        relay.send(CALLS, None)
        assert await second.next() == (EVERYTHING, None)
        relaying.cancel()
        await asyncio.wait([relaying])
    away.close()


async def test_signals_for_a_database_that_is_away_do_not_fill_the_memory(database: Database) -> None:
    relay = SignalRelay(database, lambda _topics, _people: None)
    for number in range(3 * MOST_WAITING):
        relay.send(frozenset({f"stage-{number}"}), None)
    assert len(relay._waiting) <= MOST_WAITING
