"""What came over each line, from each source and region: calls of the time, and deals made in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, case, func, select

from pbx_crm.db import call_report, lines, packed, region_columns, regions
from pbx_crm.db.call_figures import INCOMING, counted_for, counted_once
from pbx_crm.db.client_regions import position_of
from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.report_slices import calls_sliced, deals_sliced, within
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import call_people, calls, deals, source_costs, stages
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.deal_ways import alike
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.line import Line, MatchKind
from pbx_crm.domain.origin_report import (
    NO_LINE,
    CallSums,
    DealSums,
    Made,
    Origin,
    OriginKind,
    OriginReport,
    origin_report,
)
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.source_cost import Costs, cost_of, months_of
from pbx_crm.domain.whole_money import total

KINDS = {
    Made.OPEN: (StageKind.UNSORTED, StageKind.OPEN),
    Made.LOST: (StageKind.LOST,),
    Made.WON: (StageKind.WON,),
}


def report(
    tx: Connection, kind: OriginKind, wanted: ReportFilter, scope: Scope, currency: str, paid: Days | None
) -> OriginReport:
    """The report by source, line or region. At most nine statements.

    `paid` are the days whose costs are told, None where they say nothing of what is counted; they are in
    the currency named.
    """
    known = lines.load(tx)
    costs = None
    if paid is not None and kind is OriginKind.SOURCE:
        entered = costs_of(tx, (month.key for month in months_of(paid)))
        costs = {
            source: cost for source, cost in cost_of(paid, entered).items() if wanted.source in (None, source)
        }
    came, bought = _calls(tx, kind, wanted, scope, known), _deals(tx, kind, wanted, scope)
    return origin_report(
        kind,
        _origins(tx, kind, known, came.keys() | bought.keys()),
        came,
        bought,
        costs,
        currency,
        is_company=call_report.is_company(wanted, scope),
    )


def costs_of(tx: Connection, months: Iterable[str]) -> Costs:
    """What is entered for these months. One statement."""
    columns = (source_costs.c.source, source_costs.c.month, source_costs.c.amount)
    query = select(*columns).where(source_costs.c.month.in_(list(months)))
    return {(source, month): amount for source, month, amount in tx.execute(query)}


def put_costs(tx: Connection, month: str, wanted: Mapping[str, Decimal | None]) -> None:
    """Enters these anew; None takes one away. The others stay."""
    for source, amount in wanted.items():
        mine = (source_costs.c.source == source, source_costs.c.month == month)
        tx.execute(source_costs.delete().where(*mine))
        if amount is not None:
            tx.execute(source_costs.insert().values(source=source, month=month, amount=amount))


def made(wanted: ReportFilter, scope: Scope, what: Made) -> list[ColumnElement[bool]]:
    """Conditions on `deals`: made in the time, and open, lost or won now."""
    found = [
        deals_in(scope),
        deals.c.created_at >= wanted.span.since,
        deals.c.created_at < wanted.span.until,
        *deals_sliced(wanted),
    ]
    if wanted.funnel_id is not None:
        found.append(deals.c.funnel_id == wanted.funnel_id)
    if what in KINDS:
        of_kind = select(stages.c.id).where(stages.c.kind.in_(KINDS[what])).correlate(None)
        found.append(deals.c.stage_id.in_(of_kind))
    return found


def _origins(tx: Connection, kind: OriginKind, known: Iterable[Line], keys: Iterable[str]) -> list[Origin]:
    if kind is OriginKind.SOURCE:
        return []
    if kind is OriginKind.REGION:
        found = regions.by_id(tx, {int(key) for key in keys})
        return [Origin(str(region.id), region.place.name, place=region.place) for region in found.values()]
    return [
        Origin(str(line.id), line.name, line.match_value if line.match_kind is MatchKind.DID else "")
        for line in known
    ]


def _calls(
    tx: Connection, kind: OriginKind, wanted: ReportFilter, scope: Scope, known: Iterable[Line]
) -> dict[str, CallSums]:
    is_company = call_report.is_company(wanted, scope)
    if kind is OriginKind.REGION:
        return {
            str(region_id): CallSums(answered, missed, incoming if is_company else None)
            for region_id, (answered, missed, incoming) in _by_region(tx, wanted, scope).items()
            if answered or missed or (incoming and is_company)
        }
    sources = {line.id: line.source for line in known}
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for line_id, sums in call_report.by_line(tx, wanted, scope).items():
        key = sources.get(line_id, "") if kind is OriginKind.SOURCE else str(line_id)
        for place, name in enumerate(("answered", "missed", "incoming")):
            found[key][place] += sums[name]
    return {
        key: CallSums(answered, missed, incoming if is_company else None)
        for key, (answered, missed, incoming) in found.items()
        if answered or missed or incoming
    }


def _by_region(tx: Connection, wanted: ReportFilter, scope: Scope) -> dict[int, list[int]]:
    """(answered, missed, incoming) by region; each client is looked up once, however often they called."""
    parties = [calls.c.contact_id, calls.c.line_id, calls.c.e164]
    if call_report.is_company(wanted, scope):
        whose, counted = select(*parties[:2], position_of(parties[2])).select_from(calls), counted_once
    else:
        joined = call_people.join(calls, calls.c.id == call_people.c.call_id)
        whose, counted = select(*parties[:2], position_of(parties[2])).select_from(joined), counted_for
        whose = whose.where(*call_report.mine(wanted, scope, call_people.c.person_id))
    conditions = (counted(Figure.ANSWERED), counted(Figure.MISSED), INCOMING)
    sums = [func.sum(case((condition, 1), else_=0)) for condition in conditions]
    query = whose.add_columns(*sums).where(*within(wanted.span), *calls_sliced(wanted)).group_by(*parties)
    contact, line, number, *counts = packed.columns(tx, query)
    region, row = np.unique(region_columns.of_clients(tx, contact, line, number), return_inverse=True)
    added = np.zeros((len(region), len(counts)), np.int64)
    np.add.at(added, row.reshape(-1), np.stack(counts, axis=1))
    return dict(zip(region.tolist(), added.tolist(), strict=True))


def _deals(tx: Connection, kind: OriginKind, wanted: ReportFilter, scope: Scope) -> dict[str, DealSums]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    rows = (
        _by_region_of_deals(tx, wanted, scope)
        if kind is OriginKind.REGION
        else _by_key(tx, kind, wanted, scope)
    )
    for key, *row in rows:
        found[str(key)].append(tuple(row))
    return {key: _sums(rows) for key, rows in found.items()}


def _by_key(
    tx: Connection, kind: OriginKind, wanted: ReportFilter, scope: Scope
) -> Iterable[tuple[Any, ...]]:
    """(key, kind of stage, currency, deals, amount) of the deals made in the time."""
    key = deals.c.source if kind is OriginKind.SOURCE else func.coalesce(deals.c.line_id, NO_LINE)
    columns = (key.label("key"), stages.c.kind, deals.c.currency)
    amount = func.sum(deals.c.amount, type_=ExactMoney())
    query = select(*columns, func.count(), amount).join(stages, stages.c.id == deals.c.stage_id)
    # By the name: a second bound NO_LINE would be another value to PostgreSQL.
    grouped = query.where(*made(wanted, scope, Made.ALL)).group_by("key", stages.c.kind, deals.c.currency)
    return map(tuple, tx.execute(grouped))


def _by_region_of_deals(
    tx: Connection, wanted: ReportFilter, scope: Scope
) -> Iterable[tuple[int, StageKind, str, int, Decimal]]:
    """The same by region."""
    kinds = {stage_id: StageKind(kind) for stage_id, kind in tx.execute(select(stages.c.id, stages.c.kind))}
    condition = and_(*made(wanted, scope, Made.ALL))
    currencies, currency = packed.places(tx, deals.c.currency, condition)
    columns = (deals.c.contact_id, deals.c.line_id, deals.c.stage_id, currency.label("place"), deals.c.amount)
    contact, line, stage, place, amount = packed.columns(tx, select(*columns).where(condition))
    region = region_columns.of_clients(tx, contact, line, np.zeros_like(contact))
    for rows in alike([region, stage, place]):
        one = rows[0]
        sums = (len(rows), total(amount[rows]))
        yield int(region[one]), kinds[int(stage[one])], currencies[int(place[one])], *sums


def _sums(rows: Iterable[tuple[Any, ...]]) -> DealSums:
    counts = {Made.OPEN: 0, Made.LOST: 0, Made.WON: 0}
    amounts: dict[str, Decimal] = {}
    for kind, currency, count, amount in rows:
        what = next(made for made, kinds in KINDS.items() if kind in kinds)
        counts[what] += count
        if what is Made.WON and amount:
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    return DealSums(counts[Made.OPEN], counts[Made.LOST], counts[Made.WON], tuple(sorted(amounts.items())))
