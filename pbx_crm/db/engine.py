"""The database behind two awaitable verbs: `read` and `write` a function of a transaction.

Query functions are plain and synchronous; they run in threads, one hop a transaction, which is
several times faster than a hop a cursor call. On SQLite one writer thread takes whatever has queued
up, gives each unit its own savepoint and commits once; readers run beside it (WAL). On PostgreSQL a
pool runs the same functions, and a unit that met a serialization failure is run again.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from pbx_crm.db import fencing
from pbx_crm.db.group_commit import GroupCommitWriter
from pbx_crm.domain.errors import BadConfig, StoreUnavailable

# What services call the first argument of their own transaction functions; they know no SQLAlchemy.
Transaction = Connection

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 8
# For reads a caller waits for: reports that fill the other threads do not hold them up.
THREADS_FOR_CALLS = 2
# Reports and dry runs of a large company take seconds each: as many as there are heads would hold every page,
# and on PostgreSQL also what calls write.
THREADS_FOR_REPORTS = 2
ALL_THREADS = THREADS + THREADS_FOR_CALLS + THREADS_FOR_REPORTS
TRIES = 5
WAL_TRIES = 100
WAL_PAUSE_SECONDS = 0.02
# Class 40 of SQLSTATE: serialization failure and deadlock; the same work may simply be done again.
RETRYABLE = ("40001", "40P01")


class Database:
    """Runs functions of a transaction; `write` returns after the commit, so what it says is durable."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.takes_changes = True
        """Whether the last write found a database that could be written."""
        self.on_turn: Callable[[], None] = _nobody_asked
        """Called from the event loop when that changes."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="db")
        self._call_threads = ThreadPoolExecutor(THREADS_FOR_CALLS, thread_name_prefix="db-call")
        self._report_threads = ThreadPoolExecutor(THREADS_FOR_REPORTS, thread_name_prefix="db-report")
        self._writer = GroupCommitWriter(engine) if engine.dialect.name == "sqlite" else None

    @classmethod
    def open(cls, url: str | URL) -> Database:
        """The database at an SQLAlchemy URL; BadConfig names a URL that cannot be used."""
        return cls(make_engine(url))

    @property
    def depth(self) -> int:
        """Units of work waiting for the writer."""
        return self._writer.depth if self._writer else 0

    async def read(self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `fn(tx, …)` returns, from a transaction that sees one consistent state.

        StoreUnavailable, as from `write`, where the disk, the file or the server is to blame.
        """
        return await self._read_in(self._threads, lambda tx: fn(tx, *args, **kwargs))

    async def read_for_call(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `read`, past everything that people read: somebody is on the telephone and waits for it."""
        return await self._read_in(self._call_threads, lambda tx: fn(tx, *args, **kwargs))

    async def read_at_length(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `read`, a few at a time: for what counts so much that others would wait behind it."""
        return await self._read_in(self._report_threads, lambda tx: fn(tx, *args, **kwargs))

    async def _read_in(self, threads: ThreadPoolExecutor, work: Callable[[Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        with _told_in_our_words():
            return await loop.run_in_executor(threads, self._run, work)

    async def write(
        self, fn: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What `fn(tx, …)` returns, once committed; an exception of `fn` rolls only its own work back.

        LeaseLost where the task writes behind a fence (`db/fencing.py`) that stands no more.
        """
        fence = fencing.current()

        def work(tx: Connection) -> T:
            if fence is not None:
                fencing.require(tx, fence)
            return fn(tx, *args, **kwargs)

        try:
            with _told_in_our_words():
                result = await self._written(work)
        except StoreUnavailable:
            self._turn(takes_changes=False)
            raise
        self._turn(takes_changes=True)
        return result

    def _turn(self, *, takes_changes: bool) -> None:
        if takes_changes != self.takes_changes:
            self.takes_changes = takes_changes
            self.on_turn()

    async def _written(self, work: Callable[[Connection], T]) -> T:
        if self._writer:
            return await self._writer.submit(work)
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._run_again, work)

    def _run(self, work: Callable[[Connection], T]) -> T:
        with self.engine.connect() as tx, tx.begin():
            return work(tx)

    def _run_again(self, work: Callable[[Connection], T]) -> T:
        for _ in range(TRIES - 1):
            try:
                return self._run(work)
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) not in RETRYABLE:
                    raise
        return self._run(work)

    def close(self) -> None:
        """Finishes what was accepted, then lets the database go."""
        if self._writer:
            self._writer.close()
        self._threads.shutdown()
        self._call_threads.shutdown()
        self._report_threads.shutdown()
        self.engine.dispose()


def _nobody_asked() -> None:
    """Nobody wants to know."""


@contextmanager
def _told_in_our_words() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        # SQLite's plain SQLITE_ERROR is a wrong statement, a fault of ours; everything else is disk, lock
        # or file. psycopg calls an error operational only if the server or the way to it failed.
        if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_ERROR:
            raise
        raise StoreUnavailable from error


def make_engine(url: str | URL) -> Engine:
    """An engine with this program's settings for SQLite or PostgreSQL; BadConfig for anything else.

    Its errors do not quote the values of a statement: they are logged, and the values are clients'.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise BadConfig(f"database.url is not an SQLAlchemy URL: {error}") from error
    match parsed.get_backend_name():
        case "sqlite":
            return _sqlite(parsed)
        case "postgresql":
            server = parsed.set(drivername="postgresql+psycopg")
            return create_engine(server, hide_parameters=True, pool_size=ALL_THREADS)
        case other:
            raise BadConfig(f"database.url: {other} is not supported; use sqlite or postgresql")


def beside_sqlite(url: str | URL, name: str) -> Path | None:
    """A place of this name beside the file of a SQLite; None for any other database."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database).absolute().parent / name


def _sqlite(url: URL) -> Engine:
    engine = create_engine(
        url, hide_parameters=True, connect_args={"check_same_thread": False, "timeout": 30}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling commits at surprising moments; we say BEGIN ourselves.
    connection.isolation_level = None
    # SQLite's own lower() knows the letters of ASCII only; clients have names in every script.
    connection.create_function("lower", 1, _lower, deterministic=True)
    _switch_to_wal(connection)
    for pragma in (
        # A power loss may take the last commits, never the file; CEL gives those calls again.
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        # A seller's rows lie far apart: 64 MB of cache halves the time of their board at a million deals.
        "cache_size=-64000",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _switch_to_wal(connection: Any) -> None:
    # The first switch of a new file wants it alone and does not wait, whatever the busy timeout says;
    # two programs starting at once meet here.
    for _ in range(WAL_TRIES - 1):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            time.sleep(WAL_PAUSE_SECONDS)
    connection.execute("PRAGMA journal_mode=WAL")


def _lower(text: str | None) -> str | None:
    return None if text is None else str(text).lower()


def _begin_sqlite(tx: Connection) -> None:
    # The writer asks for the lock at once: a reader's transaction turned writer could not wait for it.
    immediate = tx.get_execution_options().get("writes", False)
    tx.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
