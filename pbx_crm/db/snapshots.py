"""The whole database as files of one moment, and back: while calls come in and cards move.

SQLite is copied page by page (its online backup), PostgreSQL table by table (COPY) from one snapshot.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError

from pbx_crm.db import migrate
from pbx_crm.db.migrate import DatabaseUnusable
from pbx_crm.db.tables import metadata
from pbx_crm.domain.errors import Broken

SQLITE_FILE = "crm.db"
CHUNK = 1 << 20

Tell = Callable[[str, int], None]
"""Is told of every table, and how many rows of it were written or read."""


class NotEmpty(Broken):
    """There is data in this database already; --replace throws it away."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A database of one moment, as files in a folder."""

    kind: str
    """`sqlite` or `postgresql`: it is restored into the same."""
    revision: str
    tables: dict[str, tuple[str, ...]]
    """Table → its columns, in the order in which they must be filled; none for SQLite, it is one file."""


def save(engine: Engine, folder: Path, tell: Tell) -> Snapshot:
    """Writes what is committed now into the folder; others go on reading and writing meanwhile.

    DatabaseUnusable if it cannot be read or is not ours.
    """
    try:
        return (_save_sqlite if engine.dialect.name == "sqlite" else _save_postgresql)(engine, folder, tell)
    except (DBAPIError, sqlite3.Error) as error:
        raise DatabaseUnusable(
            f"The database cannot be backed up: {getattr(error, 'orig', error)}"
        ) from error


def load(engine: Engine, folder: Path, snapshot: Snapshot, tell: Tell, *, replace: bool) -> None:
    """Fills an empty database from the folder, all or nothing, and brings it to this version.

    NotEmpty unless `replace`. No program may be using the database.
    """
    if not replace and _people_in(engine):
        raise NotEmpty
    if engine.dialect.name == "sqlite":
        _load_sqlite(engine, folder)
    else:
        _load_postgresql(engine, folder, snapshot, tell)
    migrate.upgrade(engine)


def _people_in(engine: Engine) -> int:
    """How many people there are; nobody has worked with a database without one."""
    try:
        with engine.connect() as tx:
            return tx.execute(select(func.count()).select_from(metadata.tables["people"])).scalar_one()
    except (ProgrammingError, OperationalError):
        return 0  # not even tables


def _save_sqlite(engine: Engine, folder: Path, tell: Tell) -> Snapshot:
    copy = folder / SQLITE_FILE
    with engine.connect() as connection, closing(sqlite3.connect(copy)) as target:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)  # noqa: S101 - the engine's own driver
        # In one step: a step for a few pages each would begin anew at every commit of another process.
        source.backup(target, pages=-1)
        target.execute("PRAGMA journal_mode=DELETE")
        (revision,) = target.execute("SELECT version_num FROM alembic_version").fetchone()
        for table in metadata.sorted_tables:
            (rows,) = target.execute(f'SELECT count(*) FROM "{table.name}"').fetchone()  # noqa: S608 - our names
            tell(table.name, rows)
    return Snapshot("sqlite", revision, {})


def _load_sqlite(engine: Engine, folder: Path) -> None:
    with closing(sqlite3.connect(folder / SQLITE_FILE)) as source:
        (verdict,) = source.execute("PRAGMA integrity_check").fetchone()
        if verdict != "ok":
            raise DatabaseUnusable(f"The database in this backup is damaged: {verdict}")
        with engine.connect() as connection:
            target = connection.connection.driver_connection
            assert isinstance(target, sqlite3.Connection)  # noqa: S101 - the engine's own driver
            source.backup(target, pages=-1)


def _save_postgresql(engine: Engine, folder: Path, tell: Tell) -> Snapshot:
    snapshot = engine.connect().execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    with snapshot as tx, tx.begin():
        tables: dict[str, tuple[str, ...]] = {}
        for table in metadata.sorted_tables:
            tables[table.name] = tuple(column.name for column in table.columns)
            rows = _copy_out(tx, table.name, tables[table.name], folder / table.name)
            tell(table.name, rows)
        return Snapshot("postgresql", migrate.current(tx) or "", tables)


def _copy_out(tx: Connection, table: str, columns: Sequence[str], path: Path) -> int:
    with _cursor(tx) as cursor, path.open("wb") as file:
        with cursor.copy(f"COPY {_named(table, columns)} TO STDOUT") as copy:
            for chunk in copy:
                file.write(chunk)
        return int(cursor.rowcount)


def _load_postgresql(engine: Engine, folder: Path, snapshot: Snapshot, tell: Tell) -> None:
    with engine.begin() as tx:
        before = MetaData()
        before.reflect(tx)
        before.drop_all(tx)
        migrate.upgrade_in(tx, snapshot.revision)
        for table, columns in snapshot.tables.items():
            tell(table, _copy_in(tx, table, columns, folder / table))
            if "id" in columns:
                tx.execute(_COUNT_ON.bindparams(named=f'"{table}"'), {"next": _next_id(tx, table)})


def _copy_in(tx: Connection, table: str, columns: Sequence[str], path: Path) -> int:
    with _cursor(tx) as cursor, path.open("rb") as file:
        with cursor.copy(f"COPY {_named(table, columns)} FROM STDIN") as copy:
            while chunk := file.read(CHUNK):
                copy.write(chunk)
        return int(cursor.rowcount)


def _next_id(tx: Connection, table: str) -> int:
    found = tx.execute(text(f'SELECT coalesce(max(id), 0) + 1 FROM "{table}"'))  # noqa: S608 - our own names
    return int(found.scalar_one())


_COUNT_ON = text("SELECT setval(pg_get_serial_sequence(:named, 'id'), :next, false)")


def _named(table: str, columns: Sequence[str]) -> str:
    listed = ", ".join(f'"{column}"' for column in columns)
    return f'"{table}" ({listed})'


def _cursor(tx: Connection) -> Any:
    """psycopg's own cursor: COPY is nothing that SQLAlchemy knows."""
    driver: Any = tx.connection.driver_connection
    return driver.cursor()
