"""The cards of a board: the newest of every column in one statement, whatever lies below them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, Subquery, func, or_, select, union_all
from sqlalchemy.sql.selectable import ScalarSelect

from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import calls, companies, contact_numbers, contacts, deals, people, tasks
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.person import Scope
from pbx_crm.domain.task import TaskKind

BASE = (
    *("id", "stage_id", "owner_id", "contact_id", "company_id", "title", "source", "amount", "currency"),
    *("priority", "stage_since", "version"),
)


@dataclass(frozen=True, slots=True)
class CardRow:
    """What a card on the board shows."""

    id: int
    stage_id: int
    owner_id: int
    title: str
    source: str
    amount: Decimal
    currency: str
    priority: Priority
    stage_since: datetime
    version: int
    owner_name: str
    client_name: str
    company_name: str
    number: str | None
    step_due_at: datetime | None
    step_kind: TaskKind | None
    on_call_since: datetime | None


def cards(
    tx: Connection,
    limits: Mapping[int, int],
    scope: Scope,
    owner_id: int | None = None,
    *,
    oldest_first: bool = False,
) -> dict[int, list[CardRow]]:
    """By stage id the first `limits[stage_id]` cards in date order; one statement for all stages."""
    found: dict[int, list[CardRow]] = {stage_id: [] for stage_id in limits}
    if not limits:
        return found
    arms = [_arm(stage_id, most, scope, owner_id, oldest_first) for stage_id, most in limits.items()]
    picked = union_all(*arms).subquery("picked")
    order = (picked.c.stage_since, picked.c.id)
    query = _with_names(picked).order_by(*(order if oldest_first else [key.desc() for key in order]))
    for row in tx.execute(query).mappings():
        found[row["stage_id"]].append(_card(dict(row)))
    return found


def _arm(stage_id: int, most: int, scope: Scope, owner_id: int | None, oldest_first: bool) -> Select[Any]:
    query = select(*(deals.c[name] for name in BASE)).where(deals.c.stage_id == stage_id, deals_in(scope))
    if owner_id is not None:
        query = query.where(deals.c.owner_id == owner_id)
    order = (deals.c.stage_since, deals.c.id)
    query = query.order_by(*(order if oldest_first else [key.desc() for key in order]))
    # SQLite allows ORDER BY and LIMIT inside a UNION only in a subquery.
    return select(query.limit(most).subquery())


def _with_names(picked: Subquery) -> Select[Any]:
    kept = [picked.c[name] for name in BASE if name not in ("contact_id", "company_id")]
    return (
        select(
            *kept,
            people.c.name.label("owner_name"),
            func.coalesce(contacts.c.name, "").label("client_name"),
            func.coalesce(companies.c.name, "").label("company_name"),
            _number(picked).label("number"),
            _next_step(picked, tasks.c.due_at).label("step_due_at"),
            _next_step(picked, tasks.c.kind).label("step_kind"),
            _open_call(picked).label("on_call_since"),
        )
        .join_from(picked, people, people.c.id == picked.c.owner_id)
        .outerjoin(contacts, contacts.c.id == picked.c.contact_id)
        .outerjoin(companies, companies.c.id == func.coalesce(picked.c.company_id, contacts.c.company_id))
    )


def _number(picked: Subquery) -> ScalarSelect[Any]:
    query = select(contact_numbers.c.number).where(contact_numbers.c.contact_id == picked.c.contact_id)
    return query.order_by(contact_numbers.c.id).limit(1).scalar_subquery()


def _next_step(picked: Subquery, column: Any) -> ScalarSelect[Any]:
    query = select(column).where(tasks.c.deal_id == picked.c.id, tasks.c.done_at.is_(None))
    return query.order_by(tasks.c.due_at, tasks.c.id).limit(1).scalar_subquery()


def _open_call(picked: Subquery) -> ScalarSelect[Any]:
    of_client = or_(calls.c.deal_id == picked.c.id, calls.c.contact_id == picked.c.contact_id)
    query = select(func.coalesce(calls.c.answered_at, calls.c.started_at))
    query = query.where(of_client, calls.c.ended_at.is_(None)).order_by(calls.c.started_at.desc())
    return query.limit(1).scalar_subquery()


def _card(values: dict[str, Any]) -> CardRow:
    kind = values["step_kind"]
    values["step_kind"] = None if kind is None else TaskKind(kind)
    return CardRow(**{**values, "priority": Priority(values["priority"])})
