"""What the head keeps of a funnel, in the API: stages, their gates, answers after a talk, loss reasons."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field, field_validator

from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import HUES, Stage
from pbx_crm.domain.funnel_shape import StageForm
from pbx_crm.domain.gate import MOST_SECONDS, Need, NeedKind, gate_of
from pbx_crm.domain.wrap_up import NextStep
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Taken, api
from pbx_crm.pages.api.lists import ApiLossReason, ApiStage
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of


class StagePatch(Taken):
    """What is to be changed of a stage; what is left out stays."""

    name: str = ""
    hue: int = Field(default=0, description=f"of the board's colours, 0 to {HUES - 1}")
    probability: int = Field(default=0, description="percent; Won and Lost have their own")
    idle_hours: int | None = Field(default=None, description="null: a card may lie as long as it wants")
    reached_when: str = ""
    what_to_do: str = ""


class NeedBody(Taken):
    """One thing a gate asks for."""

    kind: NeedKind
    detail: str = Field(default="", description="of a field its name, of a task its kind; empty: any task")
    seconds: int = Field(default=0, ge=0, le=MOST_SECONDS, description="of a call: how long the talk must be")


class GateBody(Taken):
    """What confirms that a stage is reached; without needs nothing is asked."""

    needs: tuple[NeedBody, ...] = Field(max_length=20)
    is_binding: bool = False

    @field_validator("needs", mode="after")
    @classmethod
    def _one_talk_and_one_task(cls, needs: tuple[NeedBody, ...]) -> tuple[NeedBody, ...]:
        # The form on the page has one field for each: it would lose a second one.
        kinds = [need.kind for need in needs]
        if max(kinds.count(NeedKind.CALL), kinds.count(NeedKind.TASK)) > 1:
            raise ValueError("a gate asks for one call and one task at most")
        return needs


class AnswerBody(Taken):
    """What a seller may say after a talk."""

    outcome: str
    suggests: NextStep = NextStep.NONE


class ReasonBody(Taken):
    """Why a deal may be lost."""

    reason: str


class ApiAnswer(Given):
    """What a seller may say after a talk, and the step that usually follows."""

    id: int
    name: str
    suggests: NextStep


class ApiFunnelChoices(Given):
    """What sellers choose from in a funnel."""

    funnel_id: int
    answers: tuple[ApiAnswer, ...]
    loss_reasons: tuple[ApiLossReason, ...]


@api(ApiStage, body=StagePatch)
async def change_stage(request: web.Request, body: StagePatch) -> ApiStage:
    """PATCH /api/v1/stages/{stage}: the name, colour, figures and texts of a stage."""
    stage = await _stage(request)
    stored = {name: getattr(stage, name) for name in StagePatch.model_fields}
    form = StageForm(**{**stored, **body.model_dump(exclude_unset=True)})
    await services_of(request).setup.stages.change(viewer_of(request), stage.id, form)
    return ApiStage.model_validate(await _stage(request))


@api(ApiStage, body=GateBody)
async def set_gate(request: web.Request, body: GateBody) -> ApiStage:
    """PUT /api/v1/stages/{stage}/gate: what confirms that it is reached; without needs, nothing is asked."""
    needs = (Need(need.kind, need.detail, need.seconds) for need in body.needs)
    gate = gate_of([need.key for need in needs], is_binding=body.is_binding)
    await services_of(request).setup.stages.set_gate(viewer_of(request), _id(request, "stage"), gate)
    return ApiStage.model_validate(await _stage(request))


@api(ApiFunnelChoices)
async def get_choices(request: web.Request) -> ApiFunnelChoices:
    """GET /api/v1/funnels/{funnel}/choices: answers after a talk and loss reasons that a funnel offers."""
    return await _choices(request, _id(request, "funnel"))


@api(ApiFunnelChoices, body=AnswerBody, status=201)
async def add_answer(request: web.Request, body: AnswerBody) -> ApiFunnelChoices:
    """POST /api/v1/funnels/{funnel}/answers: one more answer; one that was retired is offered again."""
    add, funnel_id = services_of(request).setup.funnels.add_outcome, _id(request, "funnel")
    await add(viewer_of(request), funnel_id, body.outcome, body.suggests)
    return await _choices(request, funnel_id)


@api(ApiFunnelChoices, body=AnswerBody)
async def change_answer(request: web.Request, body: AnswerBody) -> ApiFunnelChoices:
    """PUT /api/v1/answers/{answer}: other words, also of talks before, and what the answer suggests."""
    change, answer_id = services_of(request).setup.funnels.change_outcome, _id(request, "answer")
    funnel_id = await change(viewer_of(request), answer_id, body.outcome, body.suggests)
    return await _choices(request, funnel_id)


@api(ApiFunnelChoices)
async def retire_answer(request: web.Request) -> ApiFunnelChoices:
    """DELETE /api/v1/answers/{answer}: it is offered no more; talks keep it. The last one stays."""
    retire = services_of(request).setup.funnels.retire_outcome
    return await _choices(request, await retire(viewer_of(request), _id(request, "answer")))


@api(ApiFunnelChoices, body=ReasonBody, status=201)
async def add_loss_reason(request: web.Request, body: ReasonBody) -> ApiFunnelChoices:
    """POST /api/v1/funnels/{funnel}/loss-reasons: one more; one that was retired is offered again."""
    add, funnel_id = services_of(request).setup.funnels.add_reason, _id(request, "funnel")
    await add(viewer_of(request), funnel_id, body.reason)
    return await _choices(request, funnel_id)


@api(ApiFunnelChoices, body=ReasonBody)
async def change_loss_reason(request: web.Request, body: ReasonBody) -> ApiFunnelChoices:
    """PUT /api/v1/loss-reasons/{reason}: other words for the same reason, also on deals lost before."""
    rename, reason_id = services_of(request).setup.funnels.rename_reason, _id(request, "reason")
    return await _choices(request, await rename(viewer_of(request), reason_id, body.reason))


@api(ApiFunnelChoices)
async def retire_loss_reason(request: web.Request) -> ApiFunnelChoices:
    """DELETE /api/v1/loss-reasons/{reason}: it is offered no more; deals keep it. The last one stays."""
    retire = services_of(request).setup.funnels.retire_reason
    return await _choices(request, await retire(viewer_of(request), _id(request, "reason")))


async def _choices(request: web.Request, funnel_id: int) -> ApiFunnelChoices:
    view = await services_of(request).setup.funnels.one(viewer_of(request), funnel_id)
    return ApiFunnelChoices(
        funnel_id=funnel_id,
        answers=tuple(ApiAnswer.model_validate(answer) for answer in view.outcomes),
        loss_reasons=tuple(ApiLossReason.model_validate(reason) for reason in view.funnel.loss_reasons),
    )


async def _stage(request: web.Request) -> Stage:
    stage_id = _id(request, "stage")
    stage = (await services_of(request).setup.stages.funnel_of(stage_id)).stage(stage_id)
    if stage is None:
        raise NotFound(stage_id=stage_id)
    return stage


def _id(request: web.Request, name: str) -> int:
    return id_in(request.match_info[name])


ANSWER, REASON = "/api/v1/answers/{answer}", "/api/v1/loss-reasons/{reason}"
FUNNEL_SETTINGS: tuple[Route, ...] = (
    Route("PATCH", "/api/v1/stages/{stage}", change_stage, Access.HEAD),
    Route("PUT", "/api/v1/stages/{stage}/gate", set_gate, Access.HEAD),
    Route("GET", "/api/v1/funnels/{funnel}/choices", get_choices, Access.CLIENT_DATA),
    Route("POST", "/api/v1/funnels/{funnel}/answers", add_answer, Access.HEAD),
    Route("PUT", ANSWER, change_answer, Access.HEAD),
    Route("DELETE", ANSWER, retire_answer, Access.HEAD),
    Route("POST", "/api/v1/funnels/{funnel}/loss-reasons", add_loss_reason, Access.HEAD),
    Route("PUT", REASON, change_loss_reason, Access.HEAD),
    Route("DELETE", REASON, retire_loss_reason, Access.HEAD),
)
