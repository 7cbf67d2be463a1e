"""GET /banner: the lines about the PBX link, fetched anew when its state changes."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.render import render


async def show(request: web.Request) -> web.StreamResponse:
    """The lines for this viewer; nothing at all when all is well."""
    return await render(request, "parts/notices.html")
