"""The deals won in a time: what plans, losses and the overview count, opened."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from aiohttp import web

from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.report_figures import DealsTitle, deal_file, deal_list
from pbx_crm.pages.report_head import ANY_FUNNEL, ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/won"
SLICES = frozenset({"seller", "line", "source", "region", ANY_FUNNEL, "band"})


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/won."""
    head = await head_of(request, PATH, SLICES)
    title = DealsTitle(N_("Deals won"), ", ".join(head.sliced))
    return await deal_list(
        request, head, title, head.query.of("").url("/reports/overview"), _deals(request, head)
    )


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/won.csv and .xlsx: the same deals."""
    head = await head_of(request, PATH, SLICES)
    return await deal_file(request, head, _deals(request, head))


def _deals(request: web.Request, head: ReportHead) -> Callable[[Rows], Awaitable[DealPage]]:
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return lambda rows: reports.won(scope, head.wanted, rows)
