"""Rows taken out of the database whole, with all that hangs on them, so that they can be put back.

A cutting is JSON: the rows of every table that go along, parents first, and the rows elsewhere that
pointed at them and now point at nothing. What hangs on what is read from the tables' own references, so
a table made later goes along without a word here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Column, Connection, ForeignKey, Table, delete, insert, select, update

from pbx_crm.db.column_types import ExactMoney, UtcTime
from pbx_crm.db.tables import metadata
from pbx_crm.domain.bin import RootIsGone

AT_ONCE = 500
"""Ids in one IN (…)."""
Cutting = dict[str, Any]
"""`{"rows": [[table, [row, …]], …], "links": [[table, column, {id: target}], …]}`."""


@dataclass(frozen=True, slots=True)
class _Reference:
    """A column that points at a table."""

    column: Column[Any]
    is_part: bool
    """Whether the row goes with what it points at; otherwise it stays and points at nothing."""


def take_out(tx: Connection, table: Table, row_id: int, *, along: Collection[str] = ()) -> Cutting:
    """The row and what hangs on it, gone from the database; tables in `along` go although they need not."""
    cutting: Cutting = {"rows": [], "links": []}
    _cut(tx, table, table.c.id, [row_id], frozenset(along), cutting)
    return cutting


def put_back(tx: Connection, cutting: Cutting) -> None:
    """Everything as it was, but for parts whose other end is gone; RootIsGone if the whole is nobody's."""
    for number, (name, rows) in enumerate(cutting["rows"]):
        table = metadata.tables[name]
        whole = [_decoded(table, row) for row in rows]
        alive = _with_living_references(tx, table, whole)
        if number == 0 and len(alive) < len(whole):
            raise RootIsGone(table=name)
        for part in parts(alive):
            tx.execute(insert(table), part)
    for name, column, pointed in cutting["links"]:
        _point_again(tx, metadata.tables[name], column, {int(key): to for key, to in pointed.items()})


def _cut(
    tx: Connection,
    table: Table,
    column: Column[Any],
    keys: Sequence[int],
    along: frozenset[str],
    cutting: Cutting,
) -> None:
    rows = [row for part in parts(keys) for row in _found(tx, table, column, part)]
    if not rows:
        return
    cutting["rows"].append([table.name, [_encoded(row) for row in rows]])
    if "id" in table.c:
        ids = [row["id"] for row in rows]
        for one in _references_to(table, along):
            if one.is_part:
                _cut(tx, one.column.table, one.column, ids, along, cutting)
            else:
                _let_go(tx, one.column, ids, cutting)
    for part in parts(keys):
        tx.execute(delete(table).where(column.in_(part)))


def _found(
    tx: Connection, table: Table, column: Column[Any], keys: Sequence[int]
) -> Iterable[Mapping[str, Any]]:
    query = select(table).where(column.in_(keys))
    if "id" in table.c:
        query = query.order_by(table.c.id)
    return tx.execute(query).mappings().all()  # type: ignore[return-value]


def _references_to(table: Table, along: frozenset[str]) -> Iterator[_Reference]:
    for other in metadata.sorted_tables:
        for key in other.foreign_keys:
            if key.column.table is table and other is not table:
                yield _Reference(key.parent, _is_part(key, other, along))
        for key in other.foreign_keys if other is table else ():
            if key.column.table is table:
                yield _Reference(key.parent, is_part=False)


def _is_part(key: ForeignKey, table: Table, along: frozenset[str]) -> bool:
    return key.ondelete == "CASCADE" or not key.parent.nullable or table.name in along


def _let_go(tx: Connection, column: Column[Any], ids: Sequence[int], cutting: Cutting) -> None:
    table: Table = column.table
    pointed = {
        row.id: row.to
        for part in parts(ids)
        for row in tx.execute(select(table.c.id, column.label("to")).where(column.in_(part)))
    }
    if pointed:
        cutting["links"].append([table.name, column.name, {str(key): to for key, to in pointed.items()}])
        for part in parts(list(pointed)):
            tx.execute(update(table).where(table.c.id.in_(part)).values({column.name: None}))


def _point_again(tx: Connection, table: Table, name: str, pointed: Mapping[int, int]) -> None:
    by_target: dict[int, list[int]] = {}
    for key, to in pointed.items():
        by_target.setdefault(to, []).append(key)
    for to, keys in by_target.items():
        for part in parts(keys):
            # Whatever has been pointed elsewhere meanwhile stays there.
            free = update(table).where(table.c.id.in_(part), table.c[name].is_(None))
            tx.execute(free.values({name: to}))


def _with_living_references(tx: Connection, table: Table, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that still belong somewhere; what else they pointed at and is gone they point at no more."""
    for key in table.foreign_keys:
        if key.column.table is not table:
            dead, name = _dead(tx, key, rows), key.parent.name
            if key.parent.nullable:
                rows = [{**row, name: None} if row[name] in dead else row for row in rows]
            else:
                rows = [row for row in rows if row[name] not in dead]
    return rows


def _dead(tx: Connection, key: ForeignKey, rows: list[dict[str, Any]]) -> set[int]:
    wanted = {row[key.parent.name] for row in rows} - {None}
    alive: set[int] = set()
    for part in parts(sorted(wanted)):
        alive |= set(tx.execute(select(key.column).where(key.column.in_(part))).scalars())
    return wanted - alive


def parts(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """The values, so many at once as one statement takes."""
    for begin in range(0, len(values), AT_ONCE):
        yield values[begin : begin + AT_ONCE]


def _encoded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _as_json(value) for name, value in row.items()}


def _as_json(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case Decimal():
            return str(value)
        case _:
            return value


def _decoded(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row of a table as it is now: a column that is gone meanwhile is left out."""
    return {name: _from_json(table.c[name], value) for name, value in row.items() if name in table.c}


def _from_json(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcTime):
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(column.type, ExactMoney) else value
