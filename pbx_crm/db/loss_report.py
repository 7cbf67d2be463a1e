"""Deals lost in a stretch of time with the stage they lay in, and the calls on cards."""

from __future__ import annotations

import numpy as np
from sqlalchemy import ColumnElement, Connection, Table, and_, case, or_, select

from pbx_crm.db import deal_ways, packed, region_columns, regions
from pbx_crm.db.call_figures import ANSWERED, INCOMING, NOBODY_ANSWERED, OUTGOING
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import calls, deals, loss_reasons, people
from pbx_crm.domain.call_work import CallWorks, CardCalls
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.loss_report import LossReport, LostDeals, stages_lost_in
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter


def report(tx: Connection, wanted: ReportFilter, funnel: Funnel, scope: Scope) -> LossReport:
    """What was lost in this funnel in the time, and how what was won had been called. Seven statements, and
    two more for each twenty thousand deals.
    """
    lost = _closed(wanted, funnel, StageKind.LOST, scope)
    (won,) = packed.columns(tx, select(deals.c.id).where(_closed(wanted, funnel, StageKind.WON, scope)))
    return LossReport(funnel, _lost(tx, lost, funnel), _works(tx, np.sort(won)).together)


def _closed(wanted: ReportFilter, funnel: Funnel, kind: StageKind, scope: Scope) -> ColumnElement[bool]:
    # A deal is in a closed stage since it was closed: the board's index finds it by both.
    return and_(
        deals_in(scope),
        deals.c.stage_id.in_([stage.id for stage in funnel.stages if stage.kind is kind]),
        deals.c.stage_since >= wanted.span.since,
        deals.c.stage_since < wanted.span.until,
        *deals_sliced(wanted),
    )


def _lost(tx: Connection, condition: ColumnElement[bool], funnel: Funnel) -> LostDeals:
    sources, source = packed.places(tx, deals.c.source, condition)
    is_own = case((deals.c.currency == funnel.currency, 1), else_=0)
    names = ("id", "loss_reason_id", "owner_id", "contact_id", "line_id", "amount")
    query = select(*(deals.c[name] for name in names), source.label("place"), is_own.label("is_own"))
    found = packed.ascending(packed.columns(tx, query.where(condition)))
    ids, reason, owner, contact, line, amounts, place, own = found
    region = region_columns.of_clients(tx, contact, line, np.zeros_like(ids))
    return LostDeals(
        ids,
        stages_lost_in(deal_ways.of_deals(tx, ids), len(ids), funnel),
        reason,
        owner,
        place,
        region,
        amounts,
        own == 1,
        _works(tx, ids),
        _names(tx, loss_reasons, reason),
        _names(tx, people, owner),
        sources,
        regions.by_id(tx, np.unique(region).tolist()),
    )


def _names(tx: Connection, table: Table, ids: Ints) -> dict[int, str]:
    query = select(table.c.id, table.c.name).where(table.c.id.in_(np.unique(ids).tolist()))
    return {record_id: name for record_id, name in tx.execute(query)}


def _works(tx: Connection, deal_ids: Ints) -> CallWorks:
    """The calls on these cards. One statement for each twenty thousand."""
    kinds = (OUTGOING, INCOMING & NOBODY_ANSWERED, or_(INCOMING, OUTGOING) & ANSWERED)
    query = select(
        calls.c.deal_id,
        *(case((kind, 1), else_=0).label(f"kind_{number}") for number, kind in enumerate(kinds)),
        calls.c.answered_at,
        calls.c.ended_at,
    ).where(or_(INCOMING, OUTGOING))
    return CallWorks.on(deal_ids, CardCalls(*packed.columns_among(tx, query, calls.c.deal_id, deal_ids)))
