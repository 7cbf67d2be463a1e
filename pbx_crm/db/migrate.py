"""Brings a database to this version's tables, however old it is; doing it again changes nothing.

Alembic is imported only here and only when asked for: it costs a start of the program a third of a
second. Everything runs in one transaction on PostgreSQL and under the writer's lock on SQLite, so a
server that starts while another one migrates waits and then finds nothing left to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import OperationalError, ProgrammingError

from pbx_crm.db import sqlite_locks
from pbx_crm.db.tables import metadata
from pbx_crm.domain.errors import Broken

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationContext

# Adding a column waits behind every open transaction and everybody else behind it: better to give up
# after five seconds and say so than to hold up a company's calls.
LOCK_TIMEOUT = "5s"
STATEMENT_TIMEOUT = "10min"
# One number for all programs of this kind on one database: two must not migrate at once.
MIGRATION_LOCK = 7_262_401


class DatabaseUnusable(Broken):
    """The database cannot be used."""


def upgrade(engine: Engine) -> str:
    """Runs the missing revisions; says the revision the database now has.

    DatabaseUnusable if it cannot be reached, is held by somebody else, or is not ours.
    """
    if (holder := sqlite_locks.stopped_holder(engine)) is not None:
        raise DatabaseUnusable(f"The database cannot be used: {sqlite_locks.in_words(holder)}")
    try:
        with engine.connect().execution_options(writes=True) as tx, tx.begin():
            _be_careful(tx)
            revision = upgrade_in(tx)
            _refuse_other_tables(tx)
            return revision
    except (OperationalError, ProgrammingError) as error:
        raise DatabaseUnusable(f"The database cannot be used: {error.orig}{_missing(engine)}") from error


def _missing(engine: Engine) -> str:
    """SQLite makes its file, but not the folder that it lies in, and does not say so."""
    path = engine.url.database if engine.dialect.name == "sqlite" else None
    folder = Path(path).absolute().parent if path else None
    return f": there is no folder {folder}" if folder is not None and not folder.is_dir() else ""


def upgrade_in(tx: Connection, revision: str = "head") -> str:
    """The same within a transaction of the caller's, up to this revision."""
    from alembic import command

    command.upgrade(_config(tx), revision)
    return current(tx) or ""


def current(tx: Connection) -> str | None:
    """The revision this database is at; None for an empty one."""
    revision: str | None = _context(tx).get_current_revision()
    return revision


def newest() -> str:
    """The revision this version of the program wants."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def revisions() -> frozenset[str]:
    """Every revision this version of the program knows."""
    from alembic.script import ScriptDirectory

    known = ScriptDirectory.from_config(_config(None)).walk_revisions()
    return frozenset(script.revision for script in known)


def differences(tx: Connection) -> list[str]:
    """What the database has otherwise than the tables of this program, one line each; empty if nothing."""
    from alembic.autogenerate import compare_metadata

    return [repr(difference) for difference in compare_metadata(_context(tx), metadata)]


def _refuse_other_tables(tx: Connection) -> None:
    """A database of a build between two releases may say the same revision and lack what is new."""
    found = inspect(tx).get_multi_columns()
    have = {name: {column["name"] for column in columns} for (_, name), columns in found.items()}
    missing = [
        name if name not in have else f"{name}.{column.name}"
        for name, table in metadata.tables.items()
        for column in table.columns
        if column.name not in have.get(name, ())
    ]
    if missing:
        some = ", ".join(dict.fromkeys(missing[:5]))
        raise DatabaseUnusable(
            f"The database was made by another build of this version and lacks {some}; "
            "go back to that build, or begin with a new database."
        )


def _be_careful(tx: Connection) -> None:
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
        tx.exec_driver_sql(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
        tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})")


def _config(tx: Connection | None) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "pbx_crm.db:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = tx
    return config


def _context(tx: Connection) -> MigrationContext:
    from alembic.runtime.migration import MigrationContext

    return MigrationContext.configure(tx, opts={"compare_type": True, "compare_server_default": True})
