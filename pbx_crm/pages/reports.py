"""Where the reports begin."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.report_calls import PATH


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports: on to calls per seller, days and slices kept."""
    raise web.HTTPFound(f"{PATH}?{request.query_string}" if request.query_string else PATH)
