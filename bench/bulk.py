"""Many rows at once: a prepared INSERT on SQLite, COPY on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import JSON, Connection, Table, func, insert, select, text

from pbx_crm.db.prepared import write_rows
from pbx_crm.domain.whole_money import UNITS

Row = Mapping[str, Any]
AT_ONCE = 20_000


def insert_many(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Adds rows that all name the same columns, every one that must not be empty among them."""
    if not rows:
        return
    if tx.dialect.name == "sqlite":
        write_rows(tx, _insert(table), rows)
        return
    names = list(rows[0])
    cursor: Any = tx.connection.cursor()
    columns = ", ".join(names)
    with cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([_plain(table, name, row[name]) for name in names])


@cache
def _insert(table: Table) -> Any:
    return insert(table)


def _plain(table: Table, name: str, value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value * UNITS)
    return json.dumps(value) if isinstance(table.c[name].type, JSON) else value


def next_id(tx: Connection, table: Table) -> int:
    """The first number no row of the table has."""
    return int(tx.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one()) + 1


def numbers_taken(tx: Connection, table: Table) -> None:
    """Tells PostgreSQL that rows came with numbers of their own; SQLite looks for itself."""
    if tx.dialect.name == "postgresql":
        last = next_id(tx, table)
        tx.execute(text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {last}, false)"))


def some(rows: Iterable[Any], count: int = AT_ONCE) -> Iterable[list[Any]]:
    """The same, so many at a time."""
    several = iter(rows)
    while taken := list(islice(several, count)):
        yield taken
