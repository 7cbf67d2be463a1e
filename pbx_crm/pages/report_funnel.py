"""The funnel of a cohort as a page, as a file, and the deals behind each of its figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel_report import LEAST_DEALS, FunnelReport, Share, StageReport
from pbx_crm.domain.sentence import N_
from pbx_crm.pages import report_columns
from pbx_crm.pages.call_query import choice_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_figures import deal_file, page_of
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/funnel"
DEALS_PATH = "/reports/funnel/deals"
SLICES = frozenset({"seller", "line", "source", "region", "funnel", "band"})
PARTS = {
    Part.ENTERED: N_("Entered"),
    Part.PASSED: N_("Passed on"),
    Part.DROPPED: N_("Dropped"),
    Part.OPEN: N_("Got this far, still open"),
    Part.HERE: N_("Lies here now"),
}


@dataclass(frozen=True, slots=True)
class PartView:
    """A figure of a stage with its address."""

    part: Part
    count: int
    before: int | None
    url: str
    share: Share | None


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage as it is printed."""

    report: StageReport
    parts: tuple[PartView, ...]
    top: float
    """Width of its bar at the upper edge, in percent of the widest."""
    bottom: float
    is_worst: bool
    is_won: bool


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/funnel."""
    head = await head_of(request, PATH, SLICES)
    reports, scope = services_of(request).reports, viewer_of(request).scope
    read = await reports.funnel_with_drop(scope, head.wanted, head.now)
    if read is None:
        raise NotFound
    found, worst = read
    earlier = await reports.funnel(scope, head.earlier, head.now) if head.query.compares else None
    values = {
        "head": head,
        "report": found,
        "stages": _stages(head, found, earlier),
        "worst": worst,
        "parts": PARTS,
        "about": report_columns.FUNNEL,
        "floor": LEAST_DEALS,
    }
    return await render(request, "report_funnel.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/funnel.csv and .xlsx: a row a stage."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_deals(request: web.Request) -> web.StreamResponse:
    """GET /reports/funnel/deals: exactly the deals that a figure counted."""
    head, report, stage, found = await _deals(request)
    values = {
        "stage": stage.stage,
        "part": PARTS[_part(head)],
        "funnel": report.funnel,
        "back_url": head.query.of("").url(PATH),
        **await page_of(head, found),
    }
    return await render(request, "report_deals.html", values)


async def deals_as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/funnel/deals.csv and .xlsx: the same deals."""
    head, _, _, found = await _deals(request)
    return await deal_file(request, head, found)


async def _deals(
    request: web.Request,
) -> tuple[ReportHead, FunnelReport, StageReport, Callable[[Rows], Awaitable[DealPage]]]:
    head, found = await _found(request, DEALS_PATH)
    stage = found.of(head.query.stage) or found.stages[0]
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return head, found, stage, lambda rows: reports.deals(scope, stage.ids[_part(head)], rows)


def _part(head: ReportHead) -> Part:
    """The figure asked for."""
    return choice_of(Part, head.query.part) or Part.ENTERED


async def _found(request: web.Request, path: str = PATH) -> tuple[ReportHead, FunnelReport]:
    head = await head_of(request, path, SLICES)
    found = await services_of(request).reports.funnel(viewer_of(request).scope, head.wanted, head.now)
    if found is None:
        raise NotFound
    return head, found


def _stages(head: ReportHead, found: FunnelReport, earlier: FunnelReport | None) -> tuple[StageView, ...]:
    entered = [stage.count(Part.ENTERED) for stage in found.stages]
    widest = max(*entered, 1)
    widths = [100 * count / widest for count in entered]
    return tuple(
        StageView(
            report=stage,
            parts=_parts(head, stage, earlier),
            top=widths[place],
            bottom=widths[min(place + 1, len(widths) - 1)],
            is_worst=stage is found.worst,
            is_won=stage.is_won,
        )
        for place, stage in enumerate(found.stages)
    )


def _parts(head: ReportHead, stage: StageReport, earlier: FunnelReport | None) -> tuple[PartView, ...]:
    was = earlier.of(stage.stage.id) if earlier else None
    shares = {Part.PASSED: stage.passed, Part.DROPPED: stage.dropped}
    return tuple(
        PartView(
            part=part,
            count=stage.count(part),
            before=(was.count(part) if was else 0) if earlier else None,
            url=head.query.of(part.value, stage.stage.id).url(DEALS_PATH),
            share=shares.get(part),
        )
        for part in Part
    )
