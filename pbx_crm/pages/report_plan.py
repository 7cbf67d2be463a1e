"""Plans of a week, a month or a quarter against what came, and what so many contracts would take."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from pbx_crm.domain.forecast import LEAST_SETTLED, LEAST_WINS
from pbx_crm.domain.plan import Metric, Pace, PlanReport
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.planner import MOST_CONTRACTS
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.render import render
from pbx_crm.pages.report_head import ReportHead, head_of
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
        "planner": await plans.planner(viewer_of(request).scope, head.wanted, period, contracts),
        "metrics": METRICS,
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


async def _found(request: web.Request, head: ReportHead) -> tuple[PlanPeriod, PlanReport]:
    plans = services_of(request).analysis.plans
    period = plans.period(head.query.part)
    return period, await plans.report(viewer_of(request).scope, period)
