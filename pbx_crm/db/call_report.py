"""Calls per seller over any stretch, by the conditions that also pick the rows behind each figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, String, case, cast, func, literal, or_, select

from pbx_crm.db import meetings
from pbx_crm.db.call_figures import (
    INCOMING,
    OUTGOING,
    counted_for,
    counted_for_nobody,
    counted_once,
    people_in,
)
from pbx_crm.db.report_slices import calls_sliced
from pbx_crm.db.seconds import seconds_between
from pbx_crm.db.tables import call_people, calls, deals, legs, people, talks
from pbx_crm.domain.call import LegKind
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.call_report import SECONDS, CallReport, Counts, SellerCounts, Whole
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.report_filter import ReportFilter

Condition = ColumnElement[bool]
ONE_BY_ONE = tuple(figure for figure in Figure if figure is not Figure.OWNED)
WITH_CLIENTS = or_(INCOMING, OUTGOING)
# One client may have several numbers, and a number may belong to no client yet.
CLIENT = case(
    (calls.c.contact_id.is_not(None), literal("client ") + cast(calls.c.contact_id, String)),
    else_=calls.c.e164,
)
# Who put a call on hold is not recorded: it stands with whoever answered or dialled it.
HOLDER = case((INCOMING, calls.c.answered_id), else_=calls.c.seller_id)
RING_END = func.coalesce(legs.c.answered_at, legs.c.ended_at)


def report(tx: Connection, wanted: ReportFilter, scope: Scope) -> CallReport:
    """Every seller's row, by name; nobody's and the whole for who sees everybody. Eleven statements."""
    rows = _rows(tx, wanted, scope)
    if wanted.person_id is not None or scope.reach is not Reach.ALL:
        return CallReport(rows, None)
    return CallReport(rows, _whole(tx, wanted, rows))


def _within(wanted: ReportFilter) -> list[Condition]:
    within = [calls.c.started_at >= wanted.span.since, calls.c.started_at < wanted.span.until]
    return within + calls_sliced(wanted)


def _mine(wanted: ReportFilter, scope: Scope, person_id: ColumnElement[int]) -> list[Condition]:
    found = [people_in(scope, person_id)]
    if wanted.person_id is not None:
        found.append(person_id == wanted.person_id)
    return found


def _rows(tx: Connection, wanted: ReportFilter, scope: Scope) -> tuple[SellerCounts, ...]:
    counts: dict[int, dict[str, Any]] = {}
    for statement in (_counted(), _owned(), _rang(), _held()):
        key = statement.selected_columns[0]
        query = statement.where(*_within(wanted), *_mine(wanted, scope, key)).group_by(key)
        for person_id, *values in tx.execute(query):
            names = statement.selected_columns.keys()[1:]
            counts.setdefault(person_id, {}).update(zip(names, values, strict=True))
    for person_id, held in meetings.per_seller(tx, wanted, scope).items():
        counts.setdefault(person_id, {})["meetings"] = held
    return tuple(
        SellerCounts(person_id, name, _counts(counts.get(person_id, {})))
        for person_id, name in tx.execute(_listed(wanted, scope, list(counts)))
    )


def _counts(values: dict[str, Any]) -> Counts:
    # PostgreSQL sums into Decimal, and over no row into NULL.
    kept: dict[str, Any] = {
        name: float(value or 0) if name in SECONDS else int(value or 0) for name, value in values.items()
    }
    return Counts(**kept)


def _sums(condition_of: Callable[[Figure], Condition], figures: tuple[Figure, ...]) -> list[Any]:
    return [func.sum(case((condition_of(figure), 1), else_=0)).label(figure.value) for figure in figures]


def _counted() -> Select[Any]:
    return select(
        call_people.c.person_id,
        *_sums(counted_for, ONE_BY_ONE),
        _clients(counted_for(Figure.TALKED)),
        func.sum(case((WITH_CLIENTS, call_people.c.talk_seconds), else_=0.0)).label("talk_seconds"),
    ).join(calls, calls.c.id == call_people.c.call_id)


def _clients(condition: Condition) -> ColumnElement[int]:
    return func.count(case((condition, CLIENT)).distinct()).label("clients")


def _owned() -> Select[Any]:
    query = select(deals.c.owner_id, func.count().label("owned")).select_from(deals)
    return query.join(calls, calls.c.deal_id == deals.c.id).where(INCOMING)


def _rang() -> Select[Any]:
    return (
        select(legs.c.person_id, func.sum(seconds_between(legs.c.rang_at, RING_END)).label("ring_seconds"))
        .join(calls, calls.c.id == legs.c.call_id)
        .where(INCOMING, legs.c.kind == LegKind.SELLER)
    )


def _held() -> Select[Any]:
    holder = HOLDER.label("holder")
    return select(holder, func.sum(calls.c.hold_seconds).label("hold_seconds")).where(WITH_CLIENTS)


def _listed(wanted: ReportFilter, scope: Scope, counted: list[int]) -> Select[Any]:
    """Sellers of today; and whoever has figures, be it a head or somebody who left."""
    sells = (people.c.role == Role.SELLER) & people.c.is_active
    known = sells | people.c.id.in_(counted)
    query = select(people.c.id, people.c.name).where(known, *_mine(wanted, scope, people.c.id))
    return query.order_by(people.c.name, people.c.id)


def _whole(tx: Connection, wanted: ReportFilter, rows: tuple[SellerCounts, ...]) -> Whole:
    nobody, total = _once(tx, wanted, counted_for_nobody), _once(tx, wanted, counted_once)
    nobody = replace(nobody, **_seconds_of_nobody(tx, wanted))
    added: dict[str, Any] = {
        name: sum(getattr(row.counts, name) for row in rows) + getattr(nobody, name) for name in SECONDS
    }
    incoming = select(func.count()).select_from(calls).where(INCOMING, *_within(wanted))
    return Whole(nobody, replace(total, **added), tx.execute(incoming).scalar_one(), _repeated(tx, wanted))


def _once(tx: Connection, wanted: ReportFilter, condition_of: Callable[[Figure], Condition]) -> Counts:
    query = select(*_sums(condition_of, tuple(Figure)), _clients(condition_of(Figure.TALKED)))
    return _counts(dict(tx.execute(query.where(*_within(wanted))).mappings().one()))


def _seconds_of_nobody(tx: Connection, wanted: ReportFilter) -> dict[str, Any]:
    held = _held().with_only_columns(func.sum(calls.c.hold_seconds)).where(HOLDER.is_(None))
    rang = _rang().with_only_columns(func.sum(seconds_between(legs.c.rang_at, RING_END)))
    talked = (
        select(func.sum(seconds_between(talks.c.started_at, talks.c.ended_at)))
        .join(calls, calls.c.id == talks.c.call_id)
        .where(WITH_CLIENTS, talks.c.person_id.is_(None))
    )
    asked = {
        "talk_seconds": talked,
        "ring_seconds": rang.where(legs.c.person_id.is_(None)),
        "hold_seconds": held,
    }
    return {
        name: float(tx.execute(query.where(*_within(wanted))).scalar_one() or 0)
        for name, query in asked.items()
    }


def _repeated(tx: Connection, wanted: ReportFilter) -> int:
    sellers = func.count(talks.c.person_id.distinct())
    handled = (
        select((sellers - 1).label("more"))
        .join(calls, calls.c.id == talks.c.call_id)
        .where(INCOMING, talks.c.person_id.is_not(None), *_within(wanted))
        .group_by(talks.c.call_id)
        .subquery()
    )
    return int(tx.execute(select(func.sum(handled.c.more))).scalar_one() or 0)
