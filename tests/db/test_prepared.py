"""Statements run without SQLAlchemy's detours do what it would have done, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from pbx_crm.db.engine import Database
from pbx_crm.db.prepared import fetch, insert_returning, write_rows
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


STANDING = (
    select(alerts)
    .where(
        alerts.c.kind == bindparam("kind"),
        alerts.c.key.in_(bindparam("keys", expanding=True)),
        alerts.c.at >= bindparam("since"),
        alerts.c.key != "never",
    )
    .order_by(alerts.c.key)
)


@pytest.mark.parametrize("wanted", [[], ["a"], ["a", "b", "c"], ["c", "nobody's", "a", "b", "a"]])
async def test_a_question_with_a_list_is_answered_as_core_answers_it(
    database: Database, wanted: list[str]
) -> None:
    written = [{"kind": "k", "key": key, "details": {"n": [key]}, "at": NOW} for key in "abcd"]
    await database.write(insert_missing, alerts, written)
    asked = {"kind": "k", "keys": wanted, "since": NOW}

    def both(tx: Connection) -> tuple[list[Any], list[Any]]:
        return fetch(tx, STANDING, asked), [tuple(row) for row in tx.execute(STANDING, asked)]

    ours, cores = await database.read(both)
    assert ours == cores
    assert [row[2] for row in ours] == sorted(set(wanted) & set("abcd"))


async def test_a_later_moment_asked_for_is_compared_as_a_moment(database: Database) -> None:
    await database.write(insert_missing, alerts, [{"kind": "k", "key": "a", "at": NOW}])
    asked = {"kind": "k", "keys": ["a"], "since": NOW + timedelta(microseconds=1)}
    assert await database.read(fetch, STANDING, asked) == []


ADD = insert(companies).returning(companies.c.name, companies.c.id, companies.c.created_at)


@pytest.mark.parametrize("count", [0, 1, 501])
async def test_every_row_made_is_told_of(database: Database, count: int) -> None:
    new = [{"name": f"Company {number}", "created_at": NOW} for number in range(count)]
    told = await database.write(insert_returning, ADD, new)
    stored = await database.read(rows, companies)
    assert sorted(told) == sorted((row["name"], row["id"], row["created_at"]) for row in stored)
    assert len(stored) == count


async def test_a_change_reaches_the_rows_it_names(database: Database) -> None:
    names = [{"name": name, "created_at": NOW} for name in ("Vector", "Mir")]
    await database.write(insert_missing, companies, names)
    change = (
        update(companies).where(companies.c.name == bindparam("was")).values(created_at=bindparam("since"))
    )
    later = NOW + timedelta(days=1)
    await database.write(write_rows, change, [{"was": "Mir", "since": later}])
    assert {row["name"]: row["created_at"] for row in await database.read(rows, companies)} == {
        "Vector": NOW,
        "Mir": later,
    }


async def test_a_row_that_breaks_a_key_takes_its_whole_transaction_back(database: Database) -> None:
    def twice(tx: Connection) -> None:
        insert_returning(tx, ADD, [{"name": "Mir", "created_at": NOW}])
        insert_returning(tx, ADD, [{"name": "Mir", "created_at": NOW}])

    with pytest.raises(IntegrityError):
        await database.write(twice)
    assert await database.read(rows, companies) == []
