"""A deal made by hand: the New deal button, and the popup of a call that makes no card by itself."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.board import BoardView
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person, Role
from pbx_crm.pages.answers import elsewhere
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.services.deals import DealForm

FIELDS = ("client_name", "number", "title", "source", "amount", "funnel_id", "owner_id", "request_key")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /deals/new: the form; a number or a name in the address is filled in."""
    typed = {name: request.query.get(name, "") for name in FIELDS}
    return await _form(request, {**typed, "request_key": new_key()}, {})


async def create(request: web.Request) -> web.StreamResponse:
    """POST /deals/new: the new deal's page, or the form again with what is wrong."""
    form = await form_of(request)
    try:
        wish = _wish(form)
        deal_id = await services_of(request).deals.create(viewer_of(request), wish)
    except BadInput as refusal:
        reasons = wording_of(request).reasons_of(refusal)
        return await _form(request, form.typed(), reasons, HTTPStatus.UNPROCESSABLE_ENTITY)
    # The fragment puts the focus on the new card; the query makes it another address than the board's own.
    board = f"/board?deal={deal_id}#name-{deal_id}"
    return elsewhere(request, f"/deals/{deal_id}" if form.is_on("open") else board)


def _wish(form: Form) -> DealForm:
    wish = DealForm(
        client_name=form.text("client_name"),
        number=form.text("number"),
        title=form.text("title"),
        source=form.text("source"),
        amount=form.amount("amount"),
        funnel_id=form.whole("funnel_id") if form.text("funnel_id") else None,
        owner_id=form.whole("owner_id") if form.text("owner_id") else None,
        request_key=form.text("request_key")[:80] or None,
    )
    form.require_good()
    return wish


async def _form(
    request: web.Request,
    typed: Mapping[str, str],
    reasons: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
) -> web.StreamResponse:
    viewer = viewer_of(request)
    board = await services_of(request).boards.show(viewer, BoardView(), zone_of(request))
    values = {
        "typed": {**dict.fromkeys(FIELDS, ""), **typed},
        "reasons": reasons,
        "funnels": board.funnels,
        "sellers": await _sellers(request) if viewer.role is Role.HEAD else [],
        "viewer_id": viewer.id,
    }
    template = "parts/deal_new.html" if is_fragment(request) else "deal_new.html"
    return await render(request, template, values, status=status)


async def _sellers(request: web.Request) -> list[Person]:
    people = await services_of(request).staff.everybody()
    return [person for person in people if person.is_active and person.role is not Role.NONE]
