"""Settings: the stages of a funnel, and one stage with its texts and its gate."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.errors import BadInput, NotFound, Refused
from pbx_crm.domain.funnel import HUES, Funnel, Stage, StageKind
from pbx_crm.domain.funnel_shape import Shift, StageForm, StillNeeded, check_may_retire, heirs
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.funnels import HERE, done_or_told, page_of
from pbx_crm.pages.gate_form import gate_in, gate_shown
from pbx_crm.pages.people import id_in
from pbx_crm.pages.refusals import status_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of

LONGEST_REASON = 1000


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}/stages: one more stage, or the form again with the reasons."""
    form, funnel_id = await form_of(request), id_in(request.match_info["funnel"])
    kind = form.choice("kind", StageKind, StageKind.OPEN)
    name, hue = form.text("stage"), form.whole("hue", most=HUES - 1) if form.text("hue") else 0
    try:
        form.require_good()
        stage = StageForm(name, hue, form.whole("probability") if form.text("probability") else 0)
        await services_of(request).setup.stages.add(viewer_of(request), funnel_id, kind, stage)
    except BadInput as refused:
        told = {("stage" if field == "name" else field): why for field, why in refused.reasons.items()}
        return await page_of(request, funnel_id, form.values, BadInput(reasons=told))
    return see_other(f"{HERE}/{funnel_id}")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/stages/{stage}: its name, colour, figures and texts."""
    return await _page(request, None, None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/stages/{stage}: as the form says, or the form again with the reasons."""
    form = await form_of(request)
    filled = _filled(form)
    try:
        form.require_good()
        funnel_id = await services_of(request).setup.stages.change(viewer_of(request), _id(request), filled)
    except BadInput as refused:
        return await _page(request, form, refused)
    return see_other(f"{HERE}/{funnel_id}")


async def set_gate(request: web.Request) -> web.StreamResponse:
    """POST /settings/stages/{stage}/gate: what confirms that it is reached, or the form again."""
    form = await form_of(request)
    try:
        gate = gate_in(form)
        form.require_good()
        funnel_id = await services_of(request).setup.stages.set_gate(viewer_of(request), _id(request), gate)
    except BadInput as refused:
        return await _page(request, None, refused, gate_form=form)
    return see_other(f"{HERE}/{funnel_id}")


async def shift(request: web.Request) -> web.StreamResponse:
    """POST /settings/stages/{stage}/shift: a place up or down."""
    form = await form_of(request)
    by = form.choice("by", Shift, Shift.UP)
    form.require_good()
    funnel_id = await services_of(request).setup.stages.shift(viewer_of(request), _id(request), by)
    return see_other(f"{HERE}/{funnel_id}#stage-{_id(request)}")


async def retire(request: web.Request) -> web.StreamResponse:
    """POST /settings/stages/{stage}/retire: off the board, its cards to where the form says."""
    form = await form_of(request)
    settings = services_of(request).setup.stages
    reason = form.text("reason")[:LONGEST_REASON]
    reason = reason or wording_of(request).gettext(N_("The stage was retired."))
    try:
        to_stage_id = form.whole("to_stage_id")
        form.require_good()
        funnel_id = await settings.retire(viewer_of(request), _id(request), to_stage_id, reason)
    except (BadInput, StillNeeded) as refused:
        return await _page(request, None, refused)
    return see_other(f"{HERE}/{funnel_id}")


async def restore(request: web.Request) -> web.StreamResponse:
    """POST /settings/stages/{stage}/restore: on the board again."""
    settings = services_of(request).setup.stages
    funnel = await settings.funnel_of(_id(request))
    return await done_or_told(request, funnel.id, settings.restore(viewer_of(request), _id(request)))


def _id(request: web.Request) -> int:
    return id_in(request.match_info["stage"])


def _filled(form: Form) -> StageForm:
    return StageForm(
        name=form.text("name"),
        hue=form.whole("hue", most=HUES - 1),
        probability=form.whole("probability", most=100) if form.text("probability") else 0,
        idle_hours=form.whole("idle_hours", least=1) if form.text("idle_hours") else None,
        reached_when=form.text_block("reached_when"),
        what_to_do=form.text_block("what_to_do"),
    )


async def _page(
    request: web.Request, form: Form | None, refused: Refused | None, *, gate_form: Form | None = None
) -> web.Response:
    funnel = await services_of(request).setup.stages.funnel_of(_id(request))
    stage = funnel.stage(_id(request))
    if stage is None:
        raise NotFound
    reader = wording_of(request)
    reasons = reader.reasons_of(refused) if isinstance(refused, BadInput) else {}
    filled = {
        "here": HERE,
        "funnel": funnel,
        "stage": stage,
        "values": form.values if form else _stored(stage),
        "reasons": reasons,
        "refusal": reader.sentence_of(refused) if refused and not reasons else "",
        "hues": range(HUES),
        "gate": gate_shown(stage, gate_form),
        "heirs": [(one.id, one.name) for one in heirs(funnel, stage)],
        "stays": _why_it_stays(request, funnel, stage),
    }
    return await render(request, "stage.html", filled, status=status_of(refused) if refused else 200)


def _why_it_stays(request: web.Request, funnel: Funnel, stage: Stage) -> str:
    try:
        check_may_retire(funnel, stage)
    except StillNeeded as needed:
        return wording_of(request).sentence_of(needed)
    return ""


def _stored(stage: Stage) -> dict[str, str]:
    return {
        "name": stage.name,
        "hue": str(stage.hue),
        "probability": str(stage.probability),
        "idle_hours": "" if stage.idle_hours is None else str(stage.idle_hours),
        "reached_when": stage.reached_when,
        "what_to_do": stage.what_to_do,
    }
