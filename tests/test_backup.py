"""A backup made while calls come in holds everything of one moment, and comes back elsewhere whole."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Connection, func, select

from pbx_crm.commands.backup import InUse, read_backup, write_backup
from pbx_crm.config import Settings
from pbx_crm.db import migrate
from pbx_crm.db.engine import Database, make_engine
from pbx_crm.db.leases import lease_of
from pbx_crm.db.migrate import DatabaseUnusable
from pbx_crm.db.snapshots import NotEmpty
from pbx_crm.db.tables import contact_numbers, deals, metadata
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.outside.archive import BadBackup
from pbx_crm.services.call_intake import CallIntake
from tests import builders
from tests.builders import NOW
from tests.company import PBX, Company
from tests.parts.postgres import PostgresCluster
from tests.stories import Story
from tests.test_app import settings_for

Everything = dict[str, list[tuple[Any, ...]]]


def configured(folder: Path, url: str) -> Settings:
    settings = settings_for(folder, 5038)
    database = settings.database.model_copy(update={"url": type(settings.database.url)(url)})
    return settings.model_copy(update={"database": database})


def everything(url: str) -> Everything:
    """Every row of every table, in an order that both databases know."""
    engine = make_engine(url)
    with engine.connect() as tx:
        found = {table.name: _rows(tx, table) for table in metadata.sorted_tables}
    engine.dispose()
    return found


def _rows(tx: Connection, table: Any) -> list[tuple[Any, ...]]:
    order = [column for column in table.c if not isinstance(column.type, JSON)]
    return [tuple(row) for row in tx.execute(select(table).order_by(*order))]


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[], str]:
    """URL of an empty database of the same kind."""

    def make() -> str:
        if database_url.startswith("sqlite"):
            return f"sqlite:///{tmp_path / 'elsewhere.db'}"
        cluster: PostgresCluster = request.getfixturevalue("postgres")
        url = cluster.create()
        request.addfinalizer(lambda: cluster.drop(url))
        return url

    return make


async def a_company_at_work(database: Database) -> Company:
    company = Company(database)
    await company.play(call_of("+79051112233", "101"), call_of("+79051112244", "102"))
    return company


def call_of(number: str, extension: str) -> Story:
    """A client calls, and this seller talks with them."""
    return Story.incoming(number).rings(extension).answers(extension).ends()


async def test_what_is_restored_elsewhere_is_what_was_there(
    tmp_path: Path, database: Database, database_url: str, elsewhere: Callable[[], str]
) -> None:
    await a_company_at_work(database)
    file, there = tmp_path / "crm.backup", elsewhere()
    write_backup(configured(tmp_path, database_url), file)
    read_backup(configured(tmp_path, there), file, replace=False)
    assert everything(there) == everything(database_url)
    assert len(everything(there)["deals"]) == 2
    assert file.stat().st_mode & 0o077 == 0, "it holds clients and password hashes"


async def test_work_goes_on_after_the_restore(
    tmp_path: Path, database: Database, database_url: str, elsewhere: Callable[[], str]
) -> None:
    company = await a_company_at_work(database)
    file, there = tmp_path / "crm.backup", elsewhere()
    write_backup(configured(tmp_path, database_url), file)
    read_backup(configured(tmp_path, there), file, replace=False)
    restored = Database.open(there)
    company.database = restored
    last = await restored.read(lambda tx: tx.execute(select(func.max(deals.c.id))).scalar_one())
    company.intake = CallIntake(restored, company.live, lambda: NOW, {PBX: NumberPlan("RU")})
    await company.play(call_of("+79051112255", "101"))
    assert [deal["id"] for deal in await company.rows(deals)][-1] == last + 1
    with restored.engine.connect() as tx:
        assert migrate.differences(tx) == []
    restored.close()


def _client(tx: Connection, number: int) -> None:
    """A client with a number: in one transaction, so that no moment knows one without the other."""
    builders.contact(tx, f"Client {number}", f"+7905{number:07}")


async def test_a_backup_under_writes_is_of_one_moment_and_loses_nothing_before_it(
    tmp_path: Path, database: Database, database_url: str, elsewhere: Callable[[], str]
) -> None:
    written, enough, stop = 0, asyncio.Event(), asyncio.Event()

    async def keep_writing() -> None:
        nonlocal written
        while not stop.is_set():
            await asyncio.gather(*(database.write(_client, written + n) for n in range(5)))
            written += 5
            if written > 100:
                enough.set()

    writing = asyncio.create_task(keep_writing())
    await enough.wait()
    for number in range(50):
        before, file = written, tmp_path / f"{number}.backup"
        await asyncio.to_thread(write_backup, configured(tmp_path, database_url), file)
        if written > before:
            break  # writing went on meanwhile
    else:
        pytest.fail("nothing was written while a backup was made")
    stop.set()
    await writing
    there = elsewhere()
    read_backup(configured(tmp_path, there), file, replace=False)
    found = everything(there)
    assert before <= len(found["contacts"]) <= written
    assert {row[0] for row in found["contacts"]} == {_contact_of(row) for row in found["contact_numbers"]}


def _contact_of(row: tuple[Any, ...]) -> Any:
    return row[list(contact_numbers.c.keys()).index("contact_id")]


async def test_a_database_with_people_in_it_is_not_thrown_away_by_mistake(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    await a_company_at_work(database)
    settings, file = configured(tmp_path, database_url), tmp_path / "crm.backup"
    write_backup(settings, file)
    kept = everything(database_url)
    await database.write(builders.person, "Newcomer")
    with pytest.raises(NotEmpty):
        read_backup(settings, file, replace=False)
    assert everything(database_url)["people"] != kept["people"]
    database.close()
    read_backup(settings, file, replace=True)
    assert everything(database_url) == kept


async def test_a_database_that_a_program_works_on_is_left_alone(
    tmp_path: Path, database: Database, database_url: str
) -> None:
    settings, file = configured(tmp_path, database_url), tmp_path / "crm.backup"
    write_backup(settings, file)
    lease = lease_of(make_engine(database_url), "pbx-office")
    assert lease.take()
    with pytest.raises(InUse):
        read_backup(settings, file, replace=True)
    lease.release()


async def backed_up(tmp_path: Path, url: str) -> tuple[Settings, Path]:
    settings, file = configured(tmp_path, url), tmp_path / "crm.backup"
    write_backup(settings, file)
    return settings, file


@pytest.mark.parametrize("cut", [0, 1, 20, 1000, -3000])
async def test_a_cut_file_is_refused_and_nothing_is_touched(
    tmp_path: Path, sqlite_url: str, cut: int
) -> None:
    settings, file = await backed_up(tmp_path, sqlite_url)
    before = everything(sqlite_url)
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(BadBackup):
        read_backup(settings, file, replace=True)
    assert everything(sqlite_url) == before


async def test_a_changed_byte_is_found(tmp_path: Path, sqlite_url: str) -> None:
    settings, file = await backed_up(tmp_path, sqlite_url)
    raw = bytearray(gzip.decompress(file.read_bytes()))
    raw[-20_000] ^= 1
    file.write_bytes(gzip.compress(bytes(raw)))
    with pytest.raises(BadBackup, match="damaged"):
        read_backup(settings, file, replace=True)


@pytest.mark.parametrize("name", ["../evil", "/tmp/evil", "database/../../evil", "extra"])
async def test_a_file_that_leads_out_of_its_place_is_refused(
    tmp_path: Path, sqlite_url: str, name: str
) -> None:
    settings = configured(tmp_path, sqlite_url)
    file = tmp_path / "evil.backup"
    listed = {} if name == "extra" else {name: "0" * 64}
    about = json.dumps({"kind": "sqlite", "revision": "first", "tables": {}, "files": listed}).encode()
    with tarfile.open(file, "w:gz") as tar:
        for member, content in (("manifest.json", about), (name, b"evil")):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    with pytest.raises(BadBackup, match="does not belong"):
        read_backup(settings, file, replace=True)
    assert not (tmp_path.parent / "evil").exists()


@pytest.mark.parametrize(("key", "value"), [("kind", "postgresql"), ("revision", "from_the_future")])
async def test_a_backup_of_another_kind_or_of_a_newer_program_is_said(
    tmp_path: Path, sqlite_url: str, key: str, value: str
) -> None:
    settings, file = await backed_up(tmp_path, sqlite_url)
    strange = tmp_path / "strange.backup"
    with tarfile.open(file) as old, tarfile.open(strange, "w:gz") as new:
        for member in old:
            stream = old.extractfile(member)
            assert stream is not None
            content = stream.read()
            if member.name == "manifest.json":
                content = json.dumps({**json.loads(content), key: value}).encode()
                member.size = len(content)
            new.addfile(member, io.BytesIO(content))
    with pytest.raises(BadBackup, match=r"postgresql database|newer version"):
        read_backup(settings, strange, replace=True)


async def test_the_files_of_deals_come_along_and_what_is_half_sent_does_not(
    tmp_path: Path, database_url: str, elsewhere: Callable[[], str]
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    digest = "ab" * 32
    (here / "ab").mkdir(parents=True)
    (here / "ab" / digest).write_bytes(b"the offer")
    (here / "unfinished-x").write_bytes(b"half")
    (here / "ab" / "unfinished-y").write_bytes(b"half")
    file = tmp_path / "crm.backup"
    write_backup(with_files(configured(tmp_path, database_url), here), file)
    read_backup(with_files(configured(tmp_path, elsewhere()), there), file, replace=False)
    assert [path.relative_to(there) for path in there.rglob("*") if path.is_file()] == [Path("ab", digest)]
    assert (there / "ab" / digest).read_bytes() == b"the offer"


def with_files(settings: Settings, folder: Path) -> Settings:
    return settings.model_copy(update={"files": settings.files.model_copy(update={"folder": folder})})


async def test_a_failed_backup_leaves_the_last_one(tmp_path: Path, sqlite_url: str) -> None:
    _, file = await backed_up(tmp_path, sqlite_url)
    kept = file.read_bytes()
    broken = configured(tmp_path, f"sqlite:///{tmp_path / 'none' / 'crm.db'}")
    with pytest.raises(DatabaseUnusable):
        write_backup(broken, file)
    assert file.read_bytes() == kept
    assert sorted(name for name in os.listdir(tmp_path) if "backup" in name) == ["crm.backup"]
