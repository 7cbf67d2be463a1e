"""Of several instances of the program one alone listens to a PBX, and another takes over when it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, NullPool, create_engine, text

from pbx_crm.db import leases
from pbx_crm.db.engine import make_engine
from pbx_crm.db.leases import Lease, lease_of
from pbx_crm.domain.errors import StoreUnavailable

HOLDER = """
import sys, time
from pbx_crm.db.engine import make_engine
from pbx_crm.db.leases import lease_of
lease = lease_of(make_engine(sys.argv[1]), "pbx-main")
ours = lease.take()
print(ours, flush=True)
while True:
    time.sleep(0.5)
    before, ours = ours, lease.take()
    if ours != before:
        print(ours, flush=True)
"""
Instance = subprocess.Popen[str]


@pytest.fixture
def another(database_url: str) -> Iterator[Callable[[], Instance]]:
    """Starts another process that takes the lease and keeps it."""
    started: list[Instance] = []

    def start() -> Instance:
        command = [sys.executable, "-c", HOLDER, database_url]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    found = make_engine(database_url)
    yield found
    found.dispose()


@pytest.fixture
def lease(engine: Engine) -> Iterator[Lease]:
    found = lease_of(engine, "pbx-main")
    yield found
    found.release()


def taken_within(lease: Lease, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not lease.take():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_a_second_instance_waits_until_the_first_lets_go(engine: Engine, lease: Lease) -> None:
    second = lease_of(engine, "pbx-main")
    assert lease.take()
    assert lease.take(), "asking again is a sign of life"
    assert not second.take()
    lease.release()
    assert second.take()
    assert not lease.take()
    second.release()


def test_each_pbx_has_a_lease_of_its_own(engine: Engine, lease: Lease) -> None:
    branch = lease_of(engine, "pbx-branch")
    assert lease.take()
    assert branch.take()
    branch.release()


def test_what_a_killed_process_held_is_free_at_once(lease: Lease, another: Callable[[], Instance]) -> None:
    holder = another()
    assert not lease.take()
    holder.kill()
    holder.wait()
    assert taken_within(lease, 5)


@pytest.mark.postgresql
def test_a_process_that_was_stopped_loses_it_and_learns_so(
    migrated_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "STALE_SECONDS", 1)
    engine = make_engine(migrated_postgresql_url)
    first, second = lease_of(engine, "pbx-main"), lease_of(engine, "pbx-main")
    assert first.take()
    assert not second.take(), "it has only just shown a sign of life"
    assert taken_within(second, 10)
    assert not first.take()
    second.release()
    engine.dispose()


@pytest.mark.postgresql
def test_a_holder_cut_off_from_the_database_takes_it_again_if_nobody_else_has(
    migrated_postgresql_url: str,
) -> None:
    engine = make_engine(migrated_postgresql_url)
    lease = lease_of(engine, "pbx-main")
    assert lease.take()
    admin = create_engine(engine.url, poolclass=NullPool)
    with admin.begin() as tx:
        tx.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    assert lease.take()
    lease.release()
    engine.dispose()


def test_a_database_that_is_away_says_nothing_of_others(tmp_path: Path) -> None:
    nowhere = make_engine("postgresql://nobody@127.0.0.1:1/none?connect_timeout=1")
    with pytest.raises(StoreUnavailable):
        lease_of(nowhere, "pbx-main").take()
    with pytest.raises(StoreUnavailable):
        lease_of(make_engine(f"sqlite:///{tmp_path}/none/crm.db"), "pbx-main").take()


def test_a_database_in_memory_is_nobody_elses() -> None:
    assert lease_of(make_engine("sqlite://"), "pbx-main").take()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder may be silent for a second only."""
    monkeypatch.setattr(leases, "QUIET_SECONDS", 1)


@pytest.fixture
def file(sqlite_url: str) -> Iterator[Callable[[], Lease]]:
    """Gives leases on one SQLite, as instances of the program have them."""
    engine, made = make_engine(sqlite_url), list[Lease]()

    def another() -> Lease:
        made.append(lease_of(engine, "pbx-main"))
        return made[-1]

    yield another
    for one in made:
        one.release()
    engine.dispose()


FileLeases = Callable[[], Lease]


@pytest.mark.usefixtures("quick")
def test_a_stopped_process_loses_a_file_lease_and_learns_so(sqlite_url: str, file: FileLeases) -> None:
    process = subprocess.Popen([sys.executable, "-c", HOLDER, sqlite_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    lease, third = file(), file()
    process.send_signal(signal.SIGSTOP)
    assert not lease.take(), "it may have shown a sign of life just now"
    assert taken_within(lease, 20)
    process.send_signal(signal.SIGCONT)
    assert process.stdout.readline() == "False\n", "it finds another in its place, and lets the lock go"
    assert lease.take()
    assert not third.take()
    process.kill()
    process.communicate()


@pytest.mark.usefixtures("quick")
def test_who_took_over_without_the_lock_keeps_the_lease_when_the_lock_is_free(file: FileLeases) -> None:
    silent, second, third = file(), file(), file()
    assert silent.take()
    assert taken_within(second, 20)
    assert not silent.take()
    assert not third.take(), "the lock is free, and its place is not"
    assert second.take()
    assert not third.take()
    second.release()
    assert third.take(), "given back, it is free at once"


@pytest.mark.usefixtures("quick")
def test_who_took_over_without_the_lock_and_died_is_followed_after_a_silence(file: FileLeases) -> None:
    silent, second, third = file(), file(), file()
    assert silent.take()
    assert taken_within(second, 20)
    assert not third.take()
    assert taken_within(third, 20)
    assert not second.take()


def test_a_file_of_an_older_version_is_no_riddle(sqlite_url: str, file: FileLeases) -> None:
    path = f"{sqlite_url.removeprefix('sqlite:///')}.pbx-main.lock"
    Path(path).write_text("12345\n" * 20)
    lease = file()
    assert lease.take()
    assert not file().take()
