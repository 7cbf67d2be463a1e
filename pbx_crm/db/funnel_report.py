"""The deals of a cohort with their ways, and the rows behind a figure."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, and_, func, select

from pbx_crm.db import deal_ways, packed
from pbx_crm.db.deal_ways import own_amount
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import calls, contacts, deals, people, stages
from pbx_crm.domain.deal_list import DealLine
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.funnel_report import Cohort
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.worst_drop import Talks

MOST_IDS = 1000
"""In one statement; databases take no list of any length."""


def cohort(tx: Connection, wanted: ReportFilter, funnel: Funnel, scope: Scope) -> Cohort:
    """The deals made within the stretch in this funnel, with the ways they went. Two statements, and one
    more for each twenty thousand deals.
    """
    query = select(deals.c.id, own_amount(funnel)).where(_in_cohort(wanted, funnel.id, scope))
    ids, amounts = packed.ascending(packed.columns(tx, query))
    return Cohort(ids, amounts, deal_ways.of_deals(tx, ids))


def _in_cohort(wanted: ReportFilter, funnel_id: int, scope: Scope) -> ColumnElement[bool]:
    conditions = [
        deals_in(scope),
        deals.c.funnel_id == funnel_id,
        deals.c.created_at >= wanted.span.since,
        deals.c.created_at < wanted.span.until,
    ]
    return and_(*conditions, *deals_sliced(wanted))


def conversations(tx: Connection, deal_ids: Ints) -> Talks:
    """When somebody began to talk with the clients of these deals. One statement per twenty thousand."""
    query = select(calls.c.deal_id, calls.c.answered_at).where(calls.c.answered_at.is_not(None))
    return Talks(*packed.columns_among(tx, query, calls.c.deal_id, deal_ids))


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
