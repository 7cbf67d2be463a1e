"""Deals lost in a stretch of time with the stage they lay in, and the calls on cards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select

from pbx_crm.db import client_regions, deal_ways
from pbx_crm.db.call_figures import ANSWERED, INCOMING, NOBODY_ANSWERED, OUTGOING
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.seconds import seconds_between
from pbx_crm.db.tables import calls, deals, loss_reasons, people
from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.loss_report import CallWork, LossReport, LostDeal, stages_lost_in, work_of
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

NO_WORK = CallWork()


def report(tx: Connection, wanted: ReportFilter, funnel: Funnel, scope: Scope) -> LossReport:
    """What was lost in this funnel in the time, and how what was won had been called. Eight statements."""
    lost = _closed(wanted, funnel, StageKind.LOST, scope)
    won = _closed(wanted, funnel, StageKind.WON, scope)
    won_ids = tx.execute(select(deals.c.id).where(won)).scalars().all()
    work_of_won = _work(tx, won)
    return LossReport(
        funnel,
        tuple(_lost(tx, lost, funnel, _work(tx, lost))),
        work_of([work_of_won.get(deal_id, NO_WORK) for deal_id in won_ids]),
    )


def _closed(wanted: ReportFilter, funnel: Funnel, kind: StageKind, scope: Scope) -> ColumnElement[bool]:
    # A deal is in a closed stage since it was closed: the board's index finds it by both.
    return and_(
        deals_in(scope),
        deals.c.stage_id.in_([stage.id for stage in funnel.stages if stage.kind is kind]),
        deals.c.stage_since >= wanted.span.since,
        deals.c.stage_since < wanted.span.until,
        *deals_sliced(wanted),
    )


def _lost(
    tx: Connection, condition: ColumnElement[bool], funnel: Funnel, work: Mapping[int, CallWork]
) -> list[LostDeal]:
    query = (
        select(
            deals.c.id,
            deals.c.loss_reason_id.label("reason_id"),
            func.coalesce(loss_reasons.c.name, "").label("reason"),
            deals.c.owner_id,
            people.c.name.label("owner"),
            *(deals.c[name] for name in ("source", "amount", "currency")),
        )
        .join(people, people.c.id == deals.c.owner_id)
        .outerjoin(loss_reasons, loss_reasons.c.id == deals.c.loss_reason_id)
        .where(condition)
        .order_by(deals.c.id)
    )
    regions = client_regions.of_deals_where(tx, condition)
    rows = tx.execute(query).mappings().all()
    ids = np.array([row["id"] for row in rows], dtype=np.int64)
    lain_in = stages_lost_in(deal_ways.of_deals(tx, ids), len(ids), funnel).tolist()
    return [
        LostDeal(
            stage_id=stage_id,
            work=work.get(row["id"], NO_WORK),
            region=regions.get(row["id"]),
            **row,
        )
        for row, stage_id in zip(rows, lain_in, strict=True)
    ]


def _work(tx: Connection, condition: ColumnElement[bool]) -> dict[int, CallWork]:
    """The calls on the cards of these deals; a deal without one is left out. Two statements."""
    cards = select(deals.c.id).where(condition).correlate(None)
    waited = {deal_id: seconds for deal_id, seconds in tx.execute(_waited(cards))}
    query = (
        select(
            calls.c.deal_id,
            func.sum(case((OUTGOING, 1), else_=0)),
            func.sum(case((or_(INCOMING, OUTGOING) & ANSWERED, 1), else_=0)),
            func.max(case((INCOMING & NOBODY_ANSWERED, 1), else_=0)),
        )
        .where(calls.c.deal_id.in_(cards))
        .group_by(calls.c.deal_id)
    )
    return {
        deal_id: CallWork(int(tries), int(talks), bool(missed), waited.get(deal_id))
        for deal_id, tries, talks, missed in tx.execute(query)
    }


def _waited(cards: Select[Any]) -> Select[Any]:
    """Seconds from the end of the first missed call on a card to the first call back that reached them."""
    missed = (
        select(calls.c.deal_id, func.min(calls.c.ended_at).label("at"))
        .where(calls.c.deal_id.in_(cards), INCOMING, NOBODY_ANSWERED)
        .group_by(calls.c.deal_id)
        .subquery()
    )
    reached = func.min(calls.c.answered_at)
    return (
        select(calls.c.deal_id, seconds_between(missed.c.at, reached))
        .join(missed, missed.c.deal_id == calls.c.deal_id)
        .where(OUTGOING, ANSWERED, calls.c.answered_at >= missed.c.at)
        .group_by(calls.c.deal_id, missed.c.at)
    )
