"""Settings: what is wanted of each seller in a week, a month or a quarter."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.plan import Metric, PlanReport
from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_plan import KINDS, METRICS
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/plans"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/plans: a field for each seller and metric of the period."""
    return await _page(request, request.query.get("period", ""))


async def save(request: web.Request) -> web.StreamResponse:
    """POST /settings/plans: the whole period at once, or the form again with the reasons."""
    form = await form_of(request)
    plans, viewer = services_of(request).analysis.plans, viewer_of(request)
    period = plans.period(form.text("period"))
    report = await plans.report(viewer.scope, period)
    wanted = {
        (row.person_id, metric): _target(form, field_of(row.person_id, metric), metric)
        for row in report.rows
        for metric in Metric
        if row.person_id is not None and form.has(field_of(row.person_id, metric))
    }
    try:
        form.require_good()
        await plans.save(viewer, period, wanted)
    except BadInput as refused:
        return await _page(request, period.key, form, refused.reasons, status=422)
    return see_other(f"{HERE}?period={period.key}")


def field_of(person_id: int, metric: Metric) -> str:
    """The name of the field of this plan."""
    return f"{metric.value}-{person_id}"


def _target(form: Form, name: str, metric: Metric) -> Decimal | None:
    """What is typed; nothing and nought plan nothing."""
    if not form.text(name):
        return None
    if metric is Metric.SUM:
        return form.amount(name) or None
    return Decimal(form.whole(name, most=1_000_000)) or None


async def _page(
    request: web.Request,
    key: str,
    form: Form | None = None,
    reasons: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    plans = services_of(request).analysis.plans
    period = plans.period(key)
    report = await plans.report(viewer_of(request).scope, period)
    values = {
        "here": HERE,
        "report": report,
        "period": period,
        "metrics": METRICS,
        "typed": _typed(report, form),
        "reasons": reasons or {},
        "problem": N_("Some of these are no numbers.") if reasons else "",
        "kinds": [(_url(other), KINDS[kind], other == period) for kind, other in plans.about(period).items()],
        "before_url": _url(period.before),
        "next_url": _url(period.next),
    }
    return await render(request, "plans.html", values, status=status)


def _url(period: PlanPeriod) -> str:
    return f"{HERE}?period={period.key}"


def _typed(report: PlanReport, form: Form | None) -> dict[str, str]:
    """What stands in each field: what was typed, else what is stored."""
    stored = {
        field_of(row.person_id, metric): f"{cell.target.normalize():f}" if cell.target else ""
        for row in report.rows
        for metric, cell in row.cells.items()
        if row.person_id is not None
    }
    return stored | (form.values if form else {})
