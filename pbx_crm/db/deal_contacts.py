"""Whom a deal is talked about with, beside its first contact."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, delete, select

from pbx_crm.db.tables import contact_numbers, contacts, deal_contacts
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.deal_card import CardContact


def add(tx: Connection, deal_id: int, contact_id: int, role: str) -> bool:
    """Whether the contact is new on the deal."""
    row = {"deal_id": deal_id, "contact_id": contact_id, "role": role}
    return insert_new(tx, deal_contacts, row) is not None


def drop(tx: Connection, deal_id: int, contact_id: int) -> str | None:
    """Takes the contact off the deal and gives the role it had there; None if it was not on it."""
    these = (deal_contacts.c.deal_id == deal_id, deal_contacts.c.contact_id == contact_id)
    gone = delete(deal_contacts).where(*these).returning(deal_contacts.c.role)
    role: str | None = tx.execute(gone).scalar_one_or_none()
    return role


def of_deal(tx: Connection, deal_id: int, first_id: int | None) -> tuple[CardContact, ...]:
    """Everybody on the deal with their numbers, the first contact first. Two statements."""
    query = select(deal_contacts.c.contact_id, deal_contacts.c.role)
    beside = tx.execute(query.where(deal_contacts.c.deal_id == deal_id).order_by(deal_contacts.c.id))
    extra = {contact_id: role for contact_id, role in beside}
    order = [*([first_id] if first_id is not None else []), *(key for key in extra if key != first_id)]
    found, numbers = _with_numbers(tx, order)
    return tuple(
        CardContact(
            key,
            found[key].name,
            extra.get(key, ""),
            tuple(numbers[key]),
            is_first=key == first_id,
            do_not_call=found[key].do_not_call,
        )
        for key in order
    )


def _with_numbers(tx: Connection, ids: Collection[int]) -> tuple[dict[int, Any], dict[int, list[str]]]:
    found: dict[int, Any] = {}
    numbers: dict[int, list[str]] = defaultdict(list)
    query = (
        select(contacts.c.id, contacts.c.name, contacts.c.do_not_call, contact_numbers.c.number)
        .outerjoin(contact_numbers, contact_numbers.c.contact_id == contacts.c.id)
        .where(contacts.c.id.in_(ids))
        .order_by(contact_numbers.c.id)
    )
    for row in tx.execute(query) if ids else ():
        found[row.id] = row
        if row.number is not None:
            numbers[row.id].append(row.number)
    return found, numbers
