"""Notes on a deal's card: begun, added, changed, deleted."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx_crm.pages.deal_card import again, deal_id_of, done_or_again
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.request import services_of, viewer_of


async def add(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/notes: something written down."""

    async def save(form: Form) -> None:
        deals = services_of(request).deals
        await deals.add_note(viewer_of(request), deal_id_of(request), form.text_block("text"))

    return await done_or_again(request, "note", save)


async def save_draft(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/draft: what is being written, two seconds after the last key."""
    form = await form_of(request)
    notes = services_of(request).clients.notes
    text, seen = form.text_block("text"), form.text_block("seen")
    await notes.save_draft(viewer_of(request), deal_id_of(request), text, seen)
    return web.Response(status=HTTPStatus.NO_CONTENT)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/notes/5: another text; what was typed stays if somebody else was faster."""

    async def save(form: Form) -> None:
        text, seen = form.text_block("text"), form.text_block("seen")
        notes = services_of(request).clients.notes
        await notes.change(viewer_of(request), deal_id_of(request), _note_id(request), text, seen)

    return await done_or_again(request, f"note-{_note_id(request)}", save)


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/notes/5/delete: into the bin."""
    notes = services_of(request).clients.notes
    await notes.delete(viewer_of(request), deal_id_of(request), _note_id(request))
    return await again(request)


def _note_id(request: web.Request) -> int:
    return int(request.match_info["note"])
