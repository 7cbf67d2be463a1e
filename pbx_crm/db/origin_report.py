"""What came over each line, from each source and region: calls of the time, and deals made in it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from pbx_crm.db import call_report, client_regions, lines, regions
from pbx_crm.db.call_figures import INCOMING, counted_for, counted_once
from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.report_slices import calls_sliced, deals_sliced, within
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import call_people, calls, deals, source_costs, stages
from pbx_crm.domain.call_log import Figure
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
from pbx_crm.domain.region import NOWHERE
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.source_cost import Costs, cost_of, months_of

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
        # A sum of sums is no whole number to PostgreSQL's driver.
        counted = (map(int, row) for row in tx.execute(_by_region(wanted, scope)))
        return {
            str(region_id): CallSums(answered, missed, incoming if is_company else None)
            for region_id, answered, missed, incoming in counted
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


def _by_region(wanted: ReportFilter, scope: Scope) -> Select[Any]:
    """(region's id, answered, missed, incoming); each client is looked up once, however often they called."""
    parties = [calls.c[name] for name in ("contact_id", "line_id", "e164")]
    if call_report.is_company(wanted, scope):
        whose, counted = select(*parties).select_from(calls), counted_once
    else:
        joined = call_people.join(calls, calls.c.id == call_people.c.call_id)
        whose, counted = select(*parties).select_from(joined), counted_for
        whose = whose.where(*call_report.mine(wanted, scope, call_people.c.person_id))
    conditions = {
        "answered": counted(Figure.ANSWERED),
        "missed": counted(Figure.MISSED),
        "incoming": INCOMING,
    }
    sums = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in conditions.items()]
    clients = (
        whose.add_columns(*sums)
        .where(*within(wanted.span), *calls_sliced(wanted))
        .group_by(*parties)
        .subquery("clients")
    )
    known = client_regions.of_client(clients.c.contact_id, clients.c.line_id, clients.c.e164)
    region = func.coalesce(known, NOWHERE).label("region")
    placed = select(region, *(clients.c[name] for name in conditions)).subquery("placed")
    added = [func.sum(placed.c[name]) for name in conditions]
    return select(placed.c.region, *added).group_by(placed.c.region)


def _deals(tx: Connection, kind: OriginKind, wanted: ReportFilter, scope: Scope) -> dict[str, DealSums]:
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for row in tx.execute(_by_kind(kind, wanted, scope)):
        found[str(row[0])].append(tuple(row))
    return {key: _sums(rows) for key, rows in found.items()}


def _by_kind(kind: OriginKind, wanted: ReportFilter, scope: Scope) -> Select[Any]:
    """(key, kind of stage, currency, deals, amount) of the deals made in the time."""
    key = {
        OriginKind.SOURCE: deals.c.source,
        OriginKind.LINE: func.coalesce(deals.c.line_id, NO_LINE),
        OriginKind.REGION: func.coalesce(client_regions.of_deals(), NOWHERE),
    }[kind]
    columns = (key.label("key"), stages.c.kind, deals.c.currency)
    amount = func.sum(deals.c.amount, type_=ExactMoney())
    query = select(*columns, func.count(), amount).join(stages, stages.c.id == deals.c.stage_id)
    # By the name: a second bound NO_LINE would be another value to PostgreSQL.
    return query.where(*made(wanted, scope, Made.ALL)).group_by("key", stages.c.kind, deals.c.currency)


def _sums(rows: Iterable[tuple[Any, ...]]) -> DealSums:
    counts = {Made.OPEN: 0, Made.LOST: 0, Made.WON: 0}
    amounts: dict[str, Decimal] = {}
    for _, kind, currency, count, amount in rows:
        what = next(made for made, kinds in KINDS.items() if kind in kinds)
        counts[what] += count
        if what is Made.WON and amount:
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    return DealSums(counts[Made.OPEN], counts[Made.LOST], counts[Made.WON], tuple(sorted(amounts.items())))
