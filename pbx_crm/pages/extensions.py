"""Settings: which phone is whose, and since when."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/extensions"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/extensions: phones nobody answers for first, then who had which when."""
    return await _page(request, {}, {})


async def link(request: web.Request) -> web.StreamResponse:
    """POST /settings/extensions/link: gives a phone to a person, or the form again with the reasons."""
    form = await form_of(request)
    since = form.moment("since", wording_of(request).zone)
    person_id = form.whole("person", least=1)
    pbx = form.text("pbx")
    if pbx not in services_of(request).installation.pbxes:
        form.reasons["pbx"] = N_("There is no such PBX.")
    try:
        form.require_good()
        staff = services_of(request).staff
        await staff.link(viewer_of(request), pbx, form.text("number"), person_id, since)
    except BadInput as refused:
        return await _page(request, form.values, refused.reasons, status=422)
    return see_other(HERE)


async def unlink(request: web.Request) -> web.StreamResponse:
    """POST /settings/extensions/unlink: from now on the phone is nobody's."""
    form = await form_of(request)
    await services_of(request).staff.unlink(viewer_of(request), form.text("pbx"), form.text("number"))
    return see_other(HERE)


async def _page(
    request: web.Request, values: Mapping[str, str], reasons: Mapping[str, str], *, status: int = 200
) -> web.Response:
    services = services_of(request)
    found = await services.staff.extensions()
    people = [person for person in await services.staff.everybody() if person.is_active]
    filled = {
        "here": HERE,
        "unlinked": found.unlinked,
        "links": found.links,
        "people": people,
        "choices": [(person.id, person.name) for person in people],
        "pbxes": [(name, name) for name in services.installation.pbxes],
        "values": values,
        "reasons": reasons,
    }
    return await render(request, "extensions.html", filled, status=status)
