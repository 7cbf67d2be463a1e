"""A head begins and stops to see the pages as a seller does; `pbx_crm/pages/entry.py` does the rest."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.pages.answers import see_other
from pbx_crm.pages.people import HERE, person_id_of
from pbx_crm.pages.request import OPTIONS, SEE_AS_COOKIE, services_of, viewer_of


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person}/see-as: the seller's board, until one stops looking or signs out."""
    person_id = person_id_of(request)
    await services_of(request).entry.see_as.begin(viewer_of(request), person_id)
    answer = see_other("/board")
    secure = request.app[OPTIONS].is_encrypted
    answer.set_cookie(SEE_AS_COOKIE, str(person_id), path="/", httponly=True, samesite="Lax", secure=secure)
    return answer


async def end(request: web.Request) -> web.StreamResponse:
    """POST /see-as/end: the head's own pages again."""
    answer = see_other(HERE if request.cookies.get(SEE_AS_COOKIE) else "/")
    answer.del_cookie(SEE_AS_COOKIE, path="/")
    return answer
