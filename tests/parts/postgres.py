"""A PostgreSQL cluster of the tests' own: in a temp directory, on a Unix socket, gone afterwards.

PostgreSQL refuses to run as root, so root runs it as the `postgres` user of the package. Nothing in it
is worth keeping, so it never waits for the disk.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.parts.inventory import INVENTORY

PART = "PostgreSQL"
ROLE = "pbx_crm"
START_SECONDS = 90.0
SETTINGS = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "listen_addresses=",
    "max_connections=200",
)


class PostgresCluster:
    """A running server; every test takes a database of its own from it."""

    def __init__(self, sockets: Path) -> None:
        self._sockets = sockets
        self._numbers = itertools.count(1)
        self._templates: set[str] = set()

    def url(self, database: str) -> str:
        """The database's URL as SQLAlchemy writes it."""
        return f"postgresql+psycopg://{ROLE}@/{database}?host={self._sockets}"

    def create(self, template: str = "template0") -> str:
        """URL of a fresh database, a copy of the template: some 30 ms."""
        name = f"test_{next(self._numbers)}"
        self._command("CREATE DATABASE {} TEMPLATE {}", name, template)
        return self.url(name)

    def drop(self, url: str) -> None:
        """Takes the database away, whoever is still connected to it."""
        self._command("DROP DATABASE {} WITH (FORCE)", _database_of(url))

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Name of a template filled once by `prepare(url)`, which must leave no connection behind."""
        if name not in self._templates:
            self._command("CREATE DATABASE {} TEMPLATE {}", name, "template0")
            prepare(self.url(name))
            self._templates.add(name)
        return name

    def version(self) -> str:
        """The server's version, `15.13`."""
        with self._connect() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        assert row is not None
        return str(row[0]).split()[0]

    def is_ready(self) -> bool:
        """Whether the server takes connections yet."""
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self._sockets), user=ROLE, dbname="postgres", autocommit=True)

    def _command(self, statement: str, *names: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _database_of(url: str) -> str:
    return url.split("@/", 1)[1].split("?", 1)[0]


def _binaries() -> Path:
    """Debian keeps initdb and postgres out of PATH, a directory per major version; the newest is taken."""
    packaged = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    if packaged:
        return packaged[-1].parent
    in_path = shutil.which("initdb")
    if in_path is None:
        INVENTORY.lacks(PART, "no initdb on this machine")
    return Path(in_path).parent


def _owner() -> str | None:
    """The user to run it as, None for whoever runs the tests."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        INVENTORY.lacks(PART, "the tests run as root and there is no user postgres")


def _initialise(binaries: Path, directory: Path, owner: str | None) -> None:
    options = ["-U", ROLE, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    subprocess.run(
        [str(binaries / "initdb"), "-D", str(directory / "data"), *options],
        user=owner,
        group=owner,
        cwd=directory,
        check=True,
        capture_output=True,
        timeout=120,
    )


def _start(binaries: Path, directory: Path, owner: str | None) -> subprocess.Popen[bytes]:
    options = [word for setting in SETTINGS for word in ("-c", setting)]
    with (directory / "server.log").open("wb") as log:
        return subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(directory / "data"), "-k", str(directory), *options],
            user=owner,
            group=owner,
            cwd=directory,
            stdout=log,
            stderr=log,
        )


def _wait_until_ready(cluster: PostgresCluster, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not cluster.is_ready():
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """The session's PostgreSQL server, started at first use (about 2 s)."""
    with running_cluster() as cluster:
        yield cluster


@contextmanager
def running_cluster() -> Iterator[PostgresCluster]:
    """A server that lives until the block is left."""
    binaries, owner = _binaries(), _owner()
    directory = Path(tempfile.mkdtemp(prefix="pbx-crm-pg-"))
    try:
        if owner is not None:
            shutil.chown(directory, owner, owner)
        _initialise(binaries, directory, owner)
        server = _start(binaries, directory, owner)
        cluster = PostgresCluster(directory)
        _wait_until_ready(cluster, server, directory / "server.log")
        INVENTORY.has(PART, cluster.version())
        yield cluster
        server.terminate()
        server.wait(timeout=10)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def postgresql_url(postgres: PostgresCluster) -> Iterator[str]:
    """URL of an empty PostgreSQL database of the asking test's own."""
    url = postgres.create()
    yield url
    postgres.drop(url)
