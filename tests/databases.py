"""A migrated, empty database for a test: the same test on a SQLite file and on a real PostgreSQL."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event

from pbx_crm.db import migrate
from pbx_crm.db.engine import Database, make_engine
from tests.parts.postgres import PostgresCluster

BOTH = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql))


def prepare(url: str) -> None:
    """Brings the database at this URL to the newest revision and lets go of it."""
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at the newest revision, to be copied: a tenth of the time of migrating again."""
    path = tmp_path_factory.mktemp("migrated") / "crm.db"
    prepare(f"sqlite:///{path}")
    return path


class SharedEngine:
    """One SQLite engine for many tests, each on a file of its own.

    An engine remembers how its statements are compiled; a new one for every test would compile them all
    again, which took half of the tests' time.
    """

    def __init__(self) -> None:
        self._path = ""
        self._engine = make_engine("sqlite:///shared")
        event.listen(self._engine, "do_connect", self._connect)
        event.listen(self._engine, "connect", _skip_the_disk)

    @contextmanager
    def on(self, url: str) -> Iterator[Database]:
        """The database in this file; one at a time."""
        assert not self._path, "the engine is in use: open a database of your own"
        self._path = url.removeprefix("sqlite:///")
        database = Database(self._engine)
        try:
            yield database
        finally:
            database.close()
            self._path = ""

    def _connect(self, _dialect: object, _record: object, where: list[str], _more: dict[str, object]) -> None:
        where[0] = self._path


def _skip_the_disk(connection: sqlite3.Connection, _record: object) -> None:
    # No power fails in a test: the disk need not be asked whether it really wrote. Tests of what survives
    # a killed program or a full disk open databases of their own.
    connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(scope="session")
def shared_engine() -> SharedEngine:
    """What the databases of tests that open no engine themselves stand on."""
    return SharedEngine()


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """URL of a migrated SQLite file of the asking test's own."""
    path = tmp_path / "crm.db"
    shutil.copy(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def migrated_postgresql_url(postgres: PostgresCluster) -> Iterator[str]:
    """URL of a migrated PostgreSQL database of the asking test's own."""
    url = postgres.create(postgres.template("migrated", prepare))
    yield url
    postgres.drop(url)


@pytest.fixture(params=BOTH)
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated database; the test runs once on SQLite and once on PostgreSQL."""
    fixture = "sqlite_url" if request.param == "sqlite" else "migrated_postgresql_url"
    url: str = request.getfixturevalue(fixture)
    return url


@pytest.fixture
def database(database_url: str, shared_engine: SharedEngine) -> Iterator[Database]:
    """A migrated database; the test runs once on SQLite and once on PostgreSQL."""
    if database_url.startswith("sqlite"):
        with shared_engine.on(database_url) as database:
            yield database
        return
    database = Database.open(database_url)
    yield database
    database.close()


@pytest.fixture
def sqlite(sqlite_url: str, shared_engine: SharedEngine) -> Iterator[Database]:
    """A migrated SQLite database, for tests whose point is not the database."""
    with shared_engine.on(sqlite_url) as database:
        yield database
