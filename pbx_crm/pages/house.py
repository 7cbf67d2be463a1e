"""Settings: what sellers find in the menu."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.seller_place import SellerPlace
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/house"
NAMES = {
    SellerPlace.CONTACTS: N_("Contacts: the clients of their own deals"),
    SellerPlace.REPORTS: N_("Reports: their own figures"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/house: the switches."""
    on = await services_of(request).setup.house.places()
    return await render(request, "house.html", {"here": HERE, "names": NAMES, "on": on})


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/house: sellers see what is ticked, from their next page on."""
    form = await form_of(request)
    wanted = {place for place in SellerPlace if form.is_on(place.value)}
    await services_of(request).setup.house.set_places(viewer_of(request), wanted)
    return see_other(HERE)
