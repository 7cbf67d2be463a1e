"""Plans of a week, a month or a quarter against what came, and what so many contracts would take."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.forecast import LEAST_SETTLED, LEAST_WINS
from pbx_crm.domain.plan import Metric, Pace, PlanCell, PlanReport, PlanRow
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.planner import MOST_CONTRACTS
from pbx_crm.domain.sentence import N_
from pbx_crm.pages import report_calls, report_columns, report_won
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.render import render
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/plan"
SLICES = frozenset({"seller", "line", "source", "region", "funnel", "band"})
METRICS = {
    Metric.CALLS: N_("Conversations"),
    Metric.MEETINGS: N_("Meetings"),
    Metric.DEALS: N_("Deals won"),
    Metric.SUM: N_("Won for"),
}
KINDS = {
    PeriodKind.WEEK: N_("Week"),
    PeriodKind.MONTH: N_("Month"),
    PeriodKind.QUARTER: N_("Quarter"),
}
PACES = {
    Pace.DONE: (N_("done"), "circle-check", "ok"),
    Pace.ON: (N_("on pace"), "circle-check", "ok"),
    Pace.LATE: (N_("a little late"), "clock", "warn"),
    Pace.BEHIND: (N_("behind"), "triangle-alert", "danger"),
}


@dataclass(frozen=True, slots=True)
class CellView:
    """What came of a plan, and where it opens."""

    metric: Metric
    cell: PlanCell
    url: str
    """Empty for the row of all: it is the sum of the rows, some of whose calls may be the same."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A seller, or all."""

    name: str
    cells: tuple[CellView, ...]


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/plan."""
    head = await head_of(request, PATH, SLICES, has_period=False)
    period, report = await _found(request, head)
    asked = number_in(request.query.get("contracts"))
    contracts = None if asked is None else min(asked, MOST_CONTRACTS)
    plans = services_of(request).analysis.plans
    values = {
        "head": head,
        "report": report,
        "rows": [_row(report.period, row) for row in report.rows],
        "total": _row(report.period, report.total) if report.total else None,
        "planner": await plans.planner(viewer_of(request).scope, head.wanted, period, contracts),
        "metrics": METRICS,
        "about": report_columns.PLAN,
        "paces": PACES,
        "kept": parse_qsl(urlsplit(head.query.url(PATH)).query),
        "kinds": [
            (head.query.of(other.key).url(PATH), KINDS[kind], other == period)
            for kind, other in plans.about(period).items()
        ],
        "before_url": head.query.of(period.before.key).url(PATH),
        "next_url": head.query.of(period.next.key).url(PATH),
        "least_wins": LEAST_WINS,
        "least_settled": LEAST_SETTLED,
    }
    return await render(request, "report_plan.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/plan.csv and .xlsx: a row for each seller and what is planned."""
    head = await head_of(request, PATH, SLICES, has_period=False)
    _, report = await _found(request, head)
    return await head.file(request, report.table())


def _row(period: PlanPeriod, row: PlanRow) -> RowView:
    return RowView(
        row.name,
        tuple(CellView(metric, cell, _url(period, row, metric)) for metric, cell in row.cells.items()),
    )


def _url(period: PlanPeriod, row: PlanRow, metric: Metric) -> str:
    """The calls, meetings or deals that were counted: of the period by the company's clock, not sliced."""
    if row.person_id is None:
        return ""
    query = _query(period, row.person_id)
    match metric:
        case Metric.CALLS:
            return query.calls(period.days, Figure.TALKED, row.person_id)
        case Metric.MEETINGS:
            return query.url(report_calls.MEETINGS_PATH)
        case Metric.DEALS | Metric.SUM:
            return query.url(report_won.PATH)


def deals_url(period: PlanPeriod, person_id: int) -> str:
    """The address of the deals this person won in the period."""
    return _query(period, person_id).url(report_won.PATH)


def _query(period: PlanPeriod, person_id: int) -> ReportQuery:
    days = period.days
    return ReportQuery(from_day=days.first, to_day=days.last, who=person_id, in_firm_zone=True)


async def _found(request: web.Request, head: ReportHead) -> tuple[PlanPeriod, PlanReport]:
    plans = services_of(request).analysis.plans
    period = plans.period(head.query.part)
    return period, await plans.report(viewer_of(request).scope, period)
