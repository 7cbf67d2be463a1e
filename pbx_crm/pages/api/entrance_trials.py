"""Dry runs of a line and of a skip rule in the API: what past calls would have led to."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.dry_run import LONGEST_DAYS
from pbx_crm.domain.intake_trial import Fate
from pbx_crm.domain.line import SkipRule
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.api.entrances import LineBody, SkipRuleBody, line_of
from pbx_crm.pages.request import services_of


class OverDays(Taken):
    """How far a trial looks back."""

    days: int = Field(ge=1, le=LONGEST_DAYS)


class LineOnTrial(LineBody, OverDays):
    """A line to be tried on the calls of the last days."""

    id: Id | None = Field(default=None, description="the line whose place it would take")


class SkipRuleOnTrial(SkipRuleBody, OverDays):
    """A skip rule to be tried on the calls of the last days."""


class ApiFate(Given):
    """What a call leads to."""

    fate: Fate
    owner_id: int | None
    funnel_id: int | None
    tasks: int
    is_own: bool = Field(description="whether what is on trial decides about it")


class ApiCallChange(Given):
    """A call as it is treated now, and as it would have been."""

    call_id: int
    at: datetime
    deal_id: int | None
    now: ApiFate
    then: ApiFate
    was_undone: bool = Field(description="whether a person then gave its card to somebody else")


class ApiIntakeTrial(Given):
    """Calls that it would have decided about, or that would have become something else; latest first."""

    days: int
    looked_at: int = Field(description="how many calls came in again")
    changes: tuple[ApiCallChange, ...]


@api(ApiIntakeTrial, body=LineOnTrial)
async def try_line(request: web.Request, body: LineOnTrial) -> ApiIntakeTrial:
    """POST /api/v1/lines/dry-run: what past calls would have led to; nothing is kept."""
    services = services_of(request)
    if body.id is not None:
        (await services.setup.lines.view()).line(body.id)
    line = await line_of(request, body, body.id)
    tried = await services.automation.dry_runs.of_line(line, body.days)
    return ApiIntakeTrial.model_validate(tried.run)


@api(ApiIntakeTrial, body=SkipRuleOnTrial)
async def try_skip_rule(request: web.Request, body: SkipRuleOnTrial) -> ApiIntakeTrial:
    """POST /api/v1/skip-rules/dry-run: which past calls would have been skipped; nothing is kept."""
    rule = SkipRule(body.name, body.kind, body.value)
    tried = await services_of(request).automation.dry_runs.of_skip_rule(rule, body.days)
    return ApiIntakeTrial.model_validate(tried.run)


ENTRANCE_TRIALS: tuple[Route, ...] = (
    Route("POST", "/api/v1/lines/dry-run", try_line, Access.HEAD),
    Route("POST", "/api/v1/skip-rules/dry-run", try_skip_rule, Access.HEAD),
)
