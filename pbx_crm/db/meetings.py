"""Meetings that took place: counted per seller, and listed by the same condition."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, and_, func, select

from pbx_crm.db.call_figures import people_in
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deals, people, tasks
from pbx_crm.domain.call_report import Meeting
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.task import TaskKind


def _held(wanted: ReportFilter, scope: Scope) -> ColumnElement[bool]:
    conditions = [
        people_in(scope, tasks.c.owner_id),
        tasks.c.kind == TaskKind.MEETING,
        tasks.c.done_at >= wanted.span.since,
        tasks.c.done_at < wanted.span.until,
    ]
    if wanted.person_id is not None:
        conditions.append(tasks.c.owner_id == wanted.person_id)
    # Whose card a meeting is on says nothing here: the meeting is the seller's who held it.
    if on_cards := deals_sliced(replace(wanted, person_id=None)):
        conditions.append(tasks.c.deal_id.in_(select(deals.c.id).where(*on_cards).correlate(None)))
    return and_(*conditions)


def per_seller(tx: Connection, wanted: ReportFilter, scope: Scope) -> dict[int, int]:
    """How many meetings each seller held. One statement."""
    query = select(tasks.c.owner_id, func.count()).where(_held(wanted, scope)).group_by(tasks.c.owner_id)
    return {owner_id: count for owner_id, count in tx.execute(query)}


def listed(tx: Connection, wanted: ReportFilter, scope: Scope) -> list[Meeting]:
    """These meetings, the latest first. One statement."""
    query = (
        select(
            tasks.c.id.label("task_id"),
            tasks.c.title,
            tasks.c.done_at,
            people.c.name.label("seller"),
            deals.c.id.label("deal_id"),
            func.coalesce(deals.c.title, "").label("deal"),
        )
        .select_from(tasks)
        .join(people, people.c.id == tasks.c.owner_id)
        .outerjoin(deals, (deals.c.id == tasks.c.deal_id) & deals_in(scope))
        .where(_held(wanted, scope))
        .order_by(tasks.c.done_at.desc(), tasks.c.id.desc())
    )
    return [Meeting(**row) for row in tx.execute(query).mappings()]
