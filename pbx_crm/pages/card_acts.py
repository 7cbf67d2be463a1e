"""What a key does to a card without opening it: its next step, its priority."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.deal_card import CHOSEN_KINDS, PRIORITIES, remind_in, usual_due
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


async def ask_task(request: web.Request) -> web.StreamResponse:
    """GET /deals/17/step: the form of a next step, over the board."""
    await services_of(request).deals.get(viewer_of(request), _id(request))
    if not is_fragment(request):
        return see_other(f"/deals/{_id(request)}")
    return await _form(request, {"due_at": usual_due(request)}, {})


async def set_task(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/step: the next step is set, or the form again with what is wrong."""
    form, deal_id = await form_of(request), _id(request)
    kind = form.choice("kind", TaskKind, TaskKind.CALL)
    due_at = form.moment("due_at", zone_of(request))
    if due_at is None and "due_at" not in form.reasons:
        form.reasons["due_at"] = N_("Say when.")
    tasks, remind = services_of(request).tasks, remind_in(form)
    try:
        form.require_good()
        if due_at is not None:
            title = form.text("title")
            await tasks.add_to_deal(viewer_of(request), deal_id, kind, due_at, title, remind_minutes=remind)
    except BadInput as refused:
        reasons = wording_of(request).reasons_of(refused)
        return await _form(request, form.typed(), reasons, HTTPStatus.UNPROCESSABLE_ENTITY)
    return await _done(request, wording_of(request).gettext(N_("The next step is set.")))


async def raise_priority(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/priority: the priority after the one it has."""
    priority = await services_of(request).deals.raise_priority(viewer_of(request), _id(request))
    wording = wording_of(request)
    named = wording.gettext(dict(PRIORITIES)[priority])
    return await _done(request, wording.gettext(N_("Priority: %(priority)s")) % {"priority": named})


def _id(request: web.Request) -> int:
    return int(request.match_info["deal"])


async def _form(
    request: web.Request,
    typed: Mapping[str, str],
    reasons: Mapping[str, str],
    status: HTTPStatus = HTTPStatus.OK,
) -> web.Response:
    values = {
        "deal_id": _id(request),
        "typed": typed,
        "reasons": reasons,
        "kinds": CHOSEN_KINDS,
        "is_again": status is not HTTPStatus.OK,
    }
    return await render(request, "parts/step_form.html", values, status=status)


async def _done(request: web.Request, said: str) -> web.StreamResponse:
    if not is_fragment(request):
        return see_other(f"/deals/{_id(request)}")
    return await render(request, "parts/card_acted.html", {"said": said})
