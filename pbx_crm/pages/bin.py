"""The bin: what was deleted in the last thirty days, each with a button that puts it back."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.bin import KEPT_DAYS, BinItem, BinKind
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

KINDS = {
    BinKind.DEAL: N_("Deal"),
    BinKind.NOTE: N_("Note"),
    BinKind.MERGE: N_("Merged contact"),
    BinKind.FILE: N_("File"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /bin: what the viewer may put back."""
    items = await services_of(request).clients.bin.listed(viewer_of(request))
    return await render(request, "bin.html", {"items": items, "kinds": KINDS, "days": KEPT_DAYS})


async def put_back(request: web.Request) -> web.StreamResponse:
    """POST /bin/5/back: as it was, and there."""
    item = await services_of(request).clients.bin.put_back(
        viewer_of(request), int(request.match_info["item"])
    )
    return see_other(_place_of(item))


def _place_of(item: BinItem) -> str:
    match item.kind:
        case BinKind.DEAL | BinKind.NOTE | BinKind.FILE:
            return f"/deals/{item.subject_id}"
        case BinKind.MERGE:
            return f"/contacts/{item.subject_id}"
