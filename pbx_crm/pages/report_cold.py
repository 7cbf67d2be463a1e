"""Cold calls and meetings per seller, as a page and as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.call_report import Moment
from pbx_crm.domain.cold_report import ColdCounts, ColdReport
from pbx_crm.domain.funnel_report import LEAST_DEALS, Share
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.call_query import choice_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_figures import FigureView
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/cold"
MEETINGS_PATH = "/reports/cold/meetings"
SLICES = frozenset({"seller", "line", "source", "region"})
MEETINGS = {Moment.AGREED: N_("Meetings agreed"), Moment.HELD: N_("Meetings held")}


@dataclass(frozen=True, slots=True)
class RowView:
    """A seller, nobody, or all, as it is printed."""

    name: str
    cold: FigureView
    reached: FigureView
    share: Share | None
    agreed: FigureView
    held: FigureView


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/cold."""
    head, found = await _found(request)
    reports, scope = services_of(request).reports, viewer_of(request).scope
    was = await reports.cold(scope, head.earlier) if head.query.compares else None
    rows = [
        _row(head, row.name, row.counts, was.of(row.person_id) if was else None, row.person_id)
        for row in found.rows
    ]
    values = {
        "head": head,
        "rows": rows,
        "nobody": _nobody(head, found, was),
        "total": _row(head, "", found.total, was.total if was else None, None) if found.total else None,
        "is_empty": found.is_empty,
        "meetings": MEETINGS,
        "floor": LEAST_DEALS,
    }
    return await render(request, "report_cold.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/cold.csv and .xlsx: the same rows."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_meetings(request: web.Request) -> web.StreamResponse:
    """GET /reports/cold/meetings: exactly the meetings that a figure counted."""
    head = await head_of(request, MEETINGS_PATH, SLICES, can_compare=False)
    moment = choice_of(Moment, head.query.part) or Moment.HELD
    listed = await services_of(request).reports.meetings(viewer_of(request).scope, head.wanted, moment)
    values = {
        "head": head,
        "meetings": listed,
        "moment": moment,
        "back_url": head.query.of("").url(PATH),
        "back_name": N_("Back to cold calls"),
    }
    return await render(request, "report_meetings.html", values)


async def _found(request: web.Request) -> tuple[ReportHead, ColdReport]:
    head = await head_of(request, PATH, SLICES)
    return head, await services_of(request).reports.cold(viewer_of(request).scope, head.wanted)


def _nobody(head: ReportHead, found: ColdReport, was: ColdReport | None) -> RowView | None:
    if found.nobody is None:
        return None
    return _row(head, "", found.nobody, was.nobody if was else None, None, is_nobody=True)


def _row(
    head: ReportHead,
    name: str,
    counts: ColdCounts,
    was: ColdCounts | None,
    who: int | None,
    *,
    is_nobody: bool = False,
) -> RowView:
    def calls(figure: Figure) -> FigureView:
        url = head.query.calls(head.days, figure, who, is_nobody=is_nobody)
        before = getattr(was, figure.value) if was else None
        return FigureView(getattr(counts, figure.value), url, before)

    def held(moment: Moment) -> FigureView:
        url = replace(head.query.of(moment.value), who=who or head.query.who).url(MEETINGS_PATH)
        before = getattr(was, moment.value) if was else None
        return FigureView(getattr(counts, moment.value), url, before)

    return RowView(
        name=name,
        cold=calls(Figure.COLD),
        reached=calls(Figure.COLD_REACHED),
        share=counts.reached_share,
        agreed=held(Moment.AGREED),
        held=held(Moment.HELD),
    )
