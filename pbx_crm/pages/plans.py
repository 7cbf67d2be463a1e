"""Settings: what is wanted of each seller in a month."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.plan import Metric, PlanMonth, PlanReport
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_plan import METRICS
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/plans"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/plans: a field for each seller and metric of the month."""
    return await _page(request, request.query.get("month", ""))


async def save(request: web.Request) -> web.StreamResponse:
    """POST /settings/plans: the whole month at once, or the form again with the reasons."""
    form = await form_of(request)
    plans, viewer = services_of(request).analysis.plans, viewer_of(request)
    month = plans.month(form.text("month"))
    report = await plans.report(viewer.scope, month)
    wanted = {
        (row.person_id, metric): _target(form, field_of(row.person_id, metric), metric)
        for row in report.rows
        for metric in Metric
        if row.person_id is not None and form.has(field_of(row.person_id, metric))
    }
    try:
        form.require_good()
        await plans.save(viewer, month, wanted)
    except BadInput as refused:
        return await _page(request, month.key, form, refused.reasons, status=422)
    return see_other(f"{HERE}?month={month.key}")


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
    month = plans.month(key)
    report = await plans.report(viewer_of(request).scope, month)
    values = {
        "here": HERE,
        "report": report,
        "month": month,
        "metrics": METRICS,
        "typed": _typed(report, form),
        "reasons": reasons or {},
        "problem": N_("Some of these are no numbers.") if reasons else "",
        "before_url": _url(month.before),
        "next_url": _url(month.next),
    }
    return render(request, "plans.html", values, status=status)


def _url(month: PlanMonth) -> str:
    return f"{HERE}?month={month.key}"


def _typed(report: PlanReport, form: Form | None) -> dict[str, str]:
    """What stands in each field: what was typed, else what is stored."""
    stored = {
        field_of(row.person_id, metric): f"{cell.target.normalize():f}" if cell.target else ""
        for row in report.rows
        for metric, cell in row.cells.items()
        if row.person_id is not None
    }
    return stored | (form.values if form else {})
