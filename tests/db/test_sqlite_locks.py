"""A process that was stopped while it wrote keeps a SQLite locked: it is named, with what to do about it."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from pbx_crm.cli import main
from pbx_crm.db import migrate
from pbx_crm.db.engine import make_engine
from pbx_crm.db.sqlite_locks import holder_of, in_words, stopped_holder
from tests.databases import prepare
from tests.test_commands import CONFIG

WRITES = """
import sqlite3, sys
tx = sqlite3.connect(sys.argv[1], isolation_level=None)
tx.execute("BEGIN IMMEDIATE")
tx.execute("CREATE TABLE half_written (id)")
print("writes", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def crm(tmp_path: Path) -> Path:
    """A configuration and its database."""
    (tmp_path / "ami.secret").write_text("s3cret", encoding="utf-8")
    path = tmp_path / "pbx_crm.toml"
    path.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    prepare(url(path))
    return path


def url(config: Path) -> str:
    return f"sqlite:///{config.parent}/crm.db"


@pytest.fixture
def writer(crm: Path) -> Iterator[subprocess.Popen[str]]:
    """Somebody in the middle of a transaction."""
    command = (sys.executable, "-c", WRITES, str(crm.parent / "crm.db"))
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writes\n"
        yield process
        process.kill()


def stop(process: subprocess.Popen[str]) -> None:
    """Returns once it stands still."""
    process.send_signal(signal.SIGSTOP)
    status = Path(f"/proc/{process.pid}/status")
    while "State:\tT" not in status.read_text(encoding="ascii"):
        continue


def test_who_writes_is_known_and_whether_it_was_stopped(crm: Path, writer: subprocess.Popen[str]) -> None:
    engine = make_engine(url(crm))
    holder = holder_of(engine)
    assert holder is not None
    assert (holder.pid, holder.is_stopped) == (writer.pid, False)
    assert stopped_holder(engine) is None, "whoever writes will be done in a moment"
    stop(writer)
    stopped = stopped_holder(engine)
    assert stopped is not None
    assert f"kill -CONT {writer.pid} lets it go on" in in_words(stopped)


def test_a_database_nobody_writes_has_no_holder(crm: Path) -> None:
    assert holder_of(make_engine(url(crm))) is None


def test_the_doctor_names_it(crm: Path, writer: subprocess.Popen[str]) -> None:
    stop(writer)
    done = CliRunner().invoke(main, ["doctor", "--config", str(crm), "--listen", "1"])
    assert f"✗ process {writer.pid} (" in done.output
    assert f"→ kill -CONT {writer.pid}  lets it go on" in done.output


def test_the_program_does_not_start_in_vain(crm: Path, writer: subprocess.Popen[str]) -> None:
    stop(writer)
    with pytest.raises(migrate.DatabaseUnusable, match=rf"process {writer.pid} .* was stopped"):
        migrate.upgrade(make_engine(url(crm)))


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(migrate.DatabaseUnusable, match=r"there is no folder .*/absent"):
        migrate.upgrade(make_engine(f"sqlite:///{tmp_path}/absent/crm.db"))
