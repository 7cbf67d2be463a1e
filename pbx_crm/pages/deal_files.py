"""Files on a deal's card: sent, given back as downloads, deleted; and the head's switch."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from aiohttp import BodyPartReader, web

from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.deal_card import again, again_with, deal_id_of
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

PART = 256 * 1024
"""Bytes read at once: what one upload takes of the memory, however large it is."""


async def add(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/files: the file on the card, or what is wrong with it."""
    files = services_of(request).clients.files
    try:
        sent = await _sent(request)
        await files.add(viewer_of(request), deal_id_of(request), sent.filename or "", _parts(sent))
    except BadInput as refusal:
        return await again_with(request, "file", {}, refusal)
    return await again(request)


async def _sent(request: web.Request) -> BodyPartReader:
    if request.content_type == "multipart/form-data":
        reader = await request.multipart()
        while (part := await reader.next()) is not None:
            if isinstance(part, BodyPartReader) and part.name == "file" and part.filename:
                return part
    raise BadInput(reasons={"file": N_("Choose a file.")})


async def _parts(sent: BodyPartReader) -> AsyncIterator[bytes]:
    while part := await sent.read_chunk(PART):
        yield part


async def give(request: web.Request) -> web.StreamResponse:
    """GET /deals/17/files/5: a download, never a page: nothing sent here runs in anybody's browser."""
    file, path = await services_of(request).clients.files.get(
        viewer_of(request), deal_id_of(request), int(request.match_info["file"])
    )
    if not path.is_file():
        raise NotFound(N_("The content of this file is lost."))
    headers = {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(file.name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
    }
    return web.FileResponse(path, headers=headers)


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/files/5/delete: into the bin."""
    files = services_of(request).clients.files
    await files.delete(viewer_of(request), deal_id_of(request), int(request.match_info["file"]))
    return await again(request)


async def show_settings(request: web.Request) -> web.StreamResponse:
    """GET /settings/files: whether files may be put on deals."""
    state = await services_of(request).clients.files.state()
    return render(request, "files.html", {"state": state, "here": "/settings/files"})


async def switch(request: web.Request) -> web.StreamResponse:
    """POST /settings/files: on or off."""
    form = await form_of(request)
    is_on = form.one_of("on", ("yes", "no")) == "yes"
    form.require_good()
    await services_of(request).clients.files.switch(viewer_of(request), is_on)
    return see_other("/settings/files")
