"""The advice of robots on a card, and what a reader does with it."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def put_off(request: web.Request) -> web.StreamResponse:
    """POST /advice/5/later: shown again tomorrow."""
    await services_of(request).automation.advices.put_off(viewer_of(request), _id(request))
    return await _done(request, N_("You will be told again tomorrow."))


async def lower(request: web.Request) -> web.StreamResponse:
    """POST /advice/5/lower: the card's priority is low."""
    await services_of(request).automation.advices.lower(viewer_of(request), _id(request))
    return await _done(request, N_("The priority is low now."))


async def dismiss(request: web.Request) -> web.StreamResponse:
    """POST /advice/5/dismiss: gone."""
    await services_of(request).automation.advices.dismiss(viewer_of(request), _id(request))
    return await _done(request, N_("The advice is put away."))


def _id(request: web.Request) -> int:
    return int(request.match_info["advice"])


async def _done(request: web.Request, said: str) -> web.StreamResponse:
    if not is_fragment(request):
        return see_other("/today")
    return await render(request, "parts/card_acted.html", {"said": wording_of(request).gettext(said)})
