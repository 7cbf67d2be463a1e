"""Files on a deal's card: sent, given back as downloads, deleted; and the head's switch."""

from __future__ import annotations

from urllib.parse import quote

from aiohttp import web

from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.deal_card import again, again_with, deal_id_of
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.uploads import parts_of, sent_file


async def add(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/files: the file on the card, or what is wrong with it."""
    files = services_of(request).clients.files
    try:
        sent = await sent_file(request)
        await files.add(viewer_of(request), deal_id_of(request), sent.filename or "", parts_of(sent))
    except BadInput as refusal:
        return await again_with(request, "file", {}, refusal)
    return await again(request)


async def give(request: web.Request) -> web.StreamResponse:
    """GET /deals/17/files/5: a download, never a page: nothing sent here runs in anybody's browser."""
    return await download(request, deal_id_of(request), int(request.match_info["file"]))


async def download(request: web.Request, deal_id: int, file_id: int) -> web.StreamResponse:
    """The file's content as a download; NotFound outside the viewer's scope."""
    file, path = await services_of(request).clients.files.get(viewer_of(request), deal_id, file_id)
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
    return await render(request, "files.html", {"state": state, "here": "/settings/files"})


async def switch(request: web.Request) -> web.StreamResponse:
    """POST /settings/files: on or off."""
    form = await form_of(request)
    is_on = form.one_of("on", ("yes", "no")) == "yes"
    form.require_good()
    await services_of(request).clients.files.switch(viewer_of(request), is_on)
    return see_other("/settings/files")
