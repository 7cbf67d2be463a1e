"""Statements of the calls' way; on SQLite put together once and handed to the driver as they are.

Core finds out anew at every execution how a statement is compiled, which type each parameter has and how
each column is read. Measured at one call a batch, that was 57 % of what the intake cost: 50 us a statement
and 40 us a row, of which SQLite itself took 10 %. Here a statement is compiled once, and a row is a tuple
made by the column types' own converters. Errors and the hook before a statement stay Core's. On
PostgreSQL, where the way over the network is what takes the time, Core does all of it.

Every statement given here must be one that is kept, for it is remembered as it is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

Values = Mapping[str, Any]
Get = Callable[[Values], Any]
Read = Callable[[Sequence[Any]], tuple[Any, ...]]
Sizes = tuple[tuple[str, int | None], ...]
"""Names of parameters, each with the number of its values, or None for one that is no list."""

DIALECT: Dialect = sqlite.dialect()
MOST_PREPARED = 500
ROWS_AT_A_TIME = 500
"""Our widest table has under forty columns, and SQLite takes 32,766 parameters."""


def fetch(tx: Connection, statement: Any, asked: Values | None = None) -> list[tuple[Any, ...]]:
    """Every row of a SELECT; `asked` are its parameters, a list for each that is expanding."""
    asked = asked or {}
    if tx.dialect.name != "sqlite":
        return [tuple(row) for row in tx.execute(statement, asked)]
    padded = {name: _padded(value) if type(value) is list else value for name, value in asked.items()}
    sizes = tuple((name, len(value) if type(value) is list else None) for name, value in padded.items())
    query = _query(statement, sizes)
    return query.read_all(_run(tx, query.sql, query.values(padded)))


def write_rows(tx: Connection, statement: Any, rows: Sequence[Values]) -> None:
    """Runs an INSERT or UPDATE for rows that all name the same values."""
    if not rows:
        return
    if tx.dialect.name != "sqlite":
        tx.execute(statement, rows)
        return
    change = _change(statement, tuple(rows[0]))
    _run(tx, change.sql, [change.values(row) for row in rows])


def insert_returning(tx: Connection, statement: Any, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
    """What an INSERT … RETURNING tells of each row it made, in no order."""
    if not rows:
        return []
    if tx.dialect.name != "sqlite":
        return [tuple(row) for row in tx.execute(statement, rows)]
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(rows), ROWS_AT_A_TIME):
        found += _insert_some(tx, statement, rows[first : first + ROWS_AT_A_TIME])
    return found


def _insert_some(tx: Connection, statement: Any, rows: Sequence[Values]) -> list[tuple[Any, ...]]:
    change = _change(statement, tuple(rows[0]))
    one = f"({', '.join('?' * len(change.getters))})"
    every = change.sql.replace(one, ", ".join([one] * len(rows)), 1)
    return change.read_all(_run(tx, every, tuple(get(row) for row in rows for get in change.getters)))


def _run(tx: Connection, sql: str, values: Any) -> list[Any]:
    """The rows told; `values` is what one execution takes, or a list of that."""
    is_many = type(values) is list
    cursor = tx.connection.cursor()
    for hear in tx.dispatch.before_cursor_execute:
        hear(tx, cursor, sql, values, None, is_many)
    try:
        (cursor.executemany if is_many else cursor.execute)(sql, values)
        return list(cursor.fetchall())
    except sqlite3.Error as error:
        # As everywhere else, the values are clients': they do not go into the log with the error.
        raise DBAPIError.instance(
            sql, values, error, sqlite3.Error, hide_parameters=True, dialect=tx.dialect
        ) from error


def _padded(values: list[Any]) -> list[Any]:
    """The list as long as the next power of two, its last value repeated: few lengths, few statements."""
    missing = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return values + values[-1:] * missing


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement as text, how its values are taken, and how its rows are read."""

    sql: str
    getters: tuple[Get, ...]
    read: Read | None
    """None if the driver gives the program's values already."""

    def values(self, row: Values) -> tuple[Any, ...]:
        return tuple([get(row) for get in self.getters])

    def read_all(self, rows: list[Any]) -> list[tuple[Any, ...]]:
        return rows if self.read is None else [self.read(row) for row in rows]


@lru_cache(MOST_PREPARED)
def _query(statement: Any, sizes: Sizes) -> _Prepared:
    compiled = statement.compile(dialect=DIALECT)
    examples = {name: None if size is None else [None] * size for name, size in sizes}
    expanded = compiled.construct_expanded_state(examples)
    getters = {name: _getter(name, bind, is_given=name in examples) for name, bind in compiled.binds.items()}
    for name, places in expanded.parameter_expansion.items():
        convert = _converter(compiled.binds[name].type) or _as_it_is
        getters |= {inner: _from_list(name, place, convert) for place, inner in enumerate(places)}
    order = tuple(getters[name] for name in expanded.positiontup)
    return _Prepared(expanded.statement, order, _reader(statement.selected_columns))


@lru_cache(MOST_PREPARED)
def _change(statement: Any, names: tuple[str, ...]) -> _Prepared:
    compiled = statement.compile(dialect=DIALECT, column_keys=list(names) if statement.is_insert else None)
    defaults = {column.key: column.default for column in compiled.insert_prefetch}
    getters = tuple(
        _getter(name, compiled.binds[name], defaults.get(name), is_given=name in names)
        for name in compiled.positiontup
    )
    return _Prepared(str(compiled), getters, _reader(statement.exported_columns))


def _getter(name: str, bind: Any, default: Any = None, *, is_given: bool) -> Get:
    convert = _converter(bind.type)
    if not is_given:
        value = _constant(bind, default)
        stored = convert(value) if convert else value
        return lambda _row: stored
    if convert is None:
        return lambda row: row[name]
    return lambda row: convert(row[name])


def _from_list(name: str, place: int, convert: Callable[[Any], Any]) -> Get:
    return lambda asked: convert(asked[name][place])


def _converter(kind: Any) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = kind.dialect_impl(DIALECT).bind_processor(DIALECT)
    return found


def _as_it_is(value: Any) -> Any:
    return value


def _constant(bind: Any, default: Any) -> Any:
    if default is None:
        return bind.effective_value
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
