"""Meetings that were agreed on or took place: counted per seller, and listed by the same condition."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, select

from pbx_crm.db.call_figures import people_in
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deals, people, tasks
from pbx_crm.domain.call_report import Meeting, Moment
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.task import TaskKind


def _at(moment: Moment) -> ColumnElement[datetime | None]:
    return tasks.c.created_at if moment is Moment.AGREED else tasks.c.done_at


def _in_time(wanted: ReportFilter, scope: Scope, moment: Moment) -> ColumnElement[bool]:
    conditions = [
        people_in(scope, tasks.c.owner_id),
        tasks.c.kind == TaskKind.MEETING,
        _at(moment) >= wanted.span.since,
        _at(moment) < wanted.span.until,
    ]
    if wanted.person_id is not None:
        conditions.append(tasks.c.owner_id == wanted.person_id)
    # Whose card a meeting is on says nothing here: the meeting is the seller's who held it.
    if on_cards := deals_sliced(replace(wanted, person_id=None)):
        conditions.append(tasks.c.deal_id.in_(select(deals.c.id).where(*on_cards).correlate(None)))
    return and_(*conditions)


def per_seller(tx: Connection, wanted: ReportFilter, scope: Scope, moment: Moment) -> dict[int, int]:
    """How many meetings each seller agreed on, or held. One statement."""
    mine = _in_time(wanted, scope, moment)
    query = select(tasks.c.owner_id, func.count()).where(mine).group_by(tasks.c.owner_id)
    return {owner_id: count for owner_id, count in tx.execute(query)}


def listed(tx: Connection, wanted: ReportFilter, scope: Scope, moment: Moment) -> list[Meeting]:
    """These meetings, the latest first. One statement."""
    query = (
        select(
            tasks.c.id.label("task_id"),
            tasks.c.title,
            _at(moment).label("at"),
            people.c.name.label("seller"),
            deals.c.id.label("deal_id"),
            func.coalesce(deals.c.title, "").label("deal"),
        )
        .select_from(tasks)
        .join(people, people.c.id == tasks.c.owner_id)
        .outerjoin(deals, (deals.c.id == tasks.c.deal_id) & deals_in(scope))
        .where(_in_time(wanted, scope, moment))
        .order_by(_at(moment).desc(), tasks.c.id.desc())
    )
    return [Meeting(**row) for row in tx.execute(query).mappings()]
