"""Clients written down twice: proposed, looked at side by side, made one."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.contacts import fields_in
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def show_pairs(request: web.Request) -> web.StreamResponse:
    """GET /contacts/duplicates: clients of one name."""
    groups = await services_of(request).clients.contacts.perhaps_same(viewer_of(request))
    return await render(request, "contact_duplicates.html", {"groups": groups})


async def show(request: web.Request) -> web.StreamResponse:
    """GET /contacts/17/merge?with=19: the two side by side; without another one, the search for them."""
    contacts, viewer = services_of(request).clients.contacts, viewer_of(request)
    if "with" not in request.query:
        return await _search(request)
    keep = await contacts.view(viewer, _id(request))
    gone = await contacts.view(viewer, number_in(request.query.get("with")) or 0)
    return await render(request, "contact_merge.html", {"keep": keep.card, "gone": gone.card})


async def _search(request: web.Request) -> web.StreamResponse:
    """Whom this client may be merged with, by ?q=…; the found ones alone for htmx."""
    contacts, viewer = services_of(request).clients.contacts, viewer_of(request)
    text = request.query.get("q", "")
    found = await contacts.others(viewer, _id(request), text)
    values = {"contact_id": _id(request), "text": text.strip(), "found": found}
    if is_fragment(request):
        return await render(request, "parts/merge_found.html", values)
    view = await contacts.view(viewer, _id(request))
    return await render(request, "contact_merge_search.html", {**values, "card": view.card})


async def merge(request: web.Request) -> web.StreamResponse:
    """POST /contacts/17/merge: the other is this one from now on; the bin tells them apart again."""
    form = await form_of(request)
    gone_id, fields = form.whole("with"), fields_in(form)
    form.require_good()
    await services_of(request).clients.contacts.merge(viewer_of(request), _id(request), gone_id, fields)
    return see_other(f"/contacts/{_id(request)}")


def _id(request: web.Request) -> int:
    return int(request.match_info["contact"])
