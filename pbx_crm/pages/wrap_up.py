"""Wrapping up a talk, in the popup or in Today: how it went, what comes next, and taking that back.

Also the head's side of it: which answers a funnel offers.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wrap_up import NextStep, Said
from pbx_crm.pages.answers import see_other, telling
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.funnels import HERE, done_or_told
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of

STEPS = {
    NextStep.CALL_SOON: N_("Call in 1 h"),
    NextStep.CALL_TOMORROW: N_("Call tomorrow"),
    NextStep.CALL_NEXT_WEEK: N_("Call in a week"),
    NextStep.OFFER: N_("Send offer"),
    NextStep.NONE: N_("No step"),
}
NOTHING = "nothing"
"""What the button sends that says: nothing is to be said of this talk."""


async def finish(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/wrap-up: the answer, the step and the note in the popup's field."""
    form = await form_of(request)
    note, name = form.text_block("text"), form.text("client_name")
    if form.text("step") == NOTHING:
        said = Said(None, note=note, client_name=name)
    else:
        step = form.choice("step", NextStep, NextStep.NONE)
        said = Said(form.whole("outcome", least=1), step, note, name)
        form.require_good()
    call_id = _call_id(request)
    told = N_("Written down")
    try:
        await services_of(request).after_call.wrap_ups.finish(
            viewer_of(request), call_id, said, zone_of(request)
        )
    except Conflict as refusal:
        return await _told(request, call_id, refusal)
    return await _told(request, call_id, None, wording_of(request).gettext(told))


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /popup/{call_id}/wrap-up/undo: the talk waits again."""
    call_id = _call_id(request)
    try:
        await services_of(request).after_call.wrap_ups.take_back(viewer_of(request), call_id)
    except Conflict as refusal:
        return await _told(request, call_id, refusal)
    return await _told(request, None, None, wording_of(request).gettext(N_("Undone: it waits again")))


async def _told(
    request: web.Request, call_id: int | None, refusal: Conflict | None, words: str = ""
) -> web.StreamResponse:
    if not is_fragment(request):
        if refusal is not None:
            raise refusal
        return see_other("/today")
    values = {
        **await popup_values(request),
        "undoes": call_id if refusal is None else None,
        "words": wording_of(request).sentence_of(refusal) if refusal else words,
        "is_refused": refusal is not None,
    }
    answer = await render(request, "parts/wrapped_up.html", values, status=409 if refusal else 200)
    return telling(answer, "tasks")


async def popup_values(request: web.Request) -> Mapping[str, object]:
    """What the popup's template asks for."""
    popup = await services_of(request).popups.current(viewer_of(request))
    return {"popup": popup, "saved": False, "steps": STEPS}


async def add_outcome(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}/answers: one more answer after a talk."""
    form = await form_of(request)
    suggests = form.choice("suggests", NextStep, NextStep.NONE)
    form.require_good()
    funnel_id = id_in(request.match_info["funnel"])
    settings = services_of(request).setup.funnels
    change = settings.add_outcome(viewer_of(request), funnel_id, form.text("outcome"), suggests)
    return await done_or_told(request, funnel_id, change, form.values)


async def change_outcome(request: web.Request) -> web.StreamResponse:
    """POST /settings/answers/{answer}: other words and another suggestion, or retired by its button."""
    form = await form_of(request)
    settings, viewer = services_of(request).setup.funnels, viewer_of(request)
    outcome_id = id_in(request.match_info["answer"])
    if form.text("act") == "retire":
        return see_other(f"{HERE}/{await settings.retire_outcome(viewer, outcome_id)}")
    suggests = form.choice("suggests", NextStep, NextStep.NONE)
    form.require_good()
    funnel_id = await settings.change_outcome(viewer, outcome_id, form.text("outcome"), suggests)
    return see_other(f"{HERE}/{funnel_id}")


def _call_id(request: web.Request) -> int:
    return int(request.match_info["call_id"])
