"""Settings: the first steps of a fresh installation, each green by evidence."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.answers import see_other
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of
from pbx_crm.services.first_steps import FirstSteps

HERE = "/settings/first-steps"


async def home(request: web.Request) -> web.StreamResponse:
    """GET /settings: the first steps while one is left to do, else the people."""
    return see_other("/settings/people" if (await _look(request)).is_done else HERE)


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/first-steps: what is done, and what to do next; it looks again when a call comes in."""
    return await render(request, "first_steps.html", {"here": HERE, "steps": await _look(request)})


async def _look(request: web.Request) -> FirstSteps:
    services = services_of(request)
    return await services.setup.beginning.look(services.pbx_link.states)
