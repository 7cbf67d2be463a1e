"""Sources, lines and regions as pages and files: calls, deals made of them, what was won, what it cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from aiohttp import web

from pbx_crm.domain.call import Direction
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.funnel_report import LEAST_DEALS, Share
from pbx_crm.domain.origin_report import Made, OriginKind, OriginReport, OriginRow
from pbx_crm.domain.region import Place
from pbx_crm.domain.sentence import N_
from pbx_crm.pages import report_columns
from pbx_crm.pages.call_query import NO_SOURCE, choice_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_figures import DealsTitle, FigureView, deal_file, deal_list
from pbx_crm.pages.report_head import ANY_FUNNEL, ReportHead, head_of
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of

SLICES = frozenset({"seller", "line", "source", "region", ANY_FUNNEL, "band"})
PARTS = {
    Made.ALL: N_("Deals made"),
    Made.OPEN: N_("Still open"),
    Made.LOST: N_("Lost"),
    Made.WON: N_("Won"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """What one of the reports is called and says of itself."""

    name: str
    title: str
    table: str
    row: str
    none: str
    """The row of those of whom it is not known."""
    meaning: str


WORDS = {
    OriginKind.SOURCE: Words(
        N_("Sources"),
        N_("Where clients come from"),
        N_("Calls, deals and sales of each source"),
        N_("Source"),
        N_("without a source"),
        N_("A call has the source of its line, a deal its own."),
    ),
    OriginKind.LINE: Words(
        N_("Lines"),
        N_("What came over each line"),
        N_("Calls, deals and sales of each line"),
        N_("Line"),
        N_("over no line"),
        N_("A deal belongs to the line of the call that made it."),
    ),
    OriginKind.REGION: Words(
        N_("Regions"),
        N_("Where clients are"),
        N_("Calls, deals and sales of each region"),
        N_("Region"),
        N_("not known"),
        N_(
            "A client is where somebody put them, else where their line says, else where their numbers do; a "
            "call of nobody's client is where its number is."
        ),
    ),
}
TILES = 24
HOTTEST = 5


@dataclass(frozen=True, slots=True)
class RowView:
    """A source, a line, a region, or all of them, as it is printed."""

    row: OriginRow
    incoming: FigureView | None
    """None where it is about one seller."""
    answered: FigureView
    missed: FigureView
    deals: tuple[FigureView, ...]
    """Made, open, lost, won."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A region in the picture above the table."""

    place: Place
    calls: int
    heat: int
    """1 to 5: how much of the fullest one."""
    missed: Share | None


class OriginPages:
    """The pages of one of the three reports."""

    def __init__(self, kind: OriginKind, path: str) -> None:
        self.kind = kind
        self.path = path

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The report."""
        head, found = await self._found(request)
        scope, origins = viewer_of(request).scope, services_of(request).analysis.origins
        earlier = None
        if head.query.compares:
            earlier = await origins.report(scope, self.kind, head.earlier, head.days.before_by(head.calendar))
        values = {
            "head": head,
            "report": found,
            "kind": self.kind.value,
            "words": WORDS[self.kind],
            "rows": [self._row(head, row, earlier) for row in found.rows],
            "total": self._row(head, found.total, earlier),
            "tiles": _tiles(found) if self.kind is OriginKind.REGION else (),
            "parts": tuple((made.value, name) for made, name in PARTS.items()),
            "about": report_columns.ORIGINS,
            "floor": LEAST_DEALS,
        }
        return await render(request, "report_origins.html", values)

    async def as_file(self, request: web.Request) -> web.StreamResponse:
        """The same rows as a file."""
        head, found = await self._found(request)
        return await head.file(request, found.table())

    async def show_deals(self, request: web.Request) -> web.StreamResponse:
        """Exactly the deals that a figure counted."""
        head = await self._head_of_deals(request)
        title = DealsTitle(PARTS[_part(head)], ", ".join(head.sliced))
        return await deal_list(request, head, title, self._back(head.query), _deals(request, head))

    async def deals_as_file(self, request: web.Request) -> web.StreamResponse:
        """The same deals as a file."""
        head = await self._head_of_deals(request)
        return await deal_file(request, head, _deals(request, head))

    async def _found(self, request: web.Request) -> tuple[ReportHead, OriginReport]:
        head = await head_of(request, self.path, SLICES)
        scope, origins = viewer_of(request).scope, services_of(request).analysis.origins
        return head, await origins.report(scope, self.kind, head.wanted, head.days)

    async def _head_of_deals(self, request: web.Request) -> ReportHead:
        return await head_of(request, f"{self.path}/deals", SLICES, can_compare=False)

    def _back(self, query: ReportQuery) -> str:
        """The report again: what the list is narrowed to by its row is left behind."""
        whole = {
            OriginKind.SOURCE: replace(query, source=""),
            OriginKind.LINE: replace(query, line=None),
            OriginKind.REGION: replace(query, region=None),
        }
        return whole[self.kind].of("").url(self.path)

    def _narrowed(self, query: ReportQuery, row: OriginRow) -> ReportQuery:
        """The address narrowed to the row: its calls and deals are found by the slices everybody knows."""
        if row.origin is None:
            return query
        if self.kind is OriginKind.SOURCE:
            return replace(query, source=row.origin.key or NO_SOURCE)
        if self.kind is OriginKind.REGION:
            return replace(query, region=int(row.origin.key))
        return replace(query, line=int(row.origin.key))

    def _row(self, head: ReportHead, row: OriginRow, earlier: OriginReport | None) -> RowView:
        query, who = self._narrowed(head.query, row), head.wanted.person_id
        was = earlier.same(row) if earlier else None
        all_calls = query.calls(head.days, None, None, direction=Direction.IN)

        def calls(name: str, url: str) -> FigureView:
            before = getattr(was.calls, name) if was else None
            return FigureView(getattr(row.calls, name), url, before, is_alarm=name == "missed")

        return RowView(
            row=row,
            incoming=None if row.calls.incoming is None else calls("incoming", all_calls),
            answered=calls("answered", query.calls(head.days, Figure.ANSWERED, who)),
            missed=calls("missed", query.calls(head.days, Figure.MISSED, who)),
            deals=tuple(
                FigureView(
                    row.deals.of(what),
                    query.of(what.value).url(f"{self.path}/deals"),
                    was.deals.of(what) if was else None,
                )
                for what in Made
            ),
        )


def _tiles(found: OriginReport) -> tuple[Tile, ...]:
    """The regions most calls came from; a country as a whole is no place in a picture."""
    named = [row for row in found.rows if row.origin and row.origin.is_exact and row.calls.ended]
    named.sort(key=lambda row: -row.calls.ended)
    fullest = max((row.calls.ended for row in named), default=1)
    return tuple(
        Tile(row.origin.place, row.calls.ended, _heat(row.calls.ended, fullest), row.calls.missed_share)
        for row in named[:TILES]
        if row.origin and row.origin.place
    )


def _heat(count: int, fullest: int) -> int:
    """The hottest for the fullest alone."""
    return -(-HOTTEST * count // fullest)


def _part(head: ReportHead) -> Made:
    return choice_of(Made, head.query.part) or Made.ALL


def _deals(request: web.Request, head: ReportHead) -> Callable[[Rows], Awaitable[DealPage]]:
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return lambda rows: reports.made(scope, head.wanted, _part(head), rows)


SOURCES = OriginPages(OriginKind.SOURCE, "/reports/sources")
LINES = OriginPages(OriginKind.LINE, "/reports/lines")
REGIONS = OriginPages(OriginKind.REGION, "/reports/regions")
