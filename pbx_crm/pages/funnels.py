"""Settings: the funnels, one funnel with its stages, and its loss reasons."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput, Conflict, Refused
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.funnel_shape import Shift, in_order, neighbour
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wrap_up import NextStep
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.refusals import status_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.funnel_settings import BODIES, COPY_OF, NewFunnel

HERE = "/settings/funnels"
KINDS = {
    StageKind.OPEN: N_("open: there is work to do"),
    StageKind.WON: N_("won"),
    StageKind.LOST: N_("lost"),
}
KIND_NAMES = {StageKind.UNSORTED: N_("new calls land here"), **KINDS}

SUGGESTIONS = {
    NextStep.NONE: N_("no step"),
    NextStep.CALL_SOON: N_("a call in an hour"),
    NextStep.CALL_TOMORROW: N_("a call tomorrow"),
    NextStep.CALL_NEXT_WEEK: N_("a call in a week"),
    NextStep.OFFER: N_("an offer"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/funnels: every funnel, and the form for one more."""
    return await _list(request)


async def make(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels: one more, of a preset or as a copy, or the form again with the reasons."""
    form = await form_of(request)
    new = NewFunnel(form.text("body"), form.text("name"), form.text("currency").upper())
    try:
        made = await services_of(request).setup.funnels.make(
            viewer_of(request), new, wording_of(request).gettext
        )
    except BadInput as refused:
        return await _list(request, form.values, refused.reasons, status=422)
    return see_other(f"{HERE}/{made}")


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/funnels/{funnel}: its stages and loss reasons."""
    return await page_of(request, _id(request))


async def rename(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}: another name."""
    form = await form_of(request)
    settings = services_of(request).setup.funnels
    change = settings.rename(viewer_of(request), _id(request), form.text("name"))
    return await done_or_told(request, _id(request), change, form.values)


async def retire(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}/retire: out of use, or why not."""
    settings = services_of(request).setup.funnels
    return await done_or_told(request, _id(request), settings.retire(viewer_of(request), _id(request)))


async def restore(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}/restore: in use again."""
    settings = services_of(request).setup.funnels
    return await done_or_told(request, _id(request), settings.restore(viewer_of(request), _id(request)))


async def add_reason(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}/loss-reasons: one more loss reason."""
    form = await form_of(request)
    settings = services_of(request).setup.funnels
    change = settings.add_reason(viewer_of(request), _id(request), form.text("reason"))
    return await done_or_told(request, _id(request), change, form.values)


async def change_reason(request: web.Request) -> web.StreamResponse:
    """POST /settings/loss-reasons/{reason}: other words, or retired by the button of that name."""
    form = await form_of(request)
    settings, viewer = services_of(request).setup.funnels, viewer_of(request)
    reason_id = id_in(request.match_info["reason"])
    if form.text("act") == "retire":
        funnel_id = await settings.retire_reason(viewer, reason_id)
    else:
        funnel_id = await settings.rename_reason(viewer, reason_id, form.text("reason"))
    return see_other(f"{HERE}/{funnel_id}")


def _id(request: web.Request) -> int:
    return id_in(request.match_info["funnel"])


async def done_or_told(
    request: web.Request,
    funnel_id: int,
    change: Awaitable[object],
    values: Mapping[str, str] | None = None,
) -> web.StreamResponse:
    """Leads back to the funnel after the change; what stands against it is said on the funnel's page."""
    try:
        await change
    except (BadInput, Conflict) as refused:
        return await page_of(request, funnel_id, values, refused)
    return see_other(f"{HERE}/{funnel_id}")


async def _list(
    request: web.Request,
    values: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    *,
    status: int = 200,
) -> web.Response:
    services, reader = services_of(request), wording_of(request)
    view = await services.setup.funnels.everything()
    copy_of = reader.gettext(N_("Copy of %(name)s"))
    presets = [(key, reader.gettext(preset.name)) for key, preset in BODIES.items()]
    copies = [(f"{COPY_OF}{one.id}", copy_of % {"name": one.name}) for one in view.funnels]
    filled = {
        "here": HERE,
        "view": view,
        "bodies": [*presets, *copies],
        "values": {"currency": services.installation.currency, **(values or {})},
        "reasons": reasons or {},
    }
    return await render(request, "funnels.html", filled, status=status)


async def page_of(
    request: web.Request,
    funnel_id: int,
    values: Mapping[str, str] | None = None,
    refused: Refused | None = None,
) -> web.Response:
    """The page of one funnel, with what was refused on it; NotFound."""
    view = await services_of(request).setup.funnels.one(viewer_of(request), funnel_id)
    reader = wording_of(request)
    reasons = reader.reasons_of(refused) if isinstance(refused, BadInput) else {}
    stages = in_order(view.funnel.stages)
    filled = {
        "here": HERE,
        "view": view,
        "stages": [stage for stage in stages if not stage.is_retired],
        "retired": [stage for stage in stages if stage.is_retired],
        "shifts": {
            stage.id: [by.value for by in Shift if neighbour(view.funnel, stage, by)] for stage in stages
        },
        "kinds": [(kind.value, reader.gettext(words)) for kind, words in KINDS.items()],
        "kind_names": {kind.value: reader.gettext(words) for kind, words in KIND_NAMES.items()},
        "steps": [(step.value, reader.gettext(words)) for step, words in SUGGESTIONS.items()],
        "values": values or {},
        "reasons": reasons,
        "refusal": reader.sentence_of(refused) if refused and not reasons else "",
    }
    return await render(request, "funnel.html", filled, status=status_of(refused) if refused else 200)


def _shifts(funnel: Funnel, stage: Stage) -> list[str]:
    return [by.value for by in Shift if neighbour(funnel, stage, by)]
