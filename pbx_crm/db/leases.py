"""A lease: of several instances of this program on one database, one alone does a certain work.

PostgreSQL keeps it as an advisory lock of a connection of its own, SQLite as a lock on a file beside the
database; both are gone with the process that held them, however it ended. A holder that lives and does
nothing (stopped, or hung) loses it by showing no sign of life; that it writes nothing when it goes on is
the matter of `db/fencing.py`.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
import zlib
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from pbx_crm.domain.errors import StoreUnavailable

STALE_SECONDS = 10
"""A holder that said nothing for so long is stopped, or its machine is gone; whoever waits takes over."""

QUIET_SECONDS = 8
"""The same for a file, which tells no times: counted from when its last sign of life was first seen."""

FAMILY = 0x70627863
"""The first half of our locks' keys: `pbxc`, so that they meet nobody else's in this database."""

LINE = 64
"""Letters of a sign of life: always as many, so that a new one covers the old one whole."""
WITH_LOCK, WITHOUT_LOCK = "lock", "bare"


class Lease(Protocol):
    """The right to do one kind of work; every method blocks."""

    def take(self) -> bool:
        """Whether this instance has the lease, taken now or before; call it every few seconds.

        StoreUnavailable if the database cannot be asked: then nobody else can take it either.
        """

    def release(self) -> None:
        """Lets the next instance take it."""


def lease_of(engine: Engine, name: str) -> Lease:
    """The lease of this name, for everybody on this database."""
    if engine.dialect.name == "postgresql":
        return ServerLease(engine, name)
    path = engine.url.database
    return FileLease(Path(f"{path}.{name}.lock")) if path and path != ":memory:" else NobodyElse()


class NobodyElse:
    """The lease on a database that no other process can see."""

    def take(self) -> bool:
        """It is ours."""
        return True

    def release(self) -> None:
        """Nobody waits."""


class FileLease:
    """A lock on a file beside the database, and in the file the holder's signs of life.

    A stopped process keeps its lock. Whoever waits for it sees the file rest, and takes over without the
    lock, which the other one lets go once it goes on and finds another's name in the file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = secrets.token_hex(8)
        self._file: int | None = None
        self._is_ours = False
        self._locked = False
        self._beats = 0
        self._seen: tuple[str | None, float] = (None, 0.0)
        """The last sign of another's life, and when it was first seen."""

    def take(self) -> bool:
        """Whether the lease is this instance's; a holder that has gone silent loses it."""
        try:
            file = self._opened()
            self._locked = self._locked or _lock(file)
            said = _read(file)
            if self._is_ours and not said.startswith(self._name):
                self.release()
                return False
            self._is_ours = self._is_ours or self._is_free(said)
            if self._is_ours:
                self._show_life(file)
            elif self._locked:
                # Somebody does the work without the lock: it is theirs.
                self._let_go()
        except OSError as error:
            raise StoreUnavailable from error
        return self._is_ours

    def release(self) -> None:
        """Closes the file, and with it gives up the lock."""
        if self._is_ours and self._file is not None and _read(self._file).startswith(self._name):
            os.ftruncate(self._file, 0)
        self._is_ours = False
        self._let_go()

    def _is_free(self, said: str) -> bool:
        """Whether nobody holds it: a lock that can be had was given up, unless its holder never had it."""
        if self._locked and not said.endswith(WITHOUT_LOCK):
            return True
        if said != self._seen[0]:
            self._seen = (said, time.monotonic())
        return time.monotonic() - self._seen[1] > QUIET_SECONDS

    def _show_life(self, file: int) -> None:
        self._beats += 1
        line = f"{self._name} {os.getpid()} {self._beats} {WITH_LOCK if self._locked else WITHOUT_LOCK}"
        os.pwrite(file, line.ljust(LINE).encode(), 0)

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        return self._file

    def _let_go(self) -> None:
        file, self._file, self._locked = self._file, None, False
        if file is not None:
            os.close(file)


def _lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(file: int) -> str:
    return os.pread(file, LINE, 0).decode(errors="replace").strip()


class ServerLease:
    """An advisory lock of PostgreSQL, held by a connection that shows signs of life."""

    def __init__(self, engine: Engine, name: str) -> None:
        self._engine = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._key = {"family": FAMILY, "name": zlib.crc32(name.encode()) - 2**31}
        self._connection: Connection | None = None

    def take(self) -> bool:
        """Whether the lock is this connection's; a holder that has gone silent loses it."""
        if self._connection is not None and self._is_alive(self._connection):
            return True
        self.release()
        try:
            return self._ask()
        except DBAPIError as error:
            raise StoreUnavailable from error

    def release(self) -> None:
        """Closes the connection, and with it gives up the lock."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _is_alive(self, connection: Connection) -> bool:
        # This question is the sign of life the others look for, too.
        try:
            connection.execute(text("SELECT 1"))
        except DBAPIError:
            connection.invalidate()
            return False
        return True

    def _ask(self) -> bool:
        connection = self._engine.connect()
        asked = text("SELECT pg_try_advisory_lock(:family, :name)")
        if connection.execute(asked, self._key).scalar_one():
            self._connection = connection
            return True
        connection.execute(_END_SILENT_HOLDER, {**self._key, "silent": STALE_SECONDS})
        connection.close()
        return False


# pg_locks shows both halves of a key as unsigned; a server role may end its own sessions.
_END_SILENT_HOLDER = text(
    """
    SELECT pg_terminate_backend(held.pid) FROM pg_locks held JOIN pg_stat_activity holder USING (pid)
    WHERE held.locktype = 'advisory' AND held.granted AND held.objsubid = 2
      AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND held.classid::bigint = :family AND held.objid::bigint = (:name + 4294967296) % 4294967296
      AND holder.state_change < clock_timestamp() - make_interval(secs => :silent)
    """
)
