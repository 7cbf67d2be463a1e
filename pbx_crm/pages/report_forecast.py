"""The forecast as a page, as a file, and the open deals behind what stands apart from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import numpy as np
from aiohttp import web

from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.forecast import LEAST_SETTLED, LEAST_WINS, Range
from pbx_crm.domain.forecast_report import ComingMonth, ForecastReport, Heap, Pile, money
from pbx_crm.domain.sentence import N_
from pbx_crm.pages import report_columns
from pbx_crm.pages.call_query import choice_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_figures import deal_file, page_of
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/forecast"
DEALS_PATH = "/reports/forecast/deals"
SLICES = frozenset({"seller", "line", "source", "region", "funnel", "band"})
DATED = N_("Dated by their sellers")
WON = "won-"
"""Before a month's key: the deals won in it."""
PILES = {
    Pile.NO_DATE: (N_("No date"), N_("Nobody said when they should close.")),
    Pile.PASSED: (N_("Date passed"), N_("The day they should have closed is over.")),
    Pile.STALE: (
        N_("Stale"),
        N_("Longer in their stage than any deal that ever went on from there. The forecast leaves them out."),
    ),
}


@dataclass(frozen=True, slots=True)
class PileView:
    """Open deals that stand apart."""

    name: str
    meaning: str
    heap: Heap
    url: str
    is_weighed: bool


@dataclass(frozen=True, slots=True)
class Strip:
    """Where a range lies, in percent of the longest; for a drawing."""

    low: float
    high: float
    expected: float


@dataclass(frozen=True, slots=True)
class MonthView:
    """A coming month with its drawing and the address of the deals dated into it."""

    coming: ComingMonth
    strip: Strip
    url: str
    won_url: str


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/forecast."""
    head, found = await _found(request)
    ranges = [month.wins for month in found.months] + [month.wins for month in found.past]
    longest = max((wins.high for wins in ranges), default=0) or 1
    values = {
        "head": head,
        "report": found,
        "months": tuple(_month(head, month, longest) for month in found.months),
        "past": tuple(
            (month, _strip(month.wins, longest), won_url(head.query, month.month.key)) for month in found.past
        ),
        "piles": _piles(head, found),
        "least_wins": LEAST_WINS,
        "least_settled": LEAST_SETTLED,
        "whole_money": money,
        "about": report_columns.FORECAST,
    }
    return await render(request, "report_forecast.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/forecast.csv and .xlsx: a row a month, past and coming, and one for what stands apart."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def show_deals(request: web.Request) -> web.StreamResponse:
    """GET /reports/forecast/deals: exactly the open deals that a figure counted."""
    head, found = await _found(request, DEALS_PATH)
    key = head.query.part.removeprefix(WON)
    months = [one.month for one in found.past] + [one.month for one in found.months]
    month = next((one.first for one in months if one.key == key), None)
    named = N_("Won") if head.query.part.startswith(WON) else DATED
    values = {
        "name": named if month else PILES[_pile(head)][0],
        "month": month,
        "funnel": found.funnel,
        "back_url": head.query.of("").url(PATH),
        **await page_of(head, _deals(request, head, found)),
    }
    return await render(request, "report_forecast_deals.html", values)


async def deals_as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/forecast/deals.csv and .xlsx: the same deals."""
    head, found = await _found(request, DEALS_PATH)
    return await deal_file(request, head, _deals(request, head, found))


def _deals(
    request: web.Request, head: ReportHead, found: ForecastReport
) -> Callable[[Rows], Awaitable[DealPage]]:
    ids, reports, scope = _ids(head, found), services_of(request).reports, viewer_of(request).scope
    return lambda rows: reports.deals(scope, ids, rows)


def _ids(head: ReportHead, found: ForecastReport) -> Ints:
    part, none = head.query.part, np.zeros(0, np.int64)
    if part.startswith(WON):
        won = found.won_in(part.removeprefix(WON))
        return none if won is None else won
    heap = found.heap(part) or found.heap(_pile(head))
    return heap.ids if heap else none


def _pile(head: ReportHead) -> Pile:
    """The pile asked for; one that makes no sense is that without a date."""
    return choice_of(Pile, head.query.part) or Pile.NO_DATE


async def _found(request: web.Request, path: str = PATH) -> tuple[ReportHead, ForecastReport]:
    head = await head_of(request, path, SLICES, has_period=False)
    reports, scope = services_of(request).reports, viewer_of(request).scope
    found = await reports.forecast(scope, head.wanted, head.now, head.zone, head.calendar)
    if found is None:
        raise NotFound
    return head, found


def _month(head: ReportHead, month: ComingMonth, longest: float) -> MonthView:
    key = month.month.key
    dated_url = head.query.of(key).url(DEALS_PATH)
    return MonthView(month, _strip(month.wins, longest), dated_url, won_url(head.query, key))


def won_url(query: ReportQuery, key: str) -> str:
    """The address of the deals won in the month of this key."""
    return query.of(f"{WON}{key}").url(DEALS_PATH)


def _strip(wins: Range, longest: float) -> Strip:
    low, high, expected = (100 * value / longest for value in (wins.low, wins.high, wins.expected))
    return Strip(low, high, min(expected, 100.0))


def _piles(head: ReportHead, found: ForecastReport) -> tuple[PileView, ...]:
    return tuple(
        PileView(
            *PILES[pile], heap, head.query.of(pile.value).url(DEALS_PATH), is_weighed=pile is not Pile.STALE
        )
        for pile, heap in found.piles.items()
    )
