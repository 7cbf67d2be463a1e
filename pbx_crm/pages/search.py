"""What the search box finds, and columns too long for the board."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.board import filter_of
from pbx_crm.pages.board_place import number_in, query_of, view_from
from pbx_crm.pages.render import render, zone_of
from pbx_crm.pages.request import services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /search?q=…, or /search?stage=3&before=170 for the deals of a column."""
    viewer, text = viewer_of(request), request.query.get("q", "").strip()
    service, view = services_of(request).search, view_from(request.query)
    stage_id = number_in(request.query.get("stage"))
    if stage_id is None:
        found = await service.by_text(viewer, text)
    else:
        before = number_in(request.query.get("before"))
        wanted = filter_of(view, services_of(request).clock(), zone_of(request))
        found = await service.in_stage(viewer, stage_id, wanted, before)
    values = {"text": text, "found": found, "stage_id": stage_id, "query": query_of(view)}
    return await render(request, "search.html", values)
