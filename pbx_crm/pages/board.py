"""The board: a funnel's columns with their cards."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from pbx_crm.domain.board import Column, Order, Period, shown_from
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import Urgency
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import query_of, view_from
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.pages.wrap_up import STEPS as NEXT_STEPS

ORDERS = {
    Order.NEWEST: N_("Newest in stage first"),
    Order.OLDEST: N_("Longest in stage first"),
    Order.URGENT: N_("Most urgent first"),
}
STEPS = {
    Urgency.OVERDUE: N_("overdue"),
    Urgency.TODAY: N_("today"),
    Urgency.LATER: N_("later"),
    Urgency.NONE: N_("no next step"),
}
PERIODS = {
    Period.TODAY: N_("since today"),
    Period.WEEK: N_("in the last 7 days"),
    Period.MONTH: N_("in the last 30 days"),
    Period.QUARTER: N_("in the last 90 days"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /board?funnel=1&owner=2&order=oldest: the whole board."""
    viewer, view = viewer_of(request), view_from(request.query)
    board = await services_of(request).boards.show(viewer, view, zone_of(request))
    sellers = await _sellers(request)
    values = {
        "board": board,
        "sellers": sellers,
        "query": query_of(view),
        "shows_owner": board.shows_owner,
        "orders": ORDERS,
        "steps": STEPS,
        "periods": PERIODS,
        "views": await services_of(request).boards.views(viewer),
        "next_steps": NEXT_STEPS,
        "here": parse_qsl(query_of(view)),
        "loss_reasons": await services_of(request).boards.loss_reasons(board.funnel.id),
    }
    return await render(request, "board.html", values)


async def totals(request: web.Request) -> web.StreamResponse:
    """GET /board/totals: what all columns come to, for a page that keeps itself up to date."""
    viewer, view = viewer_of(request), view_from(request.query)
    board = await services_of(request).boards.outline(viewer, view, zone_of(request))
    return await render(request, "parts/board_totals.html", {"board": board, "query": query_of(view)})


async def column(request: web.Request) -> web.StreamResponse:
    """GET /board/column/3?shown=60: one column, for a page that keeps itself up to date."""
    viewer, view = viewer_of(request), view_from(request.query)
    stage_id = int(request.match_info["stage"])
    shown = request.query.get("shown", "")
    wanted = {stage_id: shown_from(int(shown) if shown.isdecimal() and len(shown) < 9 else 0)}
    found = await services_of(request).boards.columns(viewer, wanted, view, zone_of(request))
    return await render(request, "column.html", column_values(viewer, found[0], query_of(view)))


async def fold(request: web.Request) -> web.StreamResponse:
    """POST /board/column/3/fold: folded for this viewer from now on, or unfolded; the column again."""
    form, query = await form_of(request), query_of(view_from(request.query))
    stage_id = int(request.match_info["stage"])
    is_folded = form.text("folded") == "yes"
    await services_of(request).boards.fold(viewer_of(request), stage_id, is_folded=is_folded)
    return await column(request) if is_fragment(request) else see_other(f"/board?{query}")


def column_values(viewer: Person, shown: Column, query: str) -> dict[str, object]:
    """What the template of a column asks for."""
    return {"column": shown, "query": query, "shows_owner": viewer.role is Role.HEAD}


async def _sellers(request: web.Request) -> list[Person]:
    people = await services_of(request).staff.everybody()
    return [person for person in people if person.is_active and person.role is not Role.NONE]
