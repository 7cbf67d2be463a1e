"""The deals of a cohort with their moves, and the rows behind a figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, and_, func, select

from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import calls, contacts, deals, people, stage_moves, stages
from pbx_crm.domain.deal_list import DealLine
from pbx_crm.domain.funnel_report import CohortDeal, Step
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

MOST_IDS = 1000
"""In one statement; databases take no list of any length."""


def cohort(tx: Connection, wanted: ReportFilter, funnel_id: int, scope: Scope) -> list[CohortDeal]:
    """The deals made within the stretch in this funnel, oldest first, with every move. One statement."""
    query = (
        select(
            *(deals.c[name] for name in ("id", "amount", "currency")),
            *(stage_moves.c[name].label(f"move_{name}") for name in ("id", "to_stage_id", "at", "undoes_id")),
        )
        .join(stage_moves, stage_moves.c.deal_id == deals.c.id)
        .where(_in_cohort(wanted, funnel_id, scope))
        .order_by(deals.c.id, stage_moves.c.id)
    )
    found = []
    for (deal_id, amount, currency), rows in groupby(map(tuple, tx.execute(query)), lambda row: row[:3]):
        found.append(CohortDeal(deal_id, amount, currency, tuple(Step(*row[3:]) for row in rows)))
    return found


def _in_cohort(wanted: ReportFilter, funnel_id: int, scope: Scope) -> ColumnElement[bool]:
    conditions = [
        deals_in(scope),
        deals.c.funnel_id == funnel_id,
        deals.c.created_at >= wanted.span.since,
        deals.c.created_at < wanted.span.until,
    ]
    return and_(*conditions, *deals_sliced(wanted))


def conversations(tx: Connection, deal_ids: Sequence[int]) -> dict[int, list[datetime]]:
    """When somebody began to talk with the client of each of these deals. One statement per thousand."""
    found: dict[int, list[datetime]] = defaultdict(list)
    for start in range(0, len(deal_ids), MOST_IDS):
        these = calls.c.deal_id.in_(deal_ids[start : start + MOST_IDS])
        query = select(calls.c.deal_id, calls.c.answered_at).where(these, calls.c.answered_at.is_not(None))
        for deal_id, at in tx.execute(query):
            found[deal_id].append(at)
    return found


def lines_of(tx: Connection, deal_ids: Sequence[int], scope: Scope) -> list[DealLine]:
    """These deals as rows of a list, the newest first. One statement per thousand."""
    query = (
        select(
            *(deals.c[name] for name in ("id", "title")),
            func.coalesce(contacts.c.name, "").label("client"),
            people.c.name.label("owner"),
            stages.c.name.label("stage"),
            *(deals.c[name] for name in ("amount", "currency", "source", "created_at", "stage_since")),
        )
        .select_from(deals)
        .join(people, people.c.id == deals.c.owner_id)
        .join(stages, stages.c.id == deals.c.stage_id)
        .outerjoin(contacts, contacts.c.id == deals.c.contact_id)
    )
    found: list[DealLine] = []
    for start in range(0, len(deal_ids), MOST_IDS):
        some = deals.c.id.in_(deal_ids[start : start + MOST_IDS])
        found += [DealLine(**row) for row in tx.execute(query.where(some, deals_in(scope))).mappings()]
    return sorted(found, key=lambda line: (line.created_at, line.id), reverse=True)
