"""What robots advise, in the API, and what is done with it."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.advice import Hint
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Done, Given, api
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of


class ApiAdvice(Given):
    """A piece of advice on an open card."""

    id: int
    deal_id: int
    for_head: bool = Field(description="word to the head rather than advice for the owner")
    robot: str
    text: str
    at: datetime
    client: str
    title: str
    stage: str
    owner_name: str


class ApiAdvices(Given):
    """Advice on one's own cards, for a head on everybody's, the oldest first."""

    advice: tuple[ApiAdvice, ...]


@api(ApiAdvices)
async def list_advice(request: web.Request) -> ApiAdvices:
    """GET /api/v1/advice: what robots advise on the cards the token's person sees, the oldest first."""
    found = await services_of(request).automation.advices.hints(viewer_of(request), None)
    return ApiAdvices(advice=tuple(map(_shown, found.rows)))


@api(Done)
async def put_off_advice(request: web.Request) -> Done:
    """POST /api/v1/advice/{advice}/later: it is told again a day on."""
    await services_of(request).automation.advices.put_off(viewer_of(request), _id(request))
    return Done()


@api(Done)
async def follow_by_lowering(request: web.Request) -> Done:
    """POST /api/v1/advice/{advice}/lower: the card's priority is low, and the advice followed."""
    await services_of(request).automation.advices.lower(viewer_of(request), _id(request))
    return Done()


@api(Done)
async def dismiss_advice(request: web.Request) -> Done:
    """POST /api/v1/advice/{advice}/dismiss: it is gone."""
    await services_of(request).automation.advices.dismiss(viewer_of(request), _id(request))
    return Done()


def _shown(hint: Hint) -> ApiAdvice:
    return ApiAdvice(
        id=hint.advice.id,
        deal_id=hint.advice.deal_id,
        for_head=hint.advice.for_head,
        robot=hint.advice.name,
        text=hint.advice.text,
        at=hint.advice.at,
        client=hint.subject.client,
        title=hint.subject.title,
        stage=hint.subject.stage,
        owner_name=hint.owner_name,
    )


def _id(request: web.Request) -> int:
    return id_in(request.match_info["advice"])


ONE = "/api/v1/advice/{advice}"
ADVICE: tuple[Route, ...] = (
    Route("GET", "/api/v1/advice", list_advice, Access.CLIENT_DATA),
    Route("POST", f"{ONE}/later", put_off_advice, Access.CLIENT_DATA),
    Route("POST", f"{ONE}/lower", follow_by_lowering, Access.CLIENT_DATA),
    Route("POST", f"{ONE}/dismiss", dismiss_advice, Access.CLIENT_DATA),
)
