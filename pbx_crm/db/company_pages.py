"""Companies as their pages show them, within the viewer's scope."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, exists, func, select, update

from pbx_crm.db import contact_pages
from pbx_crm.db.scoped import contacts_in, deals_in
from pbx_crm.db.tables import companies, contacts, deals
from pbx_crm.domain.company import CompanyCard, CompanyLine
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Reach, Scope

MOST_PEOPLE = 200


def found(tx: Connection, text: str, scope: Scope, before: int | None, most: int) -> list[CompanyLine]:
    """Companies whose name holds the text, the newest first."""
    query = _lines(scope).order_by(companies.c.id.desc()).limit(most)
    if text:
        query = query.where(func.lower(companies.c.name).contains(text.lower(), autoescape=True))
    if before is not None:
        query = query.where(companies.c.id < before)
    return [CompanyLine(*row) for row in tx.execute(query)]


def _lines(scope: Scope) -> Select[Any]:
    of_company = contacts.c.company_id == companies.c.id, contacts_in(scope, contacts.c.id)
    people = select(func.count()).select_from(contacts).where(*of_company)
    dealt = select(func.count()).where(deals.c.company_id == companies.c.id, deals_in(scope))
    query = select(
        companies.c.id,
        companies.c.name,
        people.correlate(companies).scalar_subquery(),
        dealt.correlate(companies).scalar_subquery(),
    )
    if scope.reach is Reach.ALL:
        return query
    # A company nobody of one's own works for is none of one's business.
    own_deal = exists().where(deals.c.company_id == companies.c.id, deals_in(scope))
    return query.where(exists().where(*of_company).correlate(companies) | own_deal.correlate(companies))


def card(tx: Connection, company_id: int, scope: Scope) -> CompanyCard:
    """The whole company; NotFound outside the viewer's scope."""
    row = tx.execute(_lines(scope).where(companies.c.id == company_id)).first()
    if row is None:
        raise NotFound(company_id=company_id)
    there = select(contacts.c.id).where(contacts.c.company_id == company_id).order_by(contacts.c.id)
    ids = list(tx.execute(there.where(contacts_in(scope, contacts.c.id)).limit(MOST_PEOPLE)).scalars())
    return CompanyCard(
        row.id,
        row.name,
        tuple(contact_pages.some(tx, ids, scope)),
        tuple(contact_pages.deals_with(tx, deals.c.company_id == company_id, scope)),
    )


def is_taken(tx: Connection, name: str, but: int) -> bool:
    """Whether another company has this name, whatever its capitals."""
    alike = func.lower(companies.c.name) == name.lower()
    return tx.execute(select(companies.c.id).where(alike, companies.c.id != but)).first() is not None


def rename(tx: Connection, company_id: int, name: str) -> None:
    """The company is called so from now on."""
    tx.execute(update(companies).where(companies.c.id == company_id).values(name=name))
