"""Funnels and their stages drawn by scripts of the head: made, named, ordered, retired and brought back."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.funnel_shape import StageForm
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.api.funnel_settings import StagePatch
from pbx_crm.pages.api.lists import ApiFunnel, ApiStage
from pbx_crm.pages.api.rules import ShiftBody
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.stages import LONGEST_REASON
from pbx_crm.services.funnel_settings import BODIES, NewFunnel


class NewFunnelBody(Taken):
    """A funnel to be made of a preset or as a copy."""

    body: str = Field(
        description=f"{', '.join(BODIES)}, or `funnel-3` for a copy of that funnel", examples=["aida"]
    )
    name: str = Field(default="", description="empty: the preset's own; a copy needs one")
    currency: str = Field(
        default="", description="ISO 4217, for a preset; empty: the house's", examples=["EUR"]
    )


class FunnelName(Taken):
    """What a funnel is called."""

    name: str


class NewStage(StagePatch):
    """A stage to be; it is the last of its kind."""

    name: str
    kind: StageKind = Field(default=StageKind.OPEN, description="open, won or lost; it never changes")


class RetireBody(Taken):
    """Where the cards of a stage go."""

    to_stage_id: Id
    reason: str = Field(default="", max_length=LONGEST_REASON, description="told by every card's history")


class ApiAllFunnels(Given):
    """Every funnel, the retired ones too, without loss reasons: `GET` of one has them."""

    funnels: tuple[ApiFunnel, ...]


@api(ApiAllFunnels)
async def list_all(request: web.Request) -> ApiAllFunnels:
    """GET /api/v1/funnels/all: every funnel, the retired ones too, and their stages."""
    found = (await services_of(request).setup.funnels.everything()).funnels
    return ApiAllFunnels(funnels=tuple(ApiFunnel.model_validate(funnel) for funnel in found))


@api(ApiFunnel)
async def get_funnel(request: web.Request) -> ApiFunnel:
    """GET /api/v1/funnels/{funnel}: one funnel, retired or not, with stages and loss reasons."""
    return await _funnel(request, _id(request, "funnel"))


@api(ApiFunnel, body=NewFunnelBody, status=201)
async def make_funnel(request: web.Request, body: NewFunnelBody) -> ApiFunnel:
    """POST /api/v1/funnels: one more, of a preset or as a copy with rules, answers and gates."""
    services = services_of(request)
    new = NewFunnel(body.body, body.name, body.currency or services.installation.currency)
    made = await services.setup.funnels.make(viewer_of(request), new, wording_of(request).gettext)
    return await _funnel(request, made)


@api(ApiFunnel, body=FunnelName)
async def rename_funnel(request: web.Request, body: FunnelName) -> ApiFunnel:
    """PATCH /api/v1/funnels/{funnel}: another name."""
    funnel_id = _id(request, "funnel")
    await services_of(request).setup.funnels.rename(viewer_of(request), funnel_id, body.name)
    return await _funnel(request, funnel_id)


@api(ApiFunnel)
async def retire_funnel(request: web.Request) -> ApiFunnel:
    """POST /api/v1/funnels/{funnel}/retire: out of use, unless lines lead to it or open deals lie in it."""
    funnel_id = _id(request, "funnel")
    await services_of(request).setup.funnels.retire(viewer_of(request), funnel_id)
    return await _funnel(request, funnel_id)


@api(ApiFunnel)
async def restore_funnel(request: web.Request) -> ApiFunnel:
    """POST /api/v1/funnels/{funnel}/restore: in use again."""
    funnel = await _funnel(request, _id(request, "funnel"))
    await services_of(request).setup.funnels.restore(viewer_of(request), funnel.id)
    return await _funnel(request, funnel.id)


@api(ApiStage, body=NewStage, status=201)
async def add_stage(request: web.Request, body: NewStage) -> ApiStage:
    """POST /api/v1/funnels/{funnel}/stages: one more stage, the last of its kind."""
    form = StageForm(**body.model_dump(exclude={"kind"}))
    stages = services_of(request).setup.stages
    stage_id = await stages.add(viewer_of(request), _id(request, "funnel"), body.kind, form)
    funnel = await _funnel(request, _id(request, "funnel"))
    return next(stage for stage in funnel.stages if stage.id == stage_id)


@api(ApiFunnel, body=ShiftBody)
async def shift_stage(request: web.Request, body: ShiftBody) -> ApiFunnel:
    """POST /api/v1/stages/{stage}/shift: a place up or down among its kind; at the end it stays."""
    stages = services_of(request).setup.stages
    return await _funnel(request, await stages.shift(viewer_of(request), _id(request, "stage"), body.way))


@api(ApiFunnel, body=RetireBody)
async def retire_stage(request: web.Request, body: RetireBody) -> ApiFunnel:
    """POST /api/v1/stages/{stage}/retire: off the board, its cards to `to_stage_id`; moves keep its name."""
    reason = body.reason or wording_of(request).gettext(N_("The stage was retired."))
    retire = services_of(request).setup.stages.retire
    return await _funnel(
        request, await retire(viewer_of(request), _id(request, "stage"), body.to_stage_id, reason)
    )


@api(ApiFunnel)
async def restore_stage(request: web.Request) -> ApiFunnel:
    """POST /api/v1/stages/{stage}/restore: on the board again, where it stood."""
    restore = services_of(request).setup.stages.restore
    return await _funnel(request, await restore(viewer_of(request), _id(request, "stage")))


async def _funnel(request: web.Request, funnel_id: int) -> ApiFunnel:
    view = await services_of(request).setup.funnels.one(viewer_of(request), funnel_id)
    return ApiFunnel.model_validate(view.funnel)


def _id(request: web.Request, name: str) -> int:
    return id_in(request.match_info[name])


FUNNEL, STAGE = "/api/v1/funnels/{funnel}", "/api/v1/stages/{stage}"
FUNNEL_SHAPES: tuple[Route, ...] = (
    Route("GET", "/api/v1/funnels/all", list_all, Access.HEAD),
    Route("GET", FUNNEL, get_funnel, Access.CLIENT_DATA),
    Route("POST", "/api/v1/funnels", make_funnel, Access.HEAD),
    Route("PATCH", FUNNEL, rename_funnel, Access.HEAD),
    Route("POST", f"{FUNNEL}/retire", retire_funnel, Access.HEAD),
    Route("POST", f"{FUNNEL}/restore", restore_funnel, Access.HEAD),
    Route("POST", f"{FUNNEL}/stages", add_stage, Access.HEAD),
    Route("POST", f"{STAGE}/shift", shift_stage, Access.HEAD),
    Route("POST", f"{STAGE}/retire", retire_stage, Access.HEAD),
    Route("POST", f"{STAGE}/restore", restore_stage, Access.HEAD),
)
