"""Lists for programs: deals and contacts by keyset, newest first, within the viewer's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, and_, or_, select

from pbx_crm.db.deals import deal_from
from pbx_crm.db.scoped import contacts_among, deals_in
from pbx_crm.db.tables import companies, contact_numbers, contacts, deals, regions
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.listing import Contact, DealFilter
from pbx_crm.domain.person import Scope
from pbx_crm.domain.region import Place

Mark = tuple[datetime, int]


def deal_page(tx: Connection, wanted: DealFilter, scope: Scope, before: Mark | None, size: int) -> list[Deal]:
    """At most `size` deals made before the mark. One statement."""
    query = select(deals).where(deals_in(scope), *_narrowed(wanted))
    query = _older(query, deals.c.created_at, deals.c.id, before).limit(size)
    return [deal_from(row) for row in tx.execute(query).mappings()]


def _narrowed(wanted: DealFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [
        deals.c[name] == value
        for name in ("funnel_id", "stage_id", "owner_id", "contact_id")
        if (value := getattr(wanted, name)) is not None
    ]
    if wanted.is_open is not None:
        found.append(deals.c.closed_at.is_(None) if wanted.is_open else deals.c.closed_at.is_not(None))
    if wanted.created_since is not None:
        found.append(deals.c.created_at >= wanted.created_since)
    return found


def contact_page(
    tx: Connection, number: str | None, scope: Scope, before: Mark | None, size: int
) -> list[Contact]:
    """At most `size` clients made before the mark; with a number only whoever has it. Two statements."""
    query = _contacts(scope)
    if number is not None:
        having = select(contact_numbers.c.contact_id).where(contact_numbers.c.number == number)
        query = query.where(contacts.c.id.in_(having))
    rows = (
        tx.execute(_older(query, contacts.c.created_at, contacts.c.id, before).limit(size)).mappings().all()
    )
    numbers = _numbers(tx, [row["id"] for row in rows])
    return [_contact(row, numbers[row["id"]]) for row in rows]


def contact(tx: Connection, contact_id: int, scope: Scope) -> Contact:
    """One client; NotFound if there is none, or it is only another seller's. Two statements."""
    row = tx.execute(_contacts(scope).where(contacts.c.id == contact_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(contact_id=contact_id)
    return _contact(row, _numbers(tx, [contact_id])[contact_id])


def _contact(row: RowMapping, numbers: Iterable[str]) -> Contact:
    values = dict(row)
    country, name = values.pop("country"), values.pop("region_name")
    place = Place(country, name) if country is not None else None
    return Contact(**values, numbers=tuple(numbers), region=place)


def _contacts(scope: Scope) -> Select[*tuple[Any, ...]]:
    return (
        select(
            contacts.c.id,
            contacts.c.name,
            companies.c.name.label("company"),
            contacts.c.city,
            contacts.c.responsible_id,
            contacts.c.do_not_call,
            contacts.c.created_at,
            regions.c.country,
            regions.c.name.label("region_name"),
        )
        .outerjoin(companies, companies.c.id == contacts.c.company_id)
        .outerjoin(regions, regions.c.id == contacts.c.region_id)
        .where(contacts_among(scope))
    )


def _numbers(tx: Connection, contact_ids: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    query = select(contact_numbers.c.contact_id, contact_numbers.c.number)
    query = query.where(contact_numbers.c.contact_id.in_(contact_ids)).order_by(contact_numbers.c.id)
    for contact_id, number in tx.execute(query):
        found[contact_id].append(number)
    return found


def _older(
    query: Select[*tuple[Any, ...]], moment: Column[Any], key: Column[Any], before: Mark | None
) -> Select[*tuple[Any, ...]]:
    if before is not None:
        at, record_id = before
        query = query.where(or_(moment < at, and_(moment == at, key < record_id)))
    return query.order_by(moment.desc(), key.desc())
