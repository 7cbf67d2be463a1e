"""Imports as rows: where each stands, and what could not be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from pbx_crm.db.tables import import_refusals, imports
from pbx_crm.domain.contact_import import Import, ImportField, ImportState, RefusedRow
from pbx_crm.domain.errors import NotFound

MOST = 50


def add(tx: Connection, values: Mapping[str, Any]) -> int:
    """The new import's id."""
    import_id: int = tx.execute(insert(imports).values(**values).returning(imports.c.id)).scalar_one()
    return import_id


def get(tx: Connection, import_id: int, *, lock: bool = False) -> Import:
    """The import; with `lock` nobody else moves it on before this transaction ends. NotFound."""
    query = select(imports).where(imports.c.id == import_id)
    row = tx.execute(query.with_for_update() if lock else query).first()
    if row is None:
        raise NotFound(import_id=import_id)
    return _import(row)


def latest(tx: Connection) -> list[Import]:
    """The newest imports, newest first."""
    return [_import(row) for row in tx.execute(select(imports).order_by(imports.c.id.desc()).limit(MOST))]


def at_work(tx: Connection) -> list[int]:
    """Imports that were going on when the program stopped."""
    working = [state for state in ImportState if state.is_at_work]
    return list(tx.execute(select(imports.c.id).where(imports.c.state.in_(working))).scalars())


def change(tx: Connection, import_id: int, **values: Any) -> None:
    """Writes these columns."""
    tx.execute(update(imports).where(imports.c.id == import_id).values(**values))


def refuse(tx: Connection, import_id: int, rows: Sequence[RefusedRow]) -> None:
    """Keeps rows that cannot be used, with the reason of each."""
    if rows:
        values = [
            {
                "import_id": import_id,
                "row": one.row.number,
                "cells": list(one.row.cells),
                "reason": one.reason,
            }
            for one in rows
        ]
        tx.execute(insert(import_refusals), values)


def forget_refusals(tx: Connection, import_id: int) -> None:
    """The rows are judged anew."""
    tx.execute(delete(import_refusals).where(import_refusals.c.import_id == import_id))


def refusals(tx: Connection, import_id: int, after: int, most: int) -> list[tuple[int, int, list[str], str]]:
    """Id, row number, cells and reason of refused rows behind this id."""
    columns = import_refusals.c
    query = select(columns.id, columns.row, columns.cells, columns.reason)
    query = query.where(columns.import_id == import_id, columns.id > after).order_by(columns.id)
    return [tuple(row) for row in tx.execute(query.limit(most))]


def reasons(tx: Connection, import_id: int) -> list[tuple[str, int]]:
    """How often each reason was given, the commonest first."""
    columns = import_refusals.c
    query = select(columns.reason, func.count()).where(columns.import_id == import_id)
    grouped = query.group_by(columns.reason).order_by(func.count().desc())
    return [tuple(row) for row in tx.execute(grouped)]


def digests(tx: Connection) -> set[str]:
    """Digests of the files of all imports."""
    return set(tx.execute(select(imports.c.digest)).scalars())


def _import(row: Any) -> Import:
    return Import(
        id=row.id,
        name=row.name,
        digest=row.digest,
        by_id=row.by_id,
        at=row.at,
        state=ImportState(row.state),
        header=tuple(row.header),
        mapping=tuple(ImportField(field) for field in row.mapping),
        responsible_id=row.responsible_id,
        rows_total=row.rows_total,
        rows_done=row.rows_done,
        counts=row.counts,
    )
