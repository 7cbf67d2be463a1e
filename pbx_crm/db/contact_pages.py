"""Clients as their pages show them: found, listed, whole, and perhaps the same twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from pbx_crm.db.scoped import contacts_among, contacts_in, deals_in
from pbx_crm.db.tables import (
    companies,
    contact_numbers,
    contacts,
    deal_contacts,
    deals,
    funnels,
    people,
    stages,
)
from pbx_crm.domain.contact import ContactCard, ContactDeal, ContactLine, ContactNumber
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope

FEWEST_DIGITS = 3
MOST_DEALS = 200
MOST_SAME = 5


def found(
    tx: Connection, text: str, figures: Sequence[str], scope: Scope, before: int | None, most: int
) -> list[ContactLine]:
    """Clients whose name, company or city holds the text, or a number any figures; the newest first."""
    query = _lines(scope).order_by(contacts.c.id.desc()).limit(most)
    if text:
        query = query.where(_matches(text, figures))
    if before is not None:
        query = query.where(contacts.c.id < before)
    return [ContactLine(*row) for row in tx.execute(query)]


def some(tx: Connection, contact_ids: Collection[int], scope: Scope) -> list[ContactLine]:
    """These clients, as far as the viewer sees them, in the order of their ids."""
    query = _lines(scope).where(contacts.c.id.in_(contact_ids)).order_by(contacts.c.id)
    return [ContactLine(*row) for row in tx.execute(query)]


def _matches(text: str, figures: Sequence[str]) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = []
    if parts := [digits for digits in figures if len(digits) >= FEWEST_DIGITS]:
        number = or_(*(contact_numbers.c.number.contains(digits) for digits in parts))
        conditions.append(exists().where(contact_numbers.c.contact_id == contacts.c.id, number))
    if not figures:
        columns = (contacts.c.name, companies.c.name, contacts.c.city)
        conditions += [func.lower(column).contains(text.lower(), autoescape=True) for column in columns]
    return or_(*conditions) if conditions else contacts.c.name == text


def _lines(scope: Scope) -> Select[Any]:
    numbers = select(contact_numbers.c.number).where(contact_numbers.c.contact_id == contacts.c.id)
    first = numbers.order_by(contact_numbers.c.id).limit(1).correlate(contacts).scalar_subquery()
    count = select(func.count()).where(contact_numbers.c.contact_id == contacts.c.id)
    open_deals = select(func.count()).where(
        deals.c.contact_id == contacts.c.id, deals.c.closed_at.is_(None), deals_in(scope)
    )
    return (
        select(
            contacts.c.id,
            contacts.c.name,
            func.coalesce(companies.c.name, ""),
            contacts.c.city,
            func.coalesce(people.c.name, ""),
            first,
            count.correlate(contacts).scalar_subquery(),
            open_deals.correlate(contacts).scalar_subquery(),
            contacts.c.do_not_call,
        )
        .select_from(contacts)
        .outerjoin(companies, companies.c.id == contacts.c.company_id)
        .outerjoin(people, people.c.id == contacts.c.responsible_id)
        .where(contacts_among(scope))
    )


def card(tx: Connection, contact_id: int, scope: Scope) -> ContactCard:
    """The whole client; NotFound outside the viewer's scope. Four statements."""
    query = (
        select(contacts, companies.c.name.label("company"), people.c.name.label("responsible"))
        .outerjoin(companies, companies.c.id == contacts.c.company_id)
        .outerjoin(people, people.c.id == contacts.c.responsible_id)
        .where(contacts.c.id == contact_id, contacts_in(scope, contacts.c.id))
    )
    row = tx.execute(query).first()
    if row is None:
        raise NotFound(contact_id=contact_id)
    return ContactCard(
        id=row.id,
        name=row.name,
        company_id=row.company_id,
        company=row.company or "",
        city=row.city,
        region_id=row.region_id,
        responsible_id=row.responsible_id,
        responsible=row.responsible or "",
        do_not_call=row.do_not_call,
        created_at=row.created_at,
        numbers=tuple(numbers_of(tx, contact_id)),
        deals=tuple(deals_with(tx, deals.c.contact_id == contact_id, scope, beside=contact_id)),
        perhaps_same=tuple(_same(tx, row.id, row.name, scope)),
    )


def numbers_of(tx: Connection, contact_id: int) -> list[ContactNumber]:
    """The client's numbers, the one known longest first."""
    query = select(contact_numbers.c.id, contact_numbers.c.number, contact_numbers.c.label)
    query = query.where(contact_numbers.c.contact_id == contact_id).order_by(contact_numbers.c.id)
    return [ContactNumber(*row) for row in tx.execute(query)]


def deals_with(
    tx: Connection, which: ColumnElement[bool], scope: Scope, *, beside: int | None = None
) -> list[ContactDeal]:
    """Deals the viewer sees of those meant, open ones first; `beside` adds those a contact stands on too."""
    if beside is not None:
        on_it = select(deal_contacts.c.deal_id).where(deal_contacts.c.contact_id == beside)
        which = which | deals.c.id.in_(on_it)
    query = (
        select(
            *(deals.c.id, deals.c.title, funnels.c.name, stages.c.name, stages.c.hue, people.c.name),
            *(deals.c.amount, deals.c.currency, deals.c.created_at, deals.c.closed_at),
        )
        .join(stages, stages.c.id == deals.c.stage_id)
        .join(funnels, funnels.c.id == deals.c.funnel_id)
        .join(people, people.c.id == deals.c.owner_id)
        .where(which, deals_in(scope))
        .order_by(deals.c.closed_at.is_not(None), deals.c.id.desc())
        .limit(MOST_DEALS)
    )
    return [ContactDeal(*values) for values in map(tuple, tx.execute(query))]


def _same(tx: Connection, contact_id: int, name: str, scope: Scope) -> list[ContactLine]:
    if not name.strip():
        return []
    # The usual spellings, for the index knows them; every other one is found on the page of duplicates.
    spellings = {name, name.lower(), name.upper(), name.capitalize(), name.title()}
    alike = contacts.c.name.in_(sorted(spellings))
    query = _lines(scope).where(alike, contacts.c.id != contact_id).order_by(contacts.c.id).limit(MOST_SAME)
    return [ContactLine(*row) for row in tx.execute(query)]


def names(tx: Connection, scope: Scope, most: int) -> list[tuple[int, str]]:
    """Ids and names of the newest named clients the viewer sees, to look for the same one among them."""
    query = select(contacts.c.id, contacts.c.name).where(contacts.c.name != "", contacts_among(scope))
    return [(row.id, row.name) for row in tx.execute(query.order_by(contacts.c.id.desc()).limit(most))]
