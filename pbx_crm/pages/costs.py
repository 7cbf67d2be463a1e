"""Settings: what clients of each source cost in a month."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/costs"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/costs: a field for each source clients came from."""
    return await _page(request, request.query.get("month", ""))


async def save(request: web.Request) -> web.StreamResponse:
    """POST /settings/costs: the whole month at once, or the form again with the reasons."""
    form = await form_of(request)
    origins, viewer = services_of(request).analysis.origins, viewer_of(request)
    month = origins.month(form.text("month"))
    known = await origins.costs(viewer, month)
    wanted = {source: _cost(form, field_of(source)) for source in known if form.has(field_of(source))}
    try:
        form.require_good()
        await origins.save(viewer, month, wanted)
    except BadInput as refused:
        return await _page(request, month.key, form, refused.reasons, status=422)
    return see_other(f"{HERE}?month={month.key}")


def field_of(source: str) -> str:
    """The name of the field of this source."""
    return f"cost-{source}"


def _cost(form: Form, name: str) -> Decimal | None:
    """What is typed; nothing and nought cost nothing that could be told."""
    return form.amount(name) or None


async def _page(
    request: web.Request,
    key: str,
    form: Form | None = None,
    reasons: dict[str, str] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    services = services_of(request)
    origins = services.analysis.origins
    month = origins.month(key)
    costs = await origins.costs(viewer_of(request), month)
    stored = {field_of(source): f"{cost.normalize():f}" if cost else "" for source, cost in costs.items()}
    values = {
        "here": HERE,
        "month": month,
        "currency": services.installation.currency,
        "sources": [(source, field_of(source)) for source in costs],
        "typed": stored | (form.values if form else {}),
        "reasons": reasons or {},
        "problem": N_("Some of these are no amounts.") if reasons else "",
        "before_url": _url(month.before),
        "next_url": _url(month.next),
    }
    return await render(request, "costs.html", values, status=status)


def _url(month: PlanPeriod) -> str:
    return f"{HERE}?month={month.key}"
