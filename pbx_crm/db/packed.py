"""Many rows as columns of whole numbers: the database packs each column into one text, numpy unpacks it.

A driver makes an object of every value of every row and asks for the interpreter between any two: the
moves of two hundred thousand deals take it four times as long as it takes the database to find them.
A report over so many rows needs numbers only. Moments are microseconds since 1970; NULL is nought.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    String,
    any_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    select,
    type_coerce,
)

from pbx_crm.db.column_types import LENGTH_WITHOUT_ZONE, UtcTime
from pbx_crm.domain.deal_ways import Ints

AT_ONCE = 20_000
"""Ids a statement: what comes of them is unpacked within a few milliseconds, and the event loop runs on."""
FIRST_MOMENT = "1970-01-01 00:00:00.000000"


def columns(tx: Connection, query: Select[Any]) -> tuple[Ints, ...]:
    """The columns of a query, each in the same order of rows, whichever that is. One statement."""
    rows = query.subquery()
    is_sqlite = tx.dialect.name == "sqlite"
    texts = tx.execute(select(*(_packed(column, is_sqlite) for column in rows.c))).one()
    return tuple(
        _moments(text) if is_sqlite and isinstance(column.type, UtcTime) else _numbers(text)
        for text, column in zip(texts, rows.c, strict=True)
    )


def columns_among(
    tx: Connection, query: Select[Any], column: ColumnElement[int], ids: Ints
) -> tuple[Ints, ...]:
    """The same of the rows in which this column is one of these ids. One statement for each `AT_ONCE`."""
    parts = [
        columns(tx, query.where(_is_among(tx, column, ids[begin : begin + AT_ONCE].tolist())))
        for begin in range(0, max(len(ids), 1), AT_ONCE)
    ]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def ascending(found: tuple[Ints, ...]) -> tuple[Ints, ...]:
    """The same rows in order of the first column."""
    order = np.argsort(found[0], kind="stable")
    return tuple(column[order] for column in found)


def places(
    tx: Connection, column: ColumnElement[str], condition: ColumnElement[bool]
) -> tuple[list[str], ColumnElement[int]]:
    """The few texts in this column where the condition holds, and a column: the place there of each row's.

    One statement. A text that came meanwhile stands for the first.
    """
    found = sorted(tx.execute(select(column).distinct().where(condition)).scalars())
    place = {text: number for number, text in enumerate(found)}
    return found or [""], case(place, value=column, else_=0) if place else literal(0)


def _is_among(tx: Connection, column: ColumnElement[int], ids: Sequence[int]) -> ColumnElement[bool]:
    # One value each, so that the statement is compiled once: as a list it would be twenty thousand.
    if tx.dialect.name == "sqlite":
        listed = func.json_each(json.dumps(ids)).table_valued("value")
        return column.in_(select(listed.c.value))
    return column == any_(bindparam(None, list(ids), ARRAY(BigInteger)))


def _packed(column: ColumnElement[Any], is_sqlite: bool) -> ColumnElement[str]:
    if not isinstance(column.type, UtcTime):
        number = func.coalesce(type_coerce(column, BigInteger), 0)
        return func.aggregate_strings(cast(number, String), ",")
    if is_sqlite:
        # Stored as text of one length: put together without a comma it is taken apart by that.
        return func.aggregate_strings(func.coalesce(type_coerce(column, String), literal(FIRST_MOMENT)), "")
    moment = func.coalesce(extract("epoch", column) * 1_000_000, 0)
    return func.aggregate_strings(cast(cast(moment, BigInteger), String), ",")


def _numbers(text: str | None) -> Ints:
    return np.fromstring(text or "", dtype=np.int64, sep=",")


def _moments(text: str | None) -> Ints:
    stored = np.frombuffer((text or "").encode("ascii"), dtype=f"S{LENGTH_WITHOUT_ZONE}")
    return stored.astype("datetime64[us]").astype(np.int64)
