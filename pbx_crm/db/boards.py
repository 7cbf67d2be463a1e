"""The cards of a board: the newest of every column in one statement, whatever lies below them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, assert_never

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    Subquery,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.selectable import ScalarSelect

from pbx_crm.db import client_regions
from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.stage_totals import Sums, Total, total_of
from pbx_crm.db.tables import calls, companies, contact_numbers, contacts, deals, people, regions, tasks
from pbx_crm.domain.board import CardFilter, Order
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.person import Scope
from pbx_crm.domain.region import Place
from pbx_crm.domain.task import TaskKind, Urgency

MOST_SOURCES = 50
NO_LINE = literal(None, BigInteger)
PLACE = ("country", "name", "local_name", "zones")
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
    place: Place | None


def cards(
    tx: Connection,
    limits: Mapping[int, int],
    scope: Scope,
    wanted: CardFilter,
    order: Order = Order.NEWEST,
) -> dict[int, list[CardRow]]:
    """By stage id the first `limits[stage_id]` cards in their order; one statement for all stages."""
    found: dict[int, list[CardRow]] = {stage_id: [] for stage_id in limits}
    if not limits:
        return found
    arms = [_arm(stage_id, most, scope, wanted, order) for stage_id, most in limits.items()]
    picked = union_all(*arms).subquery("picked")
    query = _with_names(picked).order_by(*_keys(picked.c, order))
    for row in tx.execute(query).mappings():
        found[row["stage_id"]].append(_card(dict(row)))
    return found


def counted_anew(stage_ids: Sequence[int], scope: Scope, wanted: CardFilter) -> Sums:
    """The query that counts the wanted cards of these stages one by one."""
    columns = (deals.c.stage_id, deals.c.currency)
    amount = func.sum(deals.c.amount, type_=ExactMoney()).label("amount")
    query = select(*columns, func.count().label("deals"), amount)
    query = narrowed(query.where(deals.c.stage_id.in_(stage_ids), deals_in(scope)), wanted)
    return query.group_by(*columns).order_by(*columns)


def totals(tx: Connection, sums: Sums) -> list[Total]:
    """What the query counts: of `stage_totals.summed_up` or `counted_anew`."""
    return [total_of(row) for row in tx.execute(sums)]


def totals_and_sources(tx: Connection, sums: Sums, scope: Scope) -> tuple[list[Total], list[str]]:
    """What stands above the columns, in one statement: the totals, and the sources to choose from.

    The sources are those of the clients of the viewer's deals, in the order of the alphabet, at most 50.
    """
    counted = sums.subquery("counted")
    source = _sources(scope).subquery("source").c.source
    nothing = literal(0)
    both = union_all(
        select(counted.c.stage_id, counted.c.currency, counted.c.deals, counted.c.amount),
        select(cast(null(), Integer), source, nothing, nothing),
    )
    rows = [tuple(row) for row in tx.execute(both)]
    found = sorted((row for row in rows if row[0] is not None), key=lambda row: row[:2])
    return [total_of(row) for row in found], sorted(row[1] for row in rows if row[0] is None)


def _sources(scope: Scope) -> Select[Any]:
    # From each source to the next by the index: of a million deals DISTINCT would read a hundred thousand.
    first = _source_after(literal(""), scope)
    found = select(first.label("source")).cte("found", recursive=True)
    step = select(_source_after(found.c.source, scope)).where(found.c.source.is_not(None))
    found = found.union_all(step)
    return select(found.c.source).where(found.c.source.is_not(None)).limit(MOST_SOURCES)


def _source_after(source: ColumnElement[str], scope: Scope) -> ScalarSelect[Any]:
    following = select(func.min(deals.c.source)).where(deals.c.source > source, deals_in(scope))
    return following.correlate_except(deals).scalar_subquery()


def _arm(stage_id: int, most: int, scope: Scope, wanted: CardFilter, order: Order) -> Select[Any]:
    rank = _rank(wanted) if order is Order.URGENT else literal(0)
    query = select(*(deals.c[name] for name in BASE), rank.label("rank"))
    query = narrowed(query.where(deals.c.stage_id == stage_id, deals_in(scope)), wanted)
    keys = (rank, *_keys(deals.c, Order.NEWEST)) if order is Order.URGENT else _keys(deals.c, order)
    # SQLite allows ORDER BY and LIMIT inside a UNION only in a subquery.
    return select(query.order_by(*keys).limit(most).subquery())


def _keys(columns: Any, order: Order) -> list[Any]:
    dates = [columns.stage_since, columns.id]
    match order:
        case Order.OLDEST:
            return dates
        case Order.NEWEST:
            return [date.desc() for date in dates]
        case Order.URGENT:
            return [columns.rank, *(date.desc() for date in dates)]
        case _:
            assert_never(order)


def narrowed(query: Select[Any], wanted: CardFilter) -> Select[Any]:
    """The same query of `deals`, for the cards that a board's filter means."""
    if wanted.owner_id is not None:
        query = query.where(deals.c.owner_id == wanted.owner_id)
    if wanted.source:
        query = query.where(deals.c.source == wanted.source)
    if wanted.since is not None:
        query = query.where(deals.c.stage_since >= wanted.since)
    return query if wanted.step is None else query.where(_has_step(wanted.step, wanted))


def _has_step(step: Urgency, wanted: CardFilter) -> Any:
    due = _first_due()
    match step:
        case Urgency.OVERDUE:
            return due < wanted.now
        case Urgency.TODAY:
            return (due >= wanted.now) & (due < wanted.day_ends)
        case Urgency.LATER:
            return due >= wanted.day_ends
        case Urgency.NONE:
            return due.is_(None)
        case _:
            assert_never(step)


def _rank(wanted: CardFilter) -> Any:
    due = _first_due()
    step = case((due < wanted.now, 0), (due < wanted.day_ends, 1), (due.is_(None), 2), else_=3)
    return step * len(Priority) + case(
        (deals.c.priority == "high", 0), (deals.c.priority == "normal", 1), else_=2
    )


def _first_due() -> ScalarSelect[Any]:
    query = select(func.min(tasks.c.due_at)).where(tasks.c.deal_id == deals.c.id, tasks.c.done_at.is_(None))
    return query.correlate(deals).scalar_subquery()


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
            *(regions.c[name].label(f"region_{name}") for name in PLACE),
        )
        .join_from(picked, people, people.c.id == picked.c.owner_id)
        .outerjoin(contacts, contacts.c.id == picked.c.contact_id)
        .outerjoin(companies, companies.c.id == func.coalesce(picked.c.company_id, contacts.c.company_id))
        .outerjoin(regions, regions.c.id == client_regions.of_client(picked.c.contact_id, NO_LINE))
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
    values["place"] = _place([values.pop(f"region_{name}") for name in PLACE])
    return CardRow(**{**values, "priority": Priority(values["priority"])})


def _place(told: list[Any]) -> Place | None:
    country, name, local_name, zones = told
    return None if country is None else Place(country, name, local_name, tuple(zones))
