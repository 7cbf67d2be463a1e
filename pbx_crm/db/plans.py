"""Plans as they are stored, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from pbx_crm.db import packed
from pbx_crm.db.call_figures import ANSWERED, INCOMING, OUTGOING, people_in
from pbx_crm.db.report_slices import deals_sliced
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import calls, deals, people, plans, stages
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.person import Role, Scope
from pbx_crm.domain.plan import Metric
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span

Figures = dict[tuple[int, Metric], Decimal]
MOST_IDS = 1000
"""In one statement; databases take no list of any length."""


def targets(tx: Connection, period: str, scope: Scope) -> Figures:
    """What is planned for the period. One statement."""
    query = select(plans.c.person_id, plans.c.metric, plans.c.target)
    found = tx.execute(query.where(plans.c.period == period, people_in(scope, plans.c.person_id)))
    return {(person_id, Metric(metric)): target for person_id, metric, target in found}


def put(tx: Connection, period: str, wanted: Mapping[tuple[int, Metric], Decimal | None]) -> None:
    """Plans these anew; None plans nothing. The others stay."""
    for (person_id, metric), target in wanted.items():
        key = and_(plans.c.person_id == person_id, plans.c.period == period, plans.c.metric == metric)
        tx.execute(plans.delete().where(key))
        if target is not None:
            row = {"person_id": person_id, "period": period, "metric": metric, "target": target}
            tx.execute(plans.insert().values(row))


def sellers(tx: Connection, period: str, scope: Scope) -> list[tuple[int, str]]:
    """Sellers of today, and whoever has a plan in the period, by name. One statement."""
    planned = select(plans.c.person_id).where(plans.c.period == period).correlate(None)
    sells = (people.c.role == Role.SELLER) & people.c.is_active
    query = select(people.c.id, people.c.name).where(
        sells | people.c.id.in_(planned), people_in(scope, people.c.id)
    )
    return [(person_id, name) for person_id, name in tx.execute(query.order_by(people.c.name, people.c.id))]


def won(tx: Connection, span: Span, currency: str, scope: Scope) -> Figures:
    """Deals each seller won in the time, and for how much of this currency. Two statements."""
    closed = and_(*won_in(ReportFilter(span), scope))
    counted = select(deals.c.owner_id, func.count()).where(closed).group_by(deals.c.owner_id)
    summed = select(deals.c.owner_id, func.sum(deals.c.amount)).where(closed, deals.c.currency == currency)
    found: Figures = {(owner, Metric.DEALS): Decimal(count) for owner, count in tx.execute(counted)}
    sums = tx.execute(summed.group_by(deals.c.owner_id))
    return found | {(owner, Metric.SUM): amount for owner, amount in sums}


def won_in(wanted: ReportFilter, scope: Scope) -> list[ColumnElement[bool]]:
    """Conditions on the deals won in the time, of this slice; of all funnels unless one is named."""
    span = wanted.span
    found = [deals_in(scope), _is_won(), deals.c.stage_since >= span.since, deals.c.stage_since < span.until]
    if wanted.funnel_id is not None:
        found.append(deals.c.funnel_id == wanted.funnel_id)
    return [*found, *deals_sliced(wanted)]


def _is_won() -> ColumnElement[bool]:
    return deals.c.stage_id.in_(select(stages.c.id).where(stages.c.kind == StageKind.WON).correlate(None))


def talks_of(tx: Connection, deal_ids: Ints) -> Ints:
    """How many answered calls lie on each of these cards. One statement for each twenty thousand."""
    answered = select(calls.c.deal_id).where(or_(INCOMING, OUTGOING), ANSWERED)
    (found,) = packed.columns_among(tx, answered, calls.c.deal_id, deal_ids)
    ascending = np.sort(found)
    return np.searchsorted(ascending, deal_ids, "right") - np.searchsorted(ascending, deal_ids, "left")


def talks_within(tx: Connection, wanted: ReportFilter, funnel_id: int, scope: Scope) -> int:
    """Answered calls of the time on cards of this slice of the funnel. One statement."""
    cards = select(deals.c.id).where(deals_in(scope), deals.c.funnel_id == funnel_id, *deals_sliced(wanted))
    query = select(func.count()).select_from(calls)
    return tx.execute(
        query.where(
            or_(INCOMING, OUTGOING),
            ANSWERED,
            calls.c.started_at >= wanted.span.since,
            calls.c.started_at < wanted.span.until,
            calls.c.deal_id.in_(cards.correlate(None)),
        )
    ).scalar_one()
