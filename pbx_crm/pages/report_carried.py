"""What lay open when a time began and what became of it, as a page and as a file."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from pbx_crm.domain.carried_report import CarriedReport, CarriedRow, Fate
from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel_report import LEAST_DEALS, Share
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.call_query import choice_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_figures import DealsTitle, FigureView, deal_file, deal_list
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/carried"
DEALS_PATH = "/reports/carried/deals"
SLICES = frozenset({"seller", "line", "source", "region", "funnel", "band"})
FATES = {
    Fate.STILL: N_("Still there"),
    Fate.MOVED: N_("In another stage"),
    Fate.WON: N_("Won"),
    Fate.LOST: N_("Lost"),
}


@dataclass(frozen=True, slots=True)
class RowView:
    """A stage, or all of them, as it is printed."""

    name: str
    """Empty for all."""
    lay: FigureView
    fates: tuple[FigureView, ...]
    won_share: Share | None


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/carried."""
    head, found = await _found(request)
    values = {
        "head": head,
        "funnel": found.funnel,
        "rows": [_row(head, row) for row in found.rows],
        "total": _row(head, found.total),
        "fates": FATES,
        "floor": LEAST_DEALS,
    }
    return await render(request, "report_carried.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/carried.csv and .xlsx: a row for each stage."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_deals(request: web.Request) -> web.StreamResponse:
    """GET /reports/carried/deals: exactly the deals that a figure counted."""
    head, found = await _found(request, DEALS_PATH)
    stage = found.funnel.stage(head.query.stage) if head.query.stage else None
    fate = choice_of(Fate, head.query.part)
    said = FATES[fate] if fate else N_("Open at first")
    title = DealsTitle(said, stage.name if stage else found.funnel.name)
    return await deal_list(request, head, title, head.query.of("").url(PATH), _deals(request, head, found))


async def deals_as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/carried/deals.csv and .xlsx: the same deals."""
    head, found = await _found(request, DEALS_PATH)
    return await deal_file(request, head, _deals(request, head, found))


async def _found(request: web.Request, path: str = PATH) -> tuple[ReportHead, CarriedReport]:
    head = await head_of(request, path, SLICES, can_compare=False)
    found = await services_of(request).reports.carried(viewer_of(request).scope, head.wanted)
    if found is None:
        raise NotFound
    return head, found


def _deals(
    request: web.Request, head: ReportHead, found: CarriedReport
) -> Callable[[Rows], Awaitable[DealPage]]:
    reports, scope = services_of(request).reports, viewer_of(request).scope
    fate = choice_of(Fate, head.query.part)
    return lambda rows: reports.carried_deals(scope, head.wanted, found.funnel, head.query.stage, fate, rows)


def _row(head: ReportHead, row: CarriedRow) -> RowView:
    stage_id = row.stage.id if row.stage else None

    def figure(count: int, part: str) -> FigureView:
        return FigureView(count, head.query.of(part, stage_id).url(DEALS_PATH))

    fates = tuple(figure(count, fate) for fate, count in row.fates.items())
    return RowView(row.stage.name if row.stage else "", figure(row.lay, ""), fates, row.won_share)
