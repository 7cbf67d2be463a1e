"""Years out of a few made-up weeks: the database copies them on and on, each time with clients of its own.

Making a call up takes Python a hundred times as long as copying one takes the database. The kept sums of
the copied days are copied with them, for they come to the same: nobody was talked with before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Table,
    func,
    insert,
    literal_column,
    select,
    text,
)

from bench.bulk import numbers_taken
from bench.made_up_years import Firm
from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import call_days, call_hours, call_people, calls, legs, talks
from pbx_crm.domain.report_period import start_of
from pbx_crm.services.rollups import Rollups

OF_CALLS = (calls, legs, talks, call_people)
FIRST_CITY = 495
"""The numbers of the weeks made up are of this city, those of their copies of the next ones."""


async def go_on(database: Database, firm: Firm, first: date, weeks: timedelta, times: int) -> None:
    """The calls there are, of so many weeks from that day on, happen so many times more, week after week."""
    most = await database.read(lambda tx: tx.execute(select(func.max(calls.c.id))).scalar_one())
    with _without_indexes(database):
        for number in range(1, times + 1):
            await database.write(_copy, firm, first + weeks, most, number, number * weeks)
    await database.write(numbers_taken, calls)
    await Rollups(database).catch_up()


@contextmanager
def _without_indexes(database: Database) -> Iterator[None]:
    """To put an index together once is quicker than to keep it with every row."""
    indexes = [index for table in OF_CALLS for index in table.indexes]
    for make in (False, True):
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            for index in indexes:
                (index.create if make else index.drop)(tx)
        if not make:
            yield


def _copy(tx: Connection, firm: Firm, end: date, most: int, number: int, shift: timedelta) -> None:
    if tx.dialect.name == "postgresql":
        # The copies point where their originals do, and need not be asked.
        tx.execute(text("SET LOCAL session_replication_role = replica"))
    for table in OF_CALLS:
        key = table.c.id if table is calls else table.c.call_id
        _copy_rows(tx, table, _values(tx.dialect.name, table, number, most, shift), key <= most)
    for table, until in (
        (call_days, call_days.c.day < end),
        (call_hours, call_hours.c.began < start_of(end, firm.zone)),
    ):
        _copy_rows(tx, table, _values(tx.dialect.name, table, number, most, shift), until)


def _copy_rows(tx: Connection, table: Table, values: Mapping[str, str], which: ColumnElement[bool]) -> None:
    columns: list[ColumnElement[Any]] = [literal_column(value) for value in values.values()]
    copies = select(*columns).select_from(table).where(which)
    tx.execute(insert(table).from_select(list(values), copies, include_defaults=False))


def _values(dialect: str, table: Table, number: int, most: int, shift: timedelta) -> dict[str, str]:
    columns = [column for column in table.c if column.name != "id" or table is calls]
    return {column.name: _value(dialect, column, number, most, shift) for column in columns}


def _value(dialect: str, column: Column[Any], number: int, most: int, shift: timedelta) -> str:
    name = column.name
    if isinstance(column.type, UtcTime):
        hours = shift // timedelta(hours=1)
        later = f"datetime({name}, '+{hours} hours') || '.000000'"
        return later if dialect == "sqlite" else f"{name} + interval '{hours} hours'"
    if isinstance(column.type, Date):
        return f"date({name}, '+{shift.days} days')" if dialect == "sqlite" else f"{name} + {shift.days}"
    if (column.table is calls and name == "id") or name == "call_id":
        return f"{name} + {number * most}"
    if name == "linkedid":
        return f"(id + {number * most}) || '.0'"
    if name in ("e164", "external_number"):
        return f"replace({name}, '+7{FIRST_CITY}', '+7{FIRST_CITY + number}')"
    return name
