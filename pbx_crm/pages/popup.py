"""The call popup: the panel at the edge of every page of somebody whose phone rings."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /popup: the viewer's panel, empty while no call wants them."""
    return await _panel(request)


async def close(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/close: closed here and in every other tab."""
    await services_of(request).popups.close(viewer_of(request), _call_id(request))
    return await _panel(request)


async def _panel(request: web.Request) -> web.Response:
    popup = await services_of(request).popups.current(viewer_of(request))
    return render(request, "parts/popup.html", {"popup": popup})


def _call_id(request: web.Request) -> int:
    return int(request.match_info["call_id"])
