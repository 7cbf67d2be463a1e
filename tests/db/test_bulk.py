"""Rows written without SQLAlchemy's detours are the rows it would have written, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError, StatementError

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import alerts, companies, skip_rules
from pbx_crm.db.upsert import insert_missing, put

NOW = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)


def rows(tx: Connection, table: Any) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.execute(select(table).order_by(table.c.id)).mappings()]


async def test_every_type_comes_back_as_it_went_in(database: Database) -> None:
    moscow = timezone(timedelta(hours=3))
    written = [
        {"kind": "link", "key": "main/214", "details": {"имя": ["a", 1]}, "at": NOW, "cleared_at": None},
        {"kind": "link", "key": "'; DROP", "details": {}, "at": NOW.astimezone(moscow), "cleared_at": NOW},
    ]
    await database.write(insert_missing, alerts, written)
    found = await database.read(rows, alerts)
    assert [{name: row[name] for name in written[0]} for row in found] == written


async def test_what_a_row_leaves_out_takes_the_columns_default(database: Database) -> None:
    names = [{"name": name, "kind": "number", "value": name} for name in ("bank", "courier")]
    await database.write(insert_missing, skip_rules, names)
    assert [row["is_active"] for row in await database.read(rows, skip_rules)] == [True, True]
    await database.write(insert_missing, alerts, [{"kind": "a", "key": "b", "at": NOW}])
    assert (await database.read(rows, alerts))[0]["details"] == {}


async def test_rows_that_are_there_are_brought_up_to_date(database: Database) -> None:
    later = NOW + timedelta(hours=1)
    for at in (NOW, later):
        await database.write(put, companies, [{"name": "Vector", "created_at": at}], ["name"])
    assert [row["created_at"] for row in await database.read(rows, companies)] == [later]


async def test_no_rows_are_no_statement(database: Database) -> None:
    await database.write(insert_missing, companies, [])
    assert await database.read(rows, companies) == []


async def test_a_value_that_cannot_be_stored_is_refused_as_ever(database: Database) -> None:
    with pytest.raises((ValueError, StatementError), match="without a zone"):
        await database.write(
            insert_missing,
            companies,
            [{"name": "x", "created_at": datetime(2026, 1, 1)}],  # noqa: DTZ001
        )
    with pytest.raises(IntegrityError):
        await database.write(insert_missing, companies, [{"name": None, "created_at": NOW}])
