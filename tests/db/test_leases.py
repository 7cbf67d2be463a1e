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
print(lease.take(), flush=True)
while True:
    time.sleep(0.5)
    lease.take()
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


def test_a_stopped_process_keeps_a_file_lease_until_it_ends(sqlite_url: str) -> None:
    engine = make_engine(sqlite_url)
    process = subprocess.Popen([sys.executable, "-c", HOLDER, sqlite_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "True\n"
    process.send_signal(signal.SIGSTOP)
    lease = lease_of(engine, "pbx-main")
    assert not lease.take()
    process.kill()
    process.communicate()
    assert taken_within(lease, 5)
    lease.release()
    engine.dispose()
