"""Reminders over any page: what is to be done soon, until the person has seen it."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.answers import see_other
from pbx_crm.pages.render import render
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reminders: the viewer's own, for the corner of the page; nothing if there are none."""
    due = await services_of(request).automation.reminders.due(viewer_of(request))
    return await render(request, "parts/reminders.html", {"due": due})


async def see(request: web.Request) -> web.StreamResponse:
    """POST /reminders/3/seen: not again."""
    task_id = int(request.match_info["task"])
    await services_of(request).automation.reminders.seen(viewer_of(request), task_id)
    return await show(request) if is_fragment(request) else see_other("/today")
