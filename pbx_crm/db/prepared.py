"""Statements of the calls' way; on SQLite put together once and handed to the driver as they are.

Core finds out anew at every execution how a statement is compiled, which type each parameter has and how
each column is read. Measured at one call a batch, that was 57 % of what the intake cost: 50 us a statement
and 40 us a row, of which SQLite itself took 10 %. Here a statement is compiled once, and a row is a tuple
made by the column types' own converters. Errors and the hook before a statement stay Core's. On
PostgreSQL, where the way over the network is what takes the time, Core does all of it.

Every statement given here must be one that is kept, for it is remembered as it is.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any]
Read = Callable[[Sequence[Any]], tuple[Any, ...]]
Convert = Callable[[Any], Any]

DIALECT: Dialect = sqlite.dialect()
MOST_PREPARED = 500
LIST = re.compile(r"__\[POSTCOMPILE_\w+\]")
"""Where Core would write out a list's values."""


def fetch(tx: Connection, statement: Any, asked: Values | None = None) -> list[tuple[Any, ...]]:
    """Every row of a SELECT; `asked` are its parameters, a list for each that is expanding."""
    asked = asked or {}
    if tx.dialect.name != "sqlite":
        return [tuple(row) for row in tx.execute(statement, asked)]
    query = _query(statement, tuple(asked))
    return query.read_all(_run(tx, query.sql, query.values(asked)))


def write_rows(tx: Connection, statement: Any, rows: Sequence[Values]) -> None:
    """Runs an INSERT or UPDATE for rows that all name the same values."""
    if not rows:
        return
    if tx.dialect.name != "sqlite":
        tx.execute(statement, rows)
        return
    change = _change(statement, tuple(rows[0]))
    _run(tx, change.sql, [change.values(row) for row in rows])


def run(tx: Connection, statement: Any, asked: Values) -> None:
    """Runs an UPDATE or DELETE once; `asked` are its parameters, a list for each that is expanding."""
    if tx.dialect.name != "sqlite":
        tx.execute(statement, asked)
        return
    change = _change(statement, tuple(asked))
    _run(tx, change.sql, change.values(asked))


def insert_returning(tx: Connection, statement: Any, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
    """What an INSERT … RETURNING tells of each row it made, in no order."""
    if not rows:
        return []
    if tx.dialect.name != "sqlite":
        return [tuple(row) for row in tx.execute(statement, rows)]
    change = _change(statement, tuple(rows[0]))
    # Row by row: to read one text with three hundred rows takes SQLite twice as long as storing them does.
    return change.read_all(_run(tx, change.sql, [change.values(row) for row in rows], tells=True))


def _run(tx: Connection, sql: str, values: Any, *, tells: bool = False) -> list[Any]:
    """The rows told; `values` is what one execution takes, or a list of that."""
    is_many = type(values) is list
    cursor = tx.connection.cursor()
    for hear in tx.dispatch.before_cursor_execute:
        hear(tx, cursor, sql, values, None, is_many)
    try:
        if is_many and tells:
            return [row for some in values for row in cursor.execute(sql, some).fetchall()]
        (cursor.executemany if is_many else cursor.execute)(sql, values)
        return list(cursor.fetchall())
    except sqlite3.Error as error:
        # As everywhere else, the values are clients': they do not go into the log with the error.
        raise DBAPIError.instance(
            sql, values, error, sqlite3.Error, hide_parameters=True, dialect=tx.dialect
        ) from error


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as text, how its values are taken, and how its rows are read."""

    sql: str
    places: int
    """How many values it takes."""
    values: Callable[[Values], tuple[Any, ...]]
    read: Read | None
    """None if the driver gives the program's values already."""

    def read_all(self, rows: list[Any]) -> list[tuple[Any, ...]]:
        return rows if self.read is None else [self.read(row) for row in rows]


@lru_cache(MOST_PREPARED)
def _query(statement: Any, names: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(dialect=DIALECT)
    order = compiled.positiontup
    constants = {name: compiled.binds[name].effective_value for name in order if name not in names}
    take = _taker(order, [_converter(compiled.binds[name]) for name in order], constants)
    return _Prepared(_with_lists(compiled), len(order), take, _reader(statement.selected_columns))


@lru_cache(MOST_PREPARED)
def _change(statement: Any, names: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(dialect=DIALECT, column_keys=list(names) if statement.is_insert else None)
    defaults = {column.key: _default(column.default) for column in compiled.insert_prefetch}
    order = compiled.positiontup
    constants = {
        name: defaults.get(name, compiled.binds[name].effective_value) for name in order if name not in names
    }
    take = _taker(order, [_converter(compiled.binds[name]) for name in order], constants)
    return _Prepared(_with_lists(compiled), len(order), take, _reader(statement.exported_columns))


def _with_lists(compiled: Any) -> str:
    # A list is one value, its JSON: the statement is the same for one number as for a thousand.
    return LIST.sub("SELECT value FROM json_each(?)", compiled.string)


def _converter(bind: Any) -> Convert | None:
    """What the driver is given for a value of this type; None if it takes the value as it is."""
    convert: Convert | None = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
    if not bind.expanding:
        return convert
    return lambda values: json.dumps([convert(value) for value in values] if convert else list(values))


def _taker(
    order: Sequence[str], converters: Sequence[Convert | None], constants: Values
) -> Callable[[Values], tuple[Any, ...]]:
    """What makes a tuple of a row: picked by C in one go, then the few that need it are converted."""
    if not order:
        return lambda _row: ()
    pick = itemgetter(*order) if len(order) > 1 else lambda row: (row[order[0]],)
    converted = [(place, convert) for place, convert in enumerate(converters) if convert is not None]

    def take(row: Values) -> tuple[Any, ...]:
        values = list(pick({**constants, **row} if constants else row))
        for place, convert in converted:
            values[place] = convert(values[place])
        return tuple(values)

    return take


def _default(default: Any) -> Any:
    return default.arg(None) if default.is_callable else default.arg


def _reader(columns: Any) -> Read | None:
    converters = [column.type.dialect_impl(DIALECT).result_processor(DIALECT, None) for column in columns]
    needed = [(place, convert) for place, convert in enumerate(converters) if convert is not None]
    if not needed:
        return None

    def read(row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, convert in needed:
            values[place] = convert(values[place])
        return tuple(values)

    return read
