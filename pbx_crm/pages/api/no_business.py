"""Numbers that look like no clients, in the API."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.no_business import LOOKS_BACK_DAYS, Habit
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, api
from pbx_crm.pages.request import services_of, viewer_of


class ApiCaller(Given):
    """What an outside number did lately."""

    number: str = Field(description="E.164")
    answered: int = Field(description="its calls that somebody took")
    longest_seconds: float
    sellers: int = Field(description="how many different people took them")


class ApiProposal(Given):
    """A number worth a skip rule."""

    caller: ApiCaller
    habit: Habit
    name: str = Field(description="of its contact, empty if there is none")
    cards: int = Field(description="made by its calls")


class ApiProposals(Given):
    """Those that called most come first."""

    days: int = Field(description="how far back it was looked")
    proposals: tuple[ApiProposal, ...]


@api(ApiProposals)
async def propose(request: web.Request) -> ApiProposals:
    """GET /api/v1/skip-rules/proposals: numbers whose many short calls never became business."""
    found = await services_of(request).setup.no_business.proposals(viewer_of(request))
    shown = tuple(ApiProposal.model_validate(proposal) for proposal in found)
    return ApiProposals(days=LOOKS_BACK_DAYS, proposals=shown)


NO_BUSINESS: tuple[Route, ...] = (Route("GET", "/api/v1/skip-rules/proposals", propose, Access.HEAD),)
