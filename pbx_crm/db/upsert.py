"""Writes that may come twice: a unique key decides, never a look before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(tx: Connection, table: Table) -> Any:
    """An INSERT that can be told what to do about a unique key, in the words of the database at hand."""
    return postgresql.insert(table) if tx.dialect.name == "postgresql" else sqlite.insert(table)


def insert_new(tx: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """The id of the row made, or None if one of the table's unique keys was there already."""
    statement = insert_into(tx, table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    found: int | None = tx.execute(statement).scalar_one_or_none()
    return found


def insert_missing(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds the rows whose unique keys are not there yet; the table needs no id column."""
    if rows:
        tx.execute(insert_into(tx, table).on_conflict_do_nothing(), list(rows))


def put(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> None:
    """Writes the rows; where the unique `keys` exist the other columns are brought up to date."""
    if not rows:
        return
    statement = insert_into(tx, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    if changed:
        statement = statement.on_conflict_do_update(index_elements=list(keys), set_=changed)
    else:
        statement = statement.on_conflict_do_nothing(index_elements=list(keys))
    tx.execute(statement, list(rows))
