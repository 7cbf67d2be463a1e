"""Goal 13: a year of call detail records, a million rows, becomes calls and clients within minutes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from bench.made_up_records import write_cdr
from bench.result import Result
from pbx_crm.asterisk.cdr_calls import CdrCalls
from pbx_crm.asterisk.cdr_file import CdrFile
from pbx_crm.db import call_days, migrate
from pbx_crm.db.engine import Database
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.backfill import Backfill, Wish
from pbx_crm.services.interpreter import prepare_interpreter
from tests import builders

ROWS = 40_000
FEWEST_A_SECOND = 2_500
"""A million in under seven minutes of one core that has neighbours."""
MANY = 1_000_000
PBX = "main"
NOW = datetime(2027, 1, 1, tzinfo=UTC)
WISH = Wish(datetime(2025, 1, 1, tzinfo=UTC), "cdr", with_deals=False)


def measure() -> Result:
    """Rows, a call each, taken in by a CPU second, reading and storing together, the sums of days kept."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_cdr(Path(folder) / "Master.csv", ROWS)
        database = _house(Path(folder))
        prepare_interpreter()
        rate, again = asyncio.run(_take_in(database, path))
        database.close()
    return Result(
        "call detail records taken in by a CPU second",
        f"{rate:,.0f}",
        f">= {FEWEST_A_SECOND:,}",
        rate >= FEWEST_A_SECOND and again == 0,
        f"a million in {MANY / rate / 60:.1f} min of one core; told again: {again} calls doubled (wanted 0)",
    )


def _house(folder: Path) -> Database:
    database = Database.open(f"sqlite:///{folder / 'crm.db'}")
    migrate.upgrade(database.engine)
    with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
        builders.person(tx, "Anna")
        call_days.choose_zone(tx, "Europe/Moscow")
    return database


async def _take_in(database: Database, path: Path) -> tuple[float, int]:
    """Rows a CPU second, and how many calls a second telling of the same made."""
    backfill = Backfill(database, lambda: NOW, {PBX: NumberPlan("RU")})
    records = CdrCalls(CdrFile(path, UTC), PbxShape())
    began = time.process_time()
    taken = await backfill.run(PBX, records, WISH, lambda _: None)
    rate = taken.rows / (time.process_time() - began)
    assert taken.calls == ROWS, taken
    again = await backfill.run(PBX, records, WISH, lambda _: None)
    return rate, again.calls
