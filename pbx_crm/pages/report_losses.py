"""Losses as a page, as a file, and the deals behind each of its figures."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel_report import LEAST_DEALS
from pbx_crm.domain.loss_report import Dimension, LossGroup, LossReport, Mark
from pbx_crm.domain.sentence import N_
from pbx_crm.pages import report_columns, report_won
from pbx_crm.pages.call_query import NO_SOURCE, choice_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.report_figures import deal_file, page_of
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/losses"
DEALS_PATH = "/reports/losses/deals"
SLICES = frozenset({"seller", "line", "source", "region", "funnel", "band"})
HOTTEST = 5
NEVER = "never"
"""The part of the deals that were missed and that no call back reached."""
NAMES = {
    Dimension.STAGE: N_("Stage"),
    Dimension.REASON: N_("Reason"),
    Dimension.SELLER: N_("Seller"),
    Dimension.SOURCE: N_("Source"),
    Dimension.REGION: N_("Region"),
    Dimension.BAND: N_("Amount"),
}
UNNAMED = {
    Dimension.REASON: N_("No reason given"),
    Dimension.SOURCE: N_("without a source"),
    Dimension.REGION: N_("not known"),
}


@dataclass(frozen=True, slots=True)
class Name:
    """What a row or column is called: as people named it, or words of ours to be translated."""

    own: str
    ours: str = ""


@dataclass(frozen=True, slots=True)
class CellView:
    """Deals of one row and one column."""

    count: int
    heat: int
    """0 to 5: how much of the fullest cell."""
    url: str


@dataclass(frozen=True, slots=True)
class RowView:
    """One row: its figures, and how its deals crossed with the columns."""

    name: Name
    group: LossGroup
    url: str
    never_url: str
    """Of those of its deals that were missed and never called back."""
    cells: tuple[CellView, ...]


@dataclass(frozen=True, slots=True)
class LossTable:
    """Lost deals by two dimensions."""

    rows: tuple[RowView, ...]
    columns: tuple[Name, ...]
    row_name: str
    column_name: str


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/losses."""
    head, found = await _found(request)
    rows = choice_of(Dimension, head.query.by) or Dimension.STAGE
    values = {
        "head": head,
        "report": found,
        "table": _table(head, found, rows, _regions_of(request, found)),
        "views": [(_by(head, by), NAMES[by], by is rows) for by in Dimension],
        "all_url": _deals_url(head.query),
        "never_url": _deals_url(head.query.of(NEVER)),
        "won_url": replace(head.query, by="", funnel=found.funnel.id).url(report_won.PATH),
        "floor": LEAST_DEALS,
        "about": report_columns.LOSSES,
    }
    return await render(request, "report_losses.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/losses.csv and .xlsx: every crossing of all dimensions a row."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_deals(request: web.Request) -> web.StreamResponse:
    """GET /reports/losses/deals: exactly the deals that a figure counted."""
    head, found = await _found(request, DEALS_PATH)
    values = {
        "stage": found.funnel.stage(head.query.stage) if head.query.stage else None,
        "reason": _reason(found, head.query.reason),
        "funnel": found.funnel,
        "is_never": head.query.part == NEVER,
        "back_url": replace(head.query, stage=None, reason=None, part="", page=1).url(PATH),
        **await page_of(head, _deals(request, head, found)),
    }
    return await render(request, "report_lost_deals.html", values)


async def deals_as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/losses/deals.csv and .xlsx: the same deals."""
    head, found = await _found(request, DEALS_PATH)
    return await deal_file(request, head, _deals(request, head, found))


def _deals(
    request: web.Request, head: ReportHead, found: LossReport
) -> Callable[[Rows], Awaitable[DealPage]]:
    ids = found.only(head.query.stage, head.query.reason, never_called_back=head.query.part == NEVER)
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return lambda rows: reports.deals(scope, ids, rows)


async def _found(request: web.Request, path: str = PATH) -> tuple[ReportHead, LossReport]:
    head = await head_of(request, path, SLICES, can_compare=False)
    found = await services_of(request).reports.losses(viewer_of(request).scope, head.wanted)
    if found is None:
        raise NotFound
    return head, found


def _regions_of(request: web.Request, found: LossReport) -> dict[str, str]:
    """What the reader calls the regions, by their keys."""
    regions = found.deals.regions.values()
    return {str(region.id): wording_of(request).region(region.place) for region in regions}


def _table(head: ReportHead, found: LossReport, rows: Dimension, regions: Mapping[str, str]) -> LossTable:
    across = Dimension.STAGE if rows is Dimension.REASON else Dimension.REASON
    columns = [group.mark for group in found.groups(across)]
    counts = found.cells(rows, across)
    fullest = max(counts.values(), default=1)
    return LossTable(
        rows=tuple(
            RowView(
                _name(group.mark, rows, regions),
                group,
                _deals_url(_narrowed(head.query, rows, group.mark)),
                _deals_url(_narrowed(head.query.of(NEVER), rows, group.mark)),
                tuple(
                    CellView(
                        counts[group.mark.key, column.key],
                        _heat(counts[group.mark.key, column.key], fullest),
                        _deals_url(_narrowed(_narrowed(head.query, rows, group.mark), across, column)),
                    )
                    for column in columns
                ),
            )
            for group in found.groups(rows)
        ),
        columns=tuple(_name(mark, across, regions) for mark in columns),
        row_name=NAMES[rows],
        column_name=NAMES[across],
    )


def _heat(count: int, fullest: int) -> int:
    """None for none, and the hottest for the fullest alone."""
    return min(HOTTEST, -(-HOTTEST * count // fullest))


def _name(mark: Mark, dimension: Dimension, regions: Mapping[str, str]) -> Name:
    if dimension is Dimension.BAND:
        return Name("", mark.name)
    if dimension is Dimension.REGION and mark.key in regions:
        return Name(regions[mark.key])
    return Name(mark.name) if mark.name else Name("", UNNAMED.get(dimension, ""))


def _narrowed(query: ReportQuery, dimension: Dimension, mark: Mark) -> ReportQuery:
    """The address narrowed to one value: a figure's rows are found by the slices everybody knows."""
    match dimension:
        case Dimension.STAGE:
            return replace(query, stage=int(mark.key))
        case Dimension.REASON:
            return replace(query, reason=int(mark.key))
        case Dimension.SELLER:
            return replace(query, who=int(mark.key))
        case Dimension.SOURCE:
            return replace(query, source=mark.key or NO_SOURCE)
        case Dimension.REGION:
            return replace(query, region=int(mark.key))
        case Dimension.BAND:
            return replace(query, band=AmountBand(mark.key))


def _deals_url(query: ReportQuery) -> str:
    return replace(query, by="").url(DEALS_PATH)


def _by(head: ReportHead, dimension: Dimension) -> str:
    by = "" if dimension is Dimension.STAGE else dimension.value
    return replace(head.query, by=by, stage=None, reason=None).url(PATH)


def _reason(found: LossReport, reason_id: int | None) -> Name | None:
    """The reason asked for, as it is called."""
    if reason_id is None:
        return None
    names = {reason.id: reason.name for reason in found.funnel.loss_reasons}
    own = found.deals.reasons.get(reason_id, names.get(reason_id, ""))
    return Name(own, "" if own else UNNAMED[Dimension.REASON])
