"""The call popup: the panel at the edge of every page of somebody whose phone rings."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.errors import NotFound
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.wrap_up import popup_values


async def show(request: web.Request) -> web.StreamResponse:
    """GET /popup: the viewer's panel, empty while no call wants them."""
    return await _panel(request)


async def close(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/close: closed here and in every other tab."""
    await services_of(request).popups.close(viewer_of(request), _call_id(request))
    return await _panel(request)


async def hang_up(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/hang-up: ends the viewer's own leg; the panel follows when the PBX says so."""
    await services_of(request).dialling.hang_up(viewer_of(request), _call_id(request))
    return await _panel(request)


async def new_deal(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/deal: a card in Unsorted, the viewer's own, for a call that made none."""
    form = await form_of(request)
    await services_of(request).intake.new_deal_from_call(
        viewer_of(request), _call_id(request), client_name=form.text("name")
    )
    return await _panel(request)


async def note(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/note: a note on the call's deal, and the client's name; either may be empty."""
    services, viewer = services_of(request), viewer_of(request)
    form = await form_of(request)
    popup = await services.popups.current(viewer)
    if popup is None or popup.call.call_id != _call_id(request) or popup.deal is None:
        raise NotFound
    name, text = form.text("client_name"), form.text_block("text")
    if name:
        await services.deals.name_client(viewer, popup.deal.id, name)
    if text:
        await services.deals.add_note(viewer, popup.deal.id, text)
    return await _panel(request, saved=bool(name or text))


async def _panel(request: web.Request, *, saved: bool = False) -> web.Response:
    return await render(request, "parts/popup.html", {**await popup_values(request), "saved": saved})


def _call_id(request: web.Request) -> int:
    return int(request.match_info["call_id"])
