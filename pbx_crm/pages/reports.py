"""Where the reports begin."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.report_period import Preset
from pbx_crm.pages.report_overview import PATH


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports: on to the overview of the last seven days, or of the days and slices asked for."""
    raise web.HTTPFound(f"{PATH}?{request.query_string or f'period={Preset.LAST_7_DAYS}'}")
