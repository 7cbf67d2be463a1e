"""`pbx-crm migrate` brings a database to this version, and says in words why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pbx_crm.cli import main
from pbx_crm.db import migrate
from pbx_crm.db.engine import make_engine
from tests.test_config import GOOD


def migrated(folder: Path, url: str) -> Result:
    (folder / "ami.secret").write_text("secret")
    config = folder / "pbx_crm.toml"
    config.write_text(GOOD.replace("sqlite:///crm.db", url))
    return CliRunner().invoke(main, ["migrate", "--config", str(config)])


def test_a_new_database_is_made_and_an_up_to_date_one_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crm.db"
    for _ in range(2):
        done = migrated(tmp_path, url)
        assert done.exit_code == 0, done.output
        assert done.output == f"the database is at revision {migrate.newest()}\n"
    engine = make_engine(url)
    with engine.connect() as tx:
        assert migrate.differences(tx) == []
    engine.dispose()


def test_a_folder_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    refused = migrated(tmp_path, f"sqlite:///{tmp_path}/missing/crm.db")
    assert refused.exit_code == 2
    assert "The database cannot be used: unable to open database file" in refused.output


@pytest.mark.postgresql
def test_a_database_that_is_held_is_not_waited_for(
    tmp_path: Path, postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    engine = make_engine(postgresql_url)
    with engine.connect() as somebody:
        somebody.exec_driver_sql(f"SELECT pg_advisory_xact_lock({migrate.MIGRATION_LOCK})")
        refused = migrated(tmp_path, postgresql_url)
    engine.dispose()
    assert refused.exit_code == 2
    assert "lock timeout" in refused.output
