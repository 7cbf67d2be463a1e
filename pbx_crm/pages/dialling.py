"""The Call button beside a number, and the one that ends a call."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.errors import BadInput, PbxUnreachable, Refused
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.refusals import status_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def dial(request: web.Request) -> web.StreamResponse:
    """POST /calls/dial: rings the viewer's own phone; the button comes back with a fresh key."""
    form = await form_of(request)
    number, status, problem = form.text("number"), HTTPStatus.OK, ""
    try:
        services = services_of(request)
        number = await services.dialling.dial(viewer_of(request), number, form.text("request_key"))
    except (Refused, PbxUnreachable) as refusal:
        if not is_fragment(request):
            raise
        status, problem = status_of(refusal), _in_words(request, refusal)
    if not is_fragment(request):
        return see_other("/calls")
    return await render(request, "parts/dialled.html", {"number": number, "problem": problem}, status=status)


def _in_words(request: web.Request, refusal: Refused | PbxUnreachable) -> str:
    reader = wording_of(request)
    if isinstance(refusal, BadInput):
        return " ".join(reader.reasons_of(refusal).values())
    return reader.gettext(str(refusal))
