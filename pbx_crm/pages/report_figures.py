"""Figures of reports as they are printed, and the pages of deals behind them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from pbx_crm.domain.deal_list import DealPage, Rows, table_of
from pbx_crm.pages.render import render
from pbx_crm.pages.report_head import ReportHead

A_PAGE = 100


@dataclass(frozen=True, slots=True)
class FigureView:
    """One count as it is printed."""

    value: int
    url: str
    """Of exactly the rows it counted."""
    before: int | None = None
    """The same of the stretch before; None where nothing is compared."""
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class DealsTitle:
    """What a list of deals is headed by."""

    ours: str
    """To be translated."""
    own: str = ""
    """As people named it."""


async def deal_list(
    request: web.Request,
    head: ReportHead,
    title: DealsTitle,
    back_url: str,
    found: Callable[[Rows], Awaitable[DealPage]],
) -> web.Response:
    """The deals behind a figure, a page at a time."""
    values = {"title": title, "back_url": back_url, **await page_of(head, found)}
    return await render(request, "report_deal_list.html", values)


async def page_of(head: ReportHead, found: Callable[[Rows], Awaitable[DealPage]]) -> dict[str, Any]:
    """What `parts/deal_lines.html` shows: the page asked for, and the ways to the others."""
    number = head.query.page
    shown = await found(Rows((number - 1) * A_PAGE, A_PAGE))
    return {
        "head": head,
        "lines": shown.lines,
        "count": shown.count,
        "first_row": (number - 1) * A_PAGE + 1,
        "newer_url": replace(head.query, page=number - 1).url(head.path) if number > 1 else None,
        "older_url": replace(head.query, page=number + 1).url(head.path)
        if number * A_PAGE < shown.count
        else None,
    }


async def deal_file(
    request: web.Request, head: ReportHead, found: Callable[[Rows], Awaitable[DealPage]]
) -> web.Response:
    """All of them as a file."""
    return await head.file(request, table_of((await found(Rows())).lines))
