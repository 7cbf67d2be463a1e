"""Erasing a client for good: what would go is shown first, and what could not go is named."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.erasure import LeftRecording, OnThePhone, RecordingsLeft
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /contacts/17/erase: what would be gone, and what would stay without a name."""
    return await _page(request)


async def erase(request: web.Request) -> web.StreamResponse:
    """POST /contacts/17/erase: done, and told once what is left; else the page again with the reason."""
    form = await form_of(request)
    if not form.is_on("sure"):
        return await _page(request, unsure=True, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    service = services_of(request).office.erasure
    try:
        erased = await service.erase(
            viewer_of(request), _id(request), even_if_left=form.is_on("even_if_left")
        )
    except RecordingsLeft as refusal:
        return await _page(request, left=refusal.left, status=HTTPStatus.CONFLICT)
    except OnThePhone as refusal:
        sentence = wording_of(request).sentence_of(refusal)
        return await _page(request, sentence=sentence, status=HTTPStatus.CONFLICT)
    return await render(request, "contact_erased.html", {"erased": erased})


async def _page(
    request: web.Request,
    *,
    left: tuple[LeftRecording, ...] = (),
    sentence: str = "",
    unsure: bool = False,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.StreamResponse:
    trace = await services_of(request).office.erasure.look(viewer_of(request), _id(request))
    values = {"trace": trace, "left": left, "sentence": sentence, "unsure": unsure}
    return await render(request, "contact_erase.html", values, status=status)


def _id(request: web.Request) -> int:
    return int(request.match_info["contact"])
