"""Not a client: the question, its answer, the undo, and what the head makes of a seller's wish."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.deal import NothingToUndo
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.not_client import Marked, NotClient
from pbx_crm.domain.person import Reach
from pbx_crm.pages.answers import see_other, telling
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.pages.wrap_up import popup_values


async def ask(request: web.Request) -> web.StreamResponse:
    """GET /popup/{call_id}/not-client: why its card is lost, and whether its number is skipped."""
    return await _question(request, {})


async def mark(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/not-client: done, or the question again with what is missing."""
    form = await form_of(request)
    reason = form.whole("loss_reason_id", least=1) if form.text("loss_reason_id") else None
    try:
        form.require_good()
        answer = NotClient(reason, form.is_on("skips"), form.text("name"))
        marked = await services_of(request).after_call.not_clients.mark(
            viewer_of(request), _call_id(request), answer
        )
    except BadInput as refused:
        return await _question(request, wording_of(request).reasons_of(refused))
    return await _done(request, marked)


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/not-client/undo: a client again, unless the card went on since."""
    form = await form_of(request)
    move_id = form.whole("move_id", least=1) if form.text("move_id") else None
    rule_id = form.whole("rule_id", least=1) if form.text("rule_id") else None
    form.require_good()
    marked = Marked(_call_id(request), move_id, rule_id)
    try:
        await services_of(request).after_call.not_clients.take_back(viewer_of(request), marked, new_key())
    except NothingToUndo as refusal:
        return await _done(request, None, wording_of(request).sentence_of(refusal))
    return await _done(request, None)


async def decide(request: web.Request) -> web.StreamResponse:
    """POST /today/skips: the head makes the rule a seller asks for, or does not."""
    form = await form_of(request)
    skips = form.one_of("act", ("skip", "leave")) == "skip"
    form.require_good()
    await services_of(request).after_call.not_clients.decide(
        viewer_of(request), form.text("number"), skips=skips
    )
    return see_other("/today")


async def tell_owner(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/tell-owner: the client's seller has a call back to make."""
    await services_of(request).after_call.owners_told.tell(viewer_of(request), _call_id(request))
    if not is_fragment(request):
        return see_other("/calls")
    return await render(request, "parts/popup.html", await popup_values(request))


async def _question(request: web.Request, reasons: Mapping[str, str]) -> web.StreamResponse:
    viewer = viewer_of(request)
    form = await services_of(request).after_call.not_clients.form(viewer, _call_id(request))
    template = "parts/not_client.html" if is_fragment(request) else "not_client.html"
    values = {"form": form, "reasons": reasons, "is_head": viewer.scope.reach is Reach.ALL}
    status = HTTPStatus.UNPROCESSABLE_ENTITY if reasons else HTTPStatus.OK
    return await render(request, template, values, status=status)


async def _done(request: web.Request, marked: Marked | None, sentence: str = "") -> web.StreamResponse:
    if not is_fragment(request):
        return see_other("/board")
    values = {**await popup_values(request), "marked": marked, "sentence": sentence}
    status = HTTPStatus.CONFLICT if sentence else HTTPStatus.OK
    return telling(await render(request, "parts/not_client_done.html", values, status=status), "tasks")


def _call_id(request: web.Request) -> int:
    return int(request.match_info["call_id"])
