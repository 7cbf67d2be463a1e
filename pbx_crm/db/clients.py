"""Contacts behind calls, as far as a viewer may know them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, ScalarSelect, func, select

from pbx_crm.db.scoped import contacts_in
from pbx_crm.db.tables import contacts, deals, people
from pbx_crm.domain.client import Client
from pbx_crm.domain.person import Scope


def behind(tx: Connection, contact_ids: Collection[int], scope: Scope) -> dict[int, Client]:
    """The clients by contact id; another seller's carries that seller's name. One statement."""
    if not contact_ids:
        return {}
    owner, responsible = people.alias("owner"), people.alias("responsible")
    statement = (
        select(
            contacts.c.id,
            contacts.c.name,
            contacts_in(scope, contacts.c.id).label("known"),
            func.coalesce(owner.c.id, responsible.c.id).label("owner_id"),
            func.coalesce(owner.c.name, responsible.c.name).label("owner_name"),
        )
        .select_from(contacts)
        .outerjoin(owner, owner.c.id == whose())
        .outerjoin(responsible, responsible.c.id == contacts.c.responsible_id)
        .where(contacts.c.id.in_(contact_ids))
    )
    return {
        row.id: Client(
            row.id,
            row.name,
            row.owner_name if not row.known and row.owner_id != scope.person_id else None,
        )
        for row in tx.execute(statement)
    }


@dataclass(frozen=True, slots=True)
class ClientOwner:
    """Whose client it is, and by which deal."""

    person_id: int
    deal_id: int | None


def owner_of(tx: Connection, contact_id: int) -> ClientOwner | None:
    """The owner of the deal worked on last, else the responsible seller; None for nobody's client."""
    found = (
        select(deals.c.owner_id, deals.c.id)
        .where(deals.c.contact_id == contact_id)
        .order_by(deals.c.closed_at.is_not(None), deals.c.active_at.desc(), deals.c.id.desc())
        .limit(1)
    )
    if (row := tx.execute(found).one_or_none()) is not None:
        return ClientOwner(row.owner_id, row.id)
    query = select(contacts.c.responsible_id).where(contacts.c.id == contact_id)
    responsible_id = tx.execute(query).scalar_one_or_none()
    return None if responsible_id is None else ClientOwner(responsible_id, None)


def whose() -> ScalarSelect[int]:
    """Whose client `contacts` is: the owner of the deal worked on last, an open one before any closed one."""
    return (
        select(deals.c.owner_id)
        .where(deals.c.contact_id == contacts.c.id)
        .order_by(deals.c.closed_at.is_not(None), deals.c.active_at.desc(), deals.c.id.desc())
        .limit(1)
        .correlate(contacts)
        .scalar_subquery()
    )
