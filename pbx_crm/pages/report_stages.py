"""Deals as they lie now, stage by stage and seller by seller, as a page and as a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.stage_report import SellerRow, StageReport, StageRow
from pbx_crm.pages.render import render
from pbx_crm.pages.report_figures import DealsTitle, FigureView, deal_file, deal_list
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/stages"
DEALS_PATH = "/reports/stages/deals"
SLICES = frozenset({"seller", "line", "source", "region", "funnel", "band"})


@dataclass(frozen=True, slots=True)
class RowView:
    """A stage, or all of them."""

    row: StageRow
    deals: FigureView
    width: float
    """Of its bar, in percent of the fullest stage."""


@dataclass(frozen=True, slots=True)
class SellerView:
    """A seller's deals by stage."""

    name: str
    cells: tuple[FigureView, ...]
    deals: FigureView


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/stages."""
    head, found = await _found(request)
    fullest = max((row.deals for row in found.rows), default=0) or 1
    values = {
        "head": head,
        "report": found,
        "rows": [_row(head, row, 100 * row.deals / fullest) for row in found.rows],
        "total": _row(head, found.total, 0),
        "sellers": [_seller(head, found, row) for row in found.sellers],
    }
    return await render(request, "report_stages.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/stages.csv and .xlsx: a row for each stage, seller and currency."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_deals(request: web.Request) -> web.StreamResponse:
    """GET /reports/stages/deals: exactly the deals that a figure counted."""
    head, found = await _found(request, DEALS_PATH)
    stage = found.funnel.stage(head.query.stage) if head.query.stage else None
    seller = next((name for key, name in head.choices.sellers if key == head.query.who), "")
    where = [found.funnel.name, stage.name if stage else "", seller]
    title = DealsTitle(N_("Deals now"), ", ".join(filter(None, where)))
    back_url = head.query.of("").url(PATH)
    return await deal_list(request, head, title, back_url, _deals(request, head, found))


async def deals_as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/stages/deals.csv and .xlsx: the same deals."""
    head, found = await _found(request, DEALS_PATH)
    return await deal_file(request, head, _deals(request, head, found))


async def _found(request: web.Request, path: str = PATH) -> tuple[ReportHead, StageReport]:
    head = await head_of(request, path, SLICES, has_period=False)
    found = await services_of(request).reports.stages(viewer_of(request).scope, head.wanted)
    if found is None:
        raise NotFound
    return head, found


def _deals(
    request: web.Request, head: ReportHead, found: StageReport
) -> Callable[[Rows], Awaitable[DealPage]]:
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return lambda rows: reports.lying(scope, head.wanted, found.funnel, head.query.stage, rows)


def _row(head: ReportHead, row: StageRow, width: float) -> RowView:
    url = head.query.of("", row.stage.id if row.stage else None).url(DEALS_PATH)
    return RowView(row, FigureView(row.deals, url), round(width, 1))


def _seller(head: ReportHead, found: StageReport, row: SellerRow) -> SellerView:
    query = replace(head.query, who=row.person_id)
    stages = zip(found.stages, row.counts, strict=True)
    return SellerView(
        row.name,
        tuple(FigureView(count, query.of("", stage.id).url(DEALS_PATH)) for stage, count in stages),
        FigureView(row.deals, query.of("").url(DEALS_PATH)),
    )
