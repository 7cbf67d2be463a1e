"""Companies: the list, and a company's page with its people and deals."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /companies?q=…: companies of the clients and deals the viewer sees."""
    text, before = request.query.get("q", "").strip(), number_in(request.query.get("before"))
    lines, goes_on = await services_of(request).clients.companies.found(viewer_of(request), text, before)
    return await render(request, "companies.html", {"text": text, "lines": lines, "next_before": goes_on})


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /companies/17: who works there, and what is dealt with them."""
    return await _page(request)


async def rename(request: web.Request) -> web.StreamResponse:
    """POST /companies/17: another name."""
    form = await form_of(request)
    try:
        rename_it = services_of(request).clients.companies.rename
        await rename_it(viewer_of(request), _id(request), form.text("name"))
    except BadInput as refusal:
        reasons = wording_of(request).reasons_of(refusal)
        return await _page(request, form.text("name"), reasons, HTTPStatus.UNPROCESSABLE_ENTITY)
    return see_other(f"/companies/{_id(request)}")


def _id(request: web.Request) -> int:
    return int(request.match_info["company"])


async def _page(
    request: web.Request,
    typed: str | None = None,
    reasons: dict[str, str] | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.StreamResponse:
    card = await services_of(request).clients.companies.view(viewer_of(request), _id(request))
    name = card.name if typed is None else typed
    return await render(
        request, "company.html", {"card": card, "typed": name, "reasons": reasons or {}}, status=status
    )
