"""Many rows to one INSERT without SQLAlchemy's work for every row.

Core looks up each parameter's name and type anew for every row, which takes longer than SQLite takes to
store it. Here a statement is compiled once, and a row is a tuple made by the column types' own converters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect

Convert = Callable[[Mapping[str, Any]], Any]


def insert_rows(tx: Connection, statement: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Runs an INSERT for rows that all have the same columns; the statement must be one that is kept."""
    if rows:
        sql, convert = _prepared(_ByName(tx.dialect), statement, tuple(rows[0]))
        tx.exec_driver_sql(sql, [convert(row) for row in rows])


class _ByName:
    """A dialect as a key: those of one name compile alike, and a new engine need not compile again."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def __hash__(self) -> int:
        return hash(self.dialect.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByName) and self.dialect.name == other.dialect.name


@cache
def _prepared(key: _ByName, statement: Any, names: tuple[str, ...]) -> tuple[str, Convert]:
    compiled = statement.compile(dialect=key.dialect, column_keys=list(names))
    order = compiled.positiontup or list(compiled.binds)
    defaults = {column.key: column.default for column in compiled.insert_prefetch}
    getters = [_getter(name, compiled.binds[name].type, key.dialect, defaults.get(name)) for name in order]
    if compiled.positiontup:
        return str(compiled), lambda row: tuple([get(row) for get in getters])
    named = list(zip(order, getters, strict=True))
    return str(compiled), lambda row: {name: get(row) for name, get in named}


def _getter(name: str, kind: Any, dialect: Dialect, default: Any) -> Convert:
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    if default is not None:
        value = default.arg(None) if default.is_callable else default.arg
        stored = convert(value) if convert else value
        return lambda _row: stored
    if convert is None:
        return lambda row: row[name]
    return lambda row: convert(row[name])
