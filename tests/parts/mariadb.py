"""A MariaDB server of the tests' own, as FreePBX keeps its asteriskcdrdb in: on loopback, gone afterwards.

Nothing in it is worth keeping, so it never waits for the disk. MariaDB refuses to run as root unless it is
told whose it shall be.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from tests.parts.inventory import INVENTORY
from tests.parts.loopback import free_port

PART = "MariaDB"
READER = "pbx_crm"
"""May read, and nothing else: what the documentation asks an admin for."""
PASSWORD = "freepbx & co"
START_SECONDS = 90.0
SETTINGS = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--skip-log-bin",
    "--bind-address=127.0.0.1",
    "--character-set-server=utf8mb4",
)


class MariaDbServer:
    """A running server; every test takes a database of its own from it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._numbers = itertools.count(1)

    def create(self) -> str:
        """Name of a fresh, empty database that the reader may read."""
        name = f"asteriskcdrdb_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        self.run(f"GRANT SELECT ON {name}.* TO '{READER}'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
        return name

    def url(self, database: str, driver: str = "mysql") -> str:
        """The database as its reader's URL names it."""
        return f"{driver}://{READER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self._port}/{database}"

    def run(self, statement: str, *rows: tuple[object, ...], database: str | None = None) -> None:
        """Runs a statement as Asterisk's own user: once, or once with each row."""
        with (
            pymysql.connect(
                host="127.0.0.1", port=self._port, user="root", database=database, autocommit=True
            ) as connection,
            connection.cursor() as cursor,
        ):
            if rows:
                cursor.executemany(statement, rows)
            else:
                cursor.execute(statement)

    def version(self) -> str | None:
        """The server's version, `10.11.19`; None while it takes no connections."""
        try:
            with (
                pymysql.connect(host="127.0.0.1", port=self._port, user="root") as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute("SELECT VERSION()")
                (version,) = cursor.fetchone() or ("",)
                return str(version).partition("-")[0]
        except pymysql.OperationalError:
            return None


def _binary(name: str) -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        INVENTORY.lacks(PART, f"no {name} on this machine")
    return found


def _owner() -> str | None:
    """The user to run it as, None for whoever runs the tests."""
    if os.getuid() != 0:
        return None
    # mariadb-server makes a user of its own, mariadb-server-core does not.
    return next((user.pw_name for user in pwd.getpwall() if user.pw_name == "mysql"), "nobody")


def _initialise(directory: Path, owner: str | None) -> None:
    options = ["--no-defaults", f"--datadir={directory / 'data'}", "--auth-root-authentication-method=normal"]
    options += ["--skip-test-db", *([f"--user={owner}"] if owner else [])]
    subprocess.run(
        [_binary("mariadb-install-db"), *options], cwd=directory, check=True, capture_output=True, timeout=120
    )


def _start(directory: Path, port: int, owner: str | None) -> subprocess.Popen[bytes]:
    options = ["--no-defaults", f"--datadir={directory / 'data'}", f"--socket={directory / 'socket'}"]
    options += [f"--port={port}", *SETTINGS, *([f"--user={owner}"] if owner else [])]
    with (directory / "server.log").open("wb") as log:
        return subprocess.Popen([_binary("mariadbd"), *options], cwd=directory, stdout=log, stderr=log)


def _wait_for_version(server: MariaDbServer, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while (version := server.version()) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            raise RuntimeError(f"MariaDB did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)
    return version


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDbServer]:
    """The session's MariaDB server, started at first use (about 3 s)."""
    owner, port = _owner(), free_port()
    directory = Path(tempfile.mkdtemp(prefix="pbx-crm-mariadb-"))
    try:
        if owner is not None:
            shutil.chown(directory, owner)
        _initialise(directory, owner)
        process = _start(directory, port, owner)
        server = MariaDbServer(port)
        INVENTORY.has(PART, _wait_for_version(server, process, directory / "server.log"))
        yield server
        process.terminate()
        process.wait(timeout=30)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def asteriskcdrdb(mariadb: MariaDbServer) -> Iterator[str]:
    """Name of an empty database of the asking test's own."""
    name = mariadb.create()
    yield name
    mariadb.run(f"DROP DATABASE {name}")
