"""SQLite's one writer: a thread that drains the queue, commits once, then answers everybody."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

MOST_UNITS = 500
# After a batch of more than this many units the next one is worth waiting for: CPU drops to a third
# under load, for five milliseconds more.
BUSY_BATCH = 4
BUSY_PAUSE_SECONDS = 0.005
CACHE_KIB = 4_000
"""What is written is mostly new and lies at the ends of the tables; a reader's cache would only grow."""


@dataclass(slots=True)
class _Unit:
    work: Callable[[Connection], Any]
    future: asyncio.Future[Any]
    loop: asyncio.AbstractEventLoop
    result: Any = None
    error: BaseException | None = None

    def settle(self) -> None:
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class GroupCommitWriter:
    """Runs units of work in order, many to a commit; a failing unit rolls back alone."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        # Kept between commits: to take a connection and give it back costs as much as three statements.
        self._connection: Connection | None = None
        self._queue: queue.SimpleQueue[_Unit | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="db-writer", daemon=True)
        self._thread.start()

    @property
    def depth(self) -> int:
        """Units waiting."""
        return self._queue.qsize()

    async def submit(self, work: Callable[[Connection], T]) -> T:
        """What the work returns, after the commit that holds it."""
        loop = asyncio.get_running_loop()
        unit = _Unit(work, loop.create_future(), loop)
        self._queue.put(unit)
        result: T = await unit.future
        return result

    def close(self) -> None:
        """Returns when everything queued before is committed."""
        self._queue.put(None)
        self._thread.join()

    def _loop(self) -> None:
        last = False
        while not last:
            batch, last = self._take()
            if batch:
                self._commit(batch)
                self._answer(batch)
            if len(batch) > BUSY_BATCH:
                time.sleep(BUSY_PAUSE_SECONDS)
        self._let_go()

    def _take(self) -> tuple[list[_Unit], bool]:
        batch: list[_Unit] = []
        unit = self._queue.get()
        while unit is not None:
            batch.append(unit)
            if len(batch) == MOST_UNITS:
                return batch, False
            try:
                unit = self._queue.get_nowait()
            except queue.Empty:
                return batch, False
        return batch, True

    def _commit(self, batch: list[_Unit]) -> None:
        try:
            tx = self._connected()
            with tx.begin():
                if len(batch) == 1:
                    # Alone it needs no savepoint, which costs as much as three statements.
                    batch[0].result = batch[0].work(tx)
                    return
                for unit in batch:
                    self._run(tx, unit)
        except Exception as error:
            # Nothing of the batch is durable (disk full, file gone): nobody may be told otherwise.
            for unit in batch:
                unit.error = unit.error or error
            self._let_go()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect().execution_options(writes=True)
            self._connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")
            self._connection.rollback()
        return self._connection

    def _let_go(self) -> None:
        """After trouble the next commit begins with a new connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(DBAPIError):
                connection.close()

    @staticmethod
    def _run(tx: Connection, unit: _Unit) -> None:
        savepoint = tx.begin_nested()
        try:
            unit.result = unit.work(tx)
        except Exception as error:
            unit.error = error
            savepoint.rollback()
        else:
            savepoint.commit()

    @staticmethod
    def _answer(batch: list[_Unit]) -> None:
        for loop in {unit.loop for unit in batch}:
            if not loop.is_closed():
                loop.call_soon_threadsafe(_settle_all, [unit for unit in batch if unit.loop is loop])


def _settle_all(units: list[_Unit]) -> None:
    for unit in units:
        unit.settle()
