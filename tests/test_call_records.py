"""The program was down while calls came: what the PBX wrote down makes their cards at the next start."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select

from pbx_crm.app import App, running
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.asterisk.cdr_table import CdrTable
from pbx_crm.asterisk.cel_file import CelFile
from pbx_crm.asterisk.cel_reader import CelTable
from pbx_crm.call_records import cdr_source_of, cel_source_of
from pbx_crm.config import CdrSettings, CelSettings, Settings
from pbx_crm.db.tables import calls, record_places
from pbx_crm.services.demo_company import found_company
from tests.parts.scripted_ami import ScriptedAmi
from tests.test_app import settings_for
from tests.truth import TAPES

AFTERWARDS = datetime(2026, 11, 21, 18, tzinfo=UTC)


@pytest.fixture
async def pbx() -> AsyncIterator[ScriptedAmi]:
    """A PBX on loopback."""
    async with ScriptedAmi() as scripted:
        yield scripted


def with_cel(settings: Settings, cel: CelSettings) -> Settings:
    (pbx,) = settings.pbx
    return settings.model_copy(update={"pbx": (pbx.model_copy(update={"cel": cel}),)})


async def eventually(app: App, table: Table, rows: int) -> list[Any]:
    """The table's rows once there are so many."""
    deadline = time.monotonic() + 10
    while len(found := await app.database.read(lambda tx: list(tx.execute(select(table))))) != rows:
        assert time.monotonic() < deadline, f"{len(found)} rows of {table.name}"
        await asyncio.sleep(0.02)
    return found


async def test_calls_that_came_while_the_program_was_down_are_in_it_after_its_start(
    tmp_path: Path, pbx: ScriptedAmi
) -> None:
    master = tmp_path / "Master.csv"
    master.write_text("")
    settings = with_cel(settings_for(tmp_path, pbx.port), CelSettings(kind="csv", path=master))
    async with running(settings, lambda: AFTERWARDS) as app:
        await found_company(app.database, app.services.staff, app.services.clock, "office", "RUB")
        await eventually(app, record_places, 1)
    master.write_bytes(gzip.decompress((TAPES / "in_missed__22-pjsip-A" / "cel.csv.gz").read_bytes()))
    async with running(settings, lambda: AFTERWARDS) as app:
        (call,) = await eventually(app, calls, 1)
        assert (call.outcome, call.late) == ("missed", True)
        assert call.deal_id is not None


async def test_where_there_is_no_cel_the_call_detail_records_tell_it(
    tmp_path: Path, pbx: ScriptedAmi
) -> None:
    master = tmp_path / "Master.csv"
    rows = gzip.decompress((TAPES / "in_missed__22-pjsip-A" / "cdr.csv.gz").read_bytes())
    master.write_bytes(rows.splitlines(keepends=True)[0])
    settings = settings_for(tmp_path, pbx.port)
    cdr = CdrSettings(kind="csv", path=master, time_zone="UTC")
    settings = settings.model_copy(update={"pbx": (settings.pbx[0].model_copy(update={"cdr": cdr}),)})
    async with running(settings, lambda: AFTERWARDS) as app:
        await found_company(app.database, app.services.staff, app.services.clock, "office", "RUB")
        await eventually(app, record_places, 1)
    master.write_bytes(rows)
    async with running(settings, lambda: AFTERWARDS) as app:
        (call,) = await eventually(app, calls, 1)
        assert (call.outcome, call.late) == ("missed", True)
        assert call.deal_id is not None


async def test_records_that_cannot_be_read_are_said_once_and_calls_go_on(
    tmp_path: Path, pbx: ScriptedAmi, caplog: pytest.LogCaptureFixture
) -> None:
    cel = CelSettings(kind="sqlite", path=tmp_path / "none" / "master.db")
    async with running(with_cel(settings_for(tmp_path, pbx.port), cel)) as app:
        deadline = time.monotonic() + 10
        while "records of office could not be read" not in caplog.text:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert app.services.reconcile is not None
    assert caplog.text.count("records of office could not be read") == 1


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ({"kind": "csv", "path": "/var/log/asterisk/cel-custom/Master.csv"}, CelFile),
        ({"kind": "sqlite", "path": "/var/log/asterisk/master.db"}, CelTable),
        ({"kind": "sql", "url": "postgresql+psycopg://reader@127.0.0.1/asterisk"}, CelTable),
    ],
)
def test_each_kind_of_record_has_its_reader(settings: dict[str, str], source: type) -> None:
    assert isinstance(cel_source_of(CelSettings.model_validate(settings), "UTC"), source)


@pytest.mark.parametrize(
    ("settings", "source"),
    [
        ({"kind": "csv", "path": "/var/log/asterisk/cdr-csv/Master.csv"}, CdrFile),
        ({"kind": "sqlite", "path": "/var/log/asterisk/master.db"}, CdrTable),
        ({"kind": "sql", "url": "mysql://reader@127.0.0.1/asteriskcdrdb"}, CdrTable),
    ],
)
def test_each_kind_of_call_detail_record_has_its_reader(settings: dict[str, str], source: type) -> None:
    assert isinstance(cdr_source_of(CdrSettings.model_validate(settings), "UTC"), source)
