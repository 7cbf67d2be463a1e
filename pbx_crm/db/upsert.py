"""Writes that may come twice: a unique key decides, never a look before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

from pbx_crm.db.prepared import write_rows


def insert_into(tx: Connection, table: Table) -> Any:
    """An INSERT that can be told what to do about a unique key, in the words of the database at hand."""
    return insert_of(tx.dialect.name, table)


def insert_of(dialect: str, table: Table) -> Any:
    """The same by the database's name, for statements that are put together once."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


# Putting such a statement together takes SQLAlchemy four times as long as running it: each is made once.


@cache
def _insert_new(dialect: str, table: Table) -> Any:
    return insert_of(dialect, table).on_conflict_do_nothing().returning(table.c.id)


def insert_new(tx: Connection, table: Table, values: Mapping[str, Any]) -> int | None:
    """The id of the row made, or None if one of the table's unique keys was there already."""
    found: int | None = tx.execute(_insert_new(tx.dialect.name, table), dict(values)).scalar_one_or_none()
    return found


@cache
def _insert_missing(dialect: str, table: Table) -> Any:
    return insert_of(dialect, table).on_conflict_do_nothing()


def insert_missing(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds the rows whose unique keys are not there yet; the table needs no id column."""
    write_rows(tx, _insert_missing(tx.dialect.name, table), rows)


@cache
def _put(dialect: str, table: Table, names: tuple[str, ...], keys: tuple[str, ...]) -> Any:
    statement = insert_of(dialect, table)
    changed = {name: statement.excluded[name] for name in names if name not in keys}
    if changed:
        return statement.on_conflict_do_update(index_elements=keys, set_=changed)
    return statement.on_conflict_do_nothing(index_elements=keys)


def put(tx: Connection, table: Table, rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> None:
    """Writes the rows; where the unique `keys` exist the other columns are brought up to date."""
    if rows:
        write_rows(tx, _put(tx.dialect.name, table, tuple(rows[0]), tuple(keys)), rows)
