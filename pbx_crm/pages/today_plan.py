"""How one's own plan stands, under Today: a part of its own, for counting takes longer than a list."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.render import render
from pbx_crm.pages.report_plan import METRICS, PACES
from pbx_crm.pages.request import services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /today/plan: what the viewer is to reach in this week, month and quarter, as far as planned."""
    reports = await services_of(request).analysis.plans.own(viewer_of(request))
    values = {"reports": reports, "metrics": METRICS, "paces": PACES}
    return await render(request, "parts/today_plan.html", values)
