"""Finding deals by what somebody remembers of them: a name, a title, a few digits of the number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, or_, select

from pbx_crm.db.boards import narrowed
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import companies, contact_numbers, contacts, deals, people, stages
from pbx_crm.domain.board import CardFilter
from pbx_crm.domain.person import Scope

FEWEST_DIGITS = 3


@dataclass(frozen=True, slots=True)
class FoundDeal:
    """A deal in a list."""

    id: int
    client: str
    number: str | None
    title: str
    stage: str
    hue: int
    amount: Decimal
    currency: str
    owner: str
    stage_since: datetime


def by_text(tx: Connection, text: str, figures: Sequence[str], scope: Scope, most: int) -> list[FoundDeal]:
    """Deals whose client, company or title holds the text, or whose number holds any of the figures."""
    conditions = [
        _holds(column, text) for column in (contacts.c.name, companies.c.name, deals.c.title) if text
    ]
    conditions += [_has_number(digits) for digits in figures if len(digits) >= FEWEST_DIGITS]
    if not conditions:
        return []
    query = _found(scope).where(or_(*conditions))
    order = (deals.c.closed_at.is_not(None), deals.c.active_at.desc(), deals.c.id.desc())
    return [FoundDeal(*row) for row in tx.execute(query.order_by(*order).limit(most))]


def in_stage(
    tx: Connection, stage_id: int, scope: Scope, wanted: CardFilter, before: int | None, most: int
) -> list[FoundDeal]:
    """Those of a stage's deals that the filter means, the newest made first, on from the deal `before`."""
    query = narrowed(_found(scope).where(deals.c.stage_id == stage_id), wanted)
    if before is not None:
        query = query.where(deals.c.id < before)
    return [FoundDeal(*row) for row in tx.execute(query.order_by(deals.c.id.desc()).limit(most))]


def _found(scope: Scope) -> Select[Any]:
    number = (
        select(contact_numbers.c.number)
        .where(contact_numbers.c.contact_id == deals.c.contact_id)
        .order_by(contact_numbers.c.id)
        .limit(1)
        .scalar_subquery()
    )
    client = func.coalesce(func.nullif(contacts.c.name, ""), companies.c.name, "")
    return (
        select(
            *(deals.c.id, client, number, deals.c.title, stages.c.name, stages.c.hue),
            *(deals.c.amount, deals.c.currency, people.c.name, deals.c.stage_since),
        )
        .join_from(deals, stages, stages.c.id == deals.c.stage_id)
        .join(people, people.c.id == deals.c.owner_id)
        .outerjoin(contacts, contacts.c.id == deals.c.contact_id)
        .outerjoin(companies, companies.c.id == func.coalesce(deals.c.company_id, contacts.c.company_id))
        .where(deals_in(scope))
    )


def _holds(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    return func.lower(column).contains(text.lower(), autoescape=True)


def _has_number(digits: str) -> ColumnElement[bool]:
    return exists().where(
        contact_numbers.c.contact_id == deals.c.contact_id, contact_numbers.c.number.contains(digits)
    )
