"""Reminders over any page: what is to be done soon, and warnings for heads, until they are seen."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reminders: the viewer's own, for the corner of the page, and what heads are warned of."""
    services, viewer = services_of(request), viewer_of(request)
    due = await services.automation.reminders.due(viewer)
    watched = await services.entry.watch.standing(viewer)
    return await render(request, "parts/reminders.html", {"due": due, "watched": watched})


async def see(request: web.Request) -> web.StreamResponse:
    """POST /reminders/3/seen: not again."""
    task_id = int(request.match_info["task"])
    await services_of(request).automation.reminders.seen(viewer_of(request), task_id)
    return await show(request) if is_fragment(request) else see_other("/today")


async def see_warning(request: web.Request) -> web.StreamResponse:
    """POST /reminders/warnings/seen: a head has taken notice of who opened many clients."""
    form = await form_of(request)
    await services_of(request).entry.watch.seen(viewer_of(request), form.text("key"))
    return await show(request) if is_fragment(request) else see_other("/today")
