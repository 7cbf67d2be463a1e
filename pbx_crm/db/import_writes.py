"""Rows of a list made into clients, some at a time, and taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, or_, select, update

from pbx_crm.db.contact_merge import pointers
from pbx_crm.db.tables import contact_numbers, contacts, import_rows
from pbx_crm.domain.contact_import import ClientRow

BLANKS = ("name", "city", "company_id", "responsible_id")


def known(tx: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Ids of the clients who have these numbers. One statement."""
    query = select(contact_numbers.c.number, contact_numbers.c.contact_id)
    return {
        row.number: row.contact_id for row in tx.execute(query.where(contact_numbers.c.number.in_(numbers)))
    }


def make(tx: Connection, import_id: int, row: ClientRow, company_id: int | None, now: datetime) -> int:
    """The id of the new client of this row."""
    values = {**_values(row, company_id), "created_at": now}
    contact_id: int = tx.execute(insert(contacts).values(**values).returning(contacts.c.id)).scalar_one()
    _add_numbers(tx, contact_id, row.numbers)
    tx.execute(insert(import_rows).values(import_id=import_id, contact_id=contact_id))
    return contact_id


def fill(
    tx: Connection,
    import_id: int,
    contact_id: int,
    row: ClientRow,
    new: Sequence[str],
    company_id: int | None,
) -> bool:
    """Whether the row told something new of a known client: what stands already is never written over."""
    columns = [contacts.c[name] for name in BLANKS]
    stands = tx.execute(select(*columns).where(contacts.c.id == contact_id)).mappings().one()
    told = _values(row, company_id)
    blank = {name: told[name] for name in BLANKS if told[name] and not stands[name]}
    if not blank and not new:
        return False
    if blank:
        tx.execute(update(contacts).where(contacts.c.id == contact_id).values(**blank))
    _add_numbers(tx, contact_id, new)
    filled = {**blank, "numbers": list(new)}
    tx.execute(insert(import_rows).values(import_id=import_id, contact_id=contact_id, filled=filled))
    return True


def _values(row: ClientRow, company_id: int | None) -> dict[str, Any]:
    return {
        "name": row.name,
        "city": row.city,
        "company_id": company_id,
        "responsible_id": row.responsible_id,
    }


def _add_numbers(tx: Connection, contact_id: int, numbers: Sequence[str]) -> None:
    if numbers:
        rows = [{"contact_id": contact_id, "number": number} for number in numbers]
        tx.execute(insert(contact_numbers), rows)


def take_back(tx: Connection, import_id: int, most: int) -> tuple[int, int, int]:
    """Rows looked at, clients gone, clients kept because something stands on them since; latest first."""
    query = select(import_rows).where(import_rows.c.import_id == import_id)
    rows = tx.execute(query.order_by(import_rows.c.id.desc()).limit(most)).all()
    made = [row.contact_id for row in rows if row.filled is None]
    used = _in_use(tx, made)
    for row in rows:
        if row.filled is not None:
            _empty_again(tx, row.contact_id, row.filled)
    tx.execute(delete(import_rows).where(import_rows.c.id.in_([row.id for row in rows])))
    gone = set(made) - used
    tx.execute(delete(contacts).where(contacts.c.id.in_(gone)))
    return len(rows), len(gone), len(used)


def _in_use(tx: Connection, contact_ids: Collection[int]) -> set[int]:
    """Those on whom a deal, a call, a task or another list's row stands."""
    pointed = [
        exists().where(column == contacts.c.id)
        for column in pointers()
        if column.table is not contact_numbers
    ]
    other_list = exists().where(import_rows.c.contact_id == contacts.c.id, import_rows.c.filled.is_not(None))
    query = select(contacts.c.id).where(contacts.c.id.in_(contact_ids), or_(*pointed, other_list))
    return set(tx.execute(query).scalars())


def _empty_again(tx: Connection, contact_id: int, filled: dict[str, Any]) -> None:
    numbers = filled.pop("numbers", [])
    given = (contact_numbers.c.contact_id == contact_id, contact_numbers.c.number.in_(numbers))
    tx.execute(delete(contact_numbers).where(*given))
    for name, value in filled.items():
        # What somebody has written there since stays.
        still = update(contacts).where(contacts.c.id == contact_id, contacts.c[name] == value)
        tx.execute(still.values({name: None if name.endswith("_id") else ""}))
