"""The bell in the frame of every page: what came while one looked elsewhere."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.answers import see_other
from pbx_crm.pages.render import render
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /bell: the bell with its lines."""
    bell = await services_of(request).clients.bells.of(viewer_of(request))
    return await render(request, "parts/bell.html", {"bell": bell})


async def mark_seen(request: web.Request) -> web.StreamResponse:
    """POST /bell/seen: everything is read."""
    await services_of(request).clients.bells.mark_seen(viewer_of(request))
    return await show(request) if is_fragment(request) else see_other("/today")
