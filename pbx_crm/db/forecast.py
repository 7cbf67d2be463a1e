"""The deals a forecast learns from, and those it is asked about."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection, select

from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import deals, stage_moves
from pbx_crm.domain.deal_stays import ForecastDeal
from pbx_crm.domain.funnel_report import Step
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

REACH = timedelta(days=730)
"""A year that tells before each of the months looked back on, and somewhat more; older deals only if open."""


def history(
    tx: Connection, wanted: ReportFilter, funnel_id: int, scope: Scope, now: datetime
) -> list[ForecastDeal]:
    """The deals with every move, oldest first, whatever time the filter names. One statement."""
    query = (
        select(
            *(deals.c[name] for name in ("id", "amount", "currency", "expected_close")),
            *(stage_moves.c[name].label(f"move_{name}") for name in ("id", "to_stage_id", "at", "undoes_id")),
        )
        .join(stage_moves, stage_moves.c.deal_id == deals.c.id)
        .where(
            deals_in(scope),
            deals.c.funnel_id == funnel_id,
            (deals.c.created_at >= now - REACH) | deals.c.closed_at.is_(None),
            *deals_sliced(wanted),
        )
        .order_by(deals.c.id, stage_moves.c.id)
    )
    found = []
    for _, rows in groupby(map(tuple, tx.execute(query)), itemgetter(0)):
        moves = list(rows)
        deal_id, amount, currency, day = moves[0][:4]
        close = date.fromisoformat(day) if day else None
        found.append(ForecastDeal(deal_id, amount, currency, close, tuple(Step(*move[4:]) for move in moves)))
    return found
