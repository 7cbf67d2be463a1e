"""A few made-up weeks copied on and on: what is kept of the copies is what their calls add up to."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from bench.made_up_rows import add_lines, reasons_of, write_years
from bench.made_up_weeks import OF_CALLS, go_on
from bench.made_up_years import Firm, Size
from pbx_crm.db import call_days
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls
from pbx_crm.domain.report_period import Days
from pbx_crm.services.rollups import Rollups
from tests import builders

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY, WEEKS = date(2026, 3, 16), timedelta(weeks=2)
"""Two weeks later the clocks are put forward."""


async def copied(database: Database, times: int) -> None:
    """Two weeks and so many copies of them."""

    def found(tx: Connection) -> Firm:
        sellers = [builders.person(tx, name).id for name in ("Anna", "Boris")]
        funnel = builders.funnel(tx)
        call_days.choose_zone(tx, BERLIN.key)
        return Firm(sellers, add_lines(tx, 2), funnel, reasons_of(tx, funnel.id), BERLIN)

    firm = await database.write(found)
    await write_years(database, firm, Size(calls=100, first=MONDAY, days=WEEKS.days))
    await go_on(database, firm, MONDAY, WEEKS, times)


async def test_every_copied_day_has_the_sums_of_its_calls(database: Database) -> None:
    await copied(database, 3)
    steps = [step async for step in Rollups(database).check()]
    assert len(steps) > 6 * WEEKS.days // 7 * 3
    assert [step.day for step in steps if step.wrong_rows] == []


async def test_copies_fill_the_weeks_that_follow_without_a_gap(database: Database) -> None:
    await copied(database, 2)

    def counts(tx: Connection) -> list[int]:
        found = []
        for number in range(3):
            first = MONDAY + number * WEEKS
            span = Days(first, first + WEEKS - timedelta(days=1)).span(BERLIN)
            begun = (calls.c.started_at >= span.since, calls.c.started_at < span.until)
            found.append(tx.execute(select(func.count()).where(*begun)).scalar_one())
        return found

    assert await database.read(counts) == [100, 100, 100]


async def test_the_tables_have_their_indexes_again(database: Database) -> None:
    await copied(database, 1)

    def missing(tx: Connection) -> list[str]:
        catalogue = "sqlite_master WHERE type = 'index'" if tx.dialect.name == "sqlite" else "pg_indexes"
        name = "name" if tx.dialect.name == "sqlite" else "indexname"
        there = {row[0] for row in tx.exec_driver_sql(f"SELECT {name} FROM {catalogue}")}  # noqa: S608
        return [str(index.name) for table in OF_CALLS for index in table.indexes if index.name not in there]

    assert await database.read(missing) == []


async def test_the_next_call_has_a_number_of_its_own(database: Database) -> None:
    await copied(database, 1)

    def add(tx: Connection) -> int:
        at = datetime(2026, 6, 1, tzinfo=UTC)
        row = {"pbx": "other", "linkedid": "1.1", "direction": "in", "started_at": at}
        return int(tx.execute(calls.insert().values(**row).returning(calls.c.id)).scalar_one())

    assert await database.write(add) == 201
