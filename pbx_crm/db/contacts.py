"""Clients and their numbers: found by E.164, made when nobody has the number yet."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from pbx_crm.db.tables import contact_numbers, contacts
from pbx_crm.db.upsert import insert_new


def by_number(tx: Connection, number: str) -> int | None:
    """The id of the client who has this E.164 number."""
    query = select(contact_numbers.c.contact_id).where(contact_numbers.c.number == number)
    return tx.execute(query).scalar_one_or_none()


def make(tx: Connection, name: str, number: str | None, now: datetime, responsible_id: int | None) -> int:
    """The id of a client with this number: a new one, or the one who has the number already."""
    if number is not None and (known := by_number(tx, number)) is not None:
        return known
    row = insert(contacts).values(name=name, responsible_id=responsible_id, created_at=now)
    contact_id: int = tx.execute(row.returning(contacts.c.id)).scalar_one()
    if number is None:
        return contact_id
    if insert_new(tx, contact_numbers, {"contact_id": contact_id, "number": number}) is None:
        # Another call of the same client was a moment faster: theirs is the client, ours never was.
        tx.execute(contacts.delete().where(contacts.c.id == contact_id))
        return by_number(tx, number) or contact_id
    return contact_id


def rename(tx: Connection, contact_id: int, name: str) -> None:
    """The client is called so from now on."""
    tx.execute(update(contacts).where(contacts.c.id == contact_id).values(name=name))


def numbers_of(tx: Connection, contact_id: int) -> list[str]:
    """The client's E.164 numbers, the one known longest first."""
    query = select(contact_numbers.c.number).where(contact_numbers.c.contact_id == contact_id)
    return list(tx.execute(query.order_by(contact_numbers.c.id)).scalars())


def name_of(tx: Connection, contact_id: int) -> str:
    """The client's name; empty while nobody asked for it."""
    query = select(contacts.c.name).where(contacts.c.id == contact_id)
    name: str = tx.execute(query).scalar_one()
    return name
