"""A database made by the revisions is the database the program's tables describe, on both servers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, select, text
from sqlalchemy.exc import OperationalError

from pbx_crm.db import migrate
from pbx_crm.db.engine import Database, make_engine
from pbx_crm.db.migrate import DatabaseUnusable
from pbx_crm.db.tables import companies, metadata
from tests.databases import prepare

ROOT = Path(__file__).parents[2]


def names_of_constraints(tx: Connection) -> set[str]:
    look = inspect(tx)
    found: set[str | None] = set()
    for table in metadata.tables:
        found |= {check["name"] for check in look.get_check_constraints(table)}
        found |= {key["name"] for key in look.get_unique_constraints(table)}
        found |= {key["name"] for key in look.get_foreign_keys(table)}
    return {name for name in found if name is not None}


def expected_constraints() -> set[str]:
    return {
        str(constraint.name)
        for table in metadata.tables.values()
        for constraint in table.constraints
        if constraint.name is not None and not str(constraint.name).startswith("pk_")
    }


async def test_revisions_make_what_the_tables_say(database: Database) -> None:
    assert await database.read(migrate.differences) == []
    assert await database.read(names_of_constraints) == expected_constraints()


async def test_migrating_again_changes_nothing_and_loses_nothing(
    database: Database, database_url: str
) -> None:
    await database.write(lambda tx: tx.execute(text("INSERT INTO settings VALUES ('language', '\"ru\"')")))
    prepare(database_url)
    assert await database.read(migrate.current) == migrate.newest()
    assert await database.read(lambda tx: tx.scalar(text("SELECT count(*) FROM settings"))) == 1


async def test_two_servers_starting_at_once_migrate_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crm.db"
    await asyncio.gather(*(asyncio.to_thread(prepare, url) for _ in range(3)))
    with make_engine(url).connect() as tx:
        assert migrate.differences(tx) == []


@pytest.mark.postgresql
async def test_two_servers_starting_at_once_migrate_once_on_postgresql(postgresql_url: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(prepare, postgresql_url) for _ in range(3)))
    engine = make_engine(postgresql_url)
    with engine.connect() as tx:
        assert migrate.differences(tx) == []
    engine.dispose()


def test_a_revision_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path}/crm.db")
    with engine.begin() as tx:
        # The first revision meets a table of somebody else's half way.
        tx.execute(text("CREATE TABLE transfers (colour TEXT)"))
    with pytest.raises(DatabaseUnusable, match="transfers"):
        migrate.upgrade(engine)
    with engine.connect() as tx:
        assert inspect(tx).get_table_names() == ["transfers"]
        assert migrate.current(tx) is None
    engine.dispose()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("DROP TABLE popups_closed", "popups_closed"),
        ("ALTER TABLE tasks RENAME COLUMN cause TO reason", "tasks.cause"),
    ],
)
def test_a_database_of_another_build_is_refused_before_anything_fails(
    database_url: str, change: str, named: str
) -> None:
    engine = make_engine(database_url)
    with engine.begin() as tx:
        tx.execute(text(change))
    with pytest.raises(DatabaseUnusable, match=f"lacks .*{named}"):
        migrate.upgrade(engine)
    engine.dispose()


@pytest.mark.postgresql
def test_a_migration_does_not_hold_up_a_busy_database(
    migrated_postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    engine = make_engine(migrated_postgresql_url)
    with engine.connect() as busy, engine.connect() as tx:
        busy.execute(select(companies))
        migrate._be_careful(tx)
        with pytest.raises(OperationalError, match="lock timeout"):
            tx.execute(text("ALTER TABLE companies ADD COLUMN colour text"))
    engine.dispose()


def test_alembic_is_not_loaded_by_a_program_that_does_not_migrate() -> None:
    check = "import sys, pbx_crm.db.migrate; sys.exit('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


def test_the_wheel_holds_the_revisions(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed_names = packed.namelist()
    assert "pbx_crm/db/migrations/env.py" in packed_names
    assert "pbx_crm/db/migrations/versions/first.py" in packed_names
