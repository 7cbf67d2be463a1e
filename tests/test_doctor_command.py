"""`pbx-crm doctor` without a PBX: what it says of files and database, and the code it ends with."""

from __future__ import annotations

import json
import shutil
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pbx_crm.cli import main
from pbx_crm.db import migrate
from pbx_crm.db.engine import make_engine
from pbx_crm.outside import machine
from tests.databases import prepare
from tests.test_commands import CONFIG

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose PBX is switched off."""
    (tmp_path / "ami.secret").write_text("s3cret", encoding="utf-8")
    (tmp_path / "ami.secret").chmod(0o600)
    path = tmp_path / "pbx_crm.toml"
    path.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    prepare(f"sqlite:///{tmp_path}/crm.db")
    return path


def doctor(config: Path, *options: str) -> Result:
    """What the command says."""
    return CliRunner().invoke(main, ["doctor", "--config", str(config), "--listen", "1", *options])


def test_a_pbx_that_is_off_ends_with_one_and_the_line_to_look_at(config: Path) -> None:
    done = doctor(config)
    assert done.exit_code == 1
    assert "✗ office: nothing answers at 127.0.0.1:1" in done.output
    assert "→ manager.conf [general]: enabled = yes" in done.output
    assert "✓ office: the secret is for the CRM's eyes only" in done.output


def test_it_says_when_to_call(config: Path) -> None:
    assert "Listening for 1 s: call somebody now" in doctor(config).output


def test_monitoring_reads_json(config: Path) -> None:
    rows = {row["name"]: row for row in json.loads(doctor(config, "--json").output)}
    assert rows["reachable"]["mark"] == "fault"
    assert rows["reachable"]["pbx"] == "office"
    assert rows["database_ready"]["mark"] == "good"


def test_a_wrong_configuration_is_wrong_use(config: Path) -> None:
    config.write_text("[crm]\nregion = 1\n", encoding="utf-8")
    assert doctor(config).exit_code == 2


def test_a_database_of_another_version_is_named(config: Path) -> None:
    engine = make_engine(f"sqlite:///{config.parent}/crm.db")
    with engine.begin() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = 'older'")
    engine.dispose()
    said = doctor(config).output
    assert f"the database is at revision older, the program wants {migrate.newest()}" in said
    assert "pbx-crm migrate --config FILE" in said


def test_looking_leaves_no_trace_in_the_database(config: Path) -> None:
    before = (config.parent / "crm.db").read_bytes()
    doctor(config)
    assert (config.parent / "crm.db").read_bytes() == before


@pytest.mark.parametrize(("mib", "mark"), [(100, "fault"), (1000, "warning"), (9000, "good")])
def test_a_disk_that_fills_is_named(
    mib: int, mark: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(0, 0, mib * 1024 * 1024))
    assert machine.room(tmp_path).mark.value == mark


@pytest.mark.parametrize(("mode", "mark"), [(0o644, "warning"), (0o640, "good")])
def test_a_password_that_others_can_read_is_named(mode: int, mark: str, tmp_path: Path) -> None:
    path = tmp_path / "pbx_crm.toml"
    path.touch()
    path.chmod(mode)
    (finding,) = machine.config_file(path, holds_password=True)
    assert finding.mark.value == mark
    assert machine.config_file(path, holds_password=False) == []


@pytest.mark.parametrize("phone", ["elsewhere:101", "101,102"])
def test_a_trial_call_that_cannot_be_made_is_wrong_use(config: Path, phone: str) -> None:
    done = doctor(config, "--test-call", phone)
    assert done.exit_code == 2
    assert "--test-call" in done.output


def test_a_trial_call_to_a_pbx_that_is_off_says_so(config: Path) -> None:
    assert doctor(config, "--test-call", "101").output.count("nothing answers at 127.0.0.1:1") == 2


@pytest.mark.parametrize(
    ("is_there", "name", "mark", "mend"),
    [
        (True, "cdr_only", "warning", "fill [pbx.cel]"),
        (False, "cdr_unreadable", "fault", "[pbx.cdr]: check path"),
    ],
)
def test_call_detail_records_are_looked_at_where_there_is_no_cel(
    config: Path, is_there: bool, name: str, mark: str, mend: str
) -> None:
    if is_there:
        (config.parent / "Master.csv").touch()
    with config.open("a", encoding="utf-8") as file:
        file.write('\n[pbx.cdr]\nkind = "csv"\npath = "Master.csv"\n')
    rows = {row["name"]: row for row in json.loads(doctor(config, "--json").output)}
    assert rows[name]["mark"] == mark
    assert mend in rows[name]["mend"]
    assert "cel_unset" not in rows
