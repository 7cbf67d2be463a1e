"""Deals in the API: list, read, make, move, change, hand over."""

from __future__ import annotations

import secrets
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.deal import Deal, MoveRequest, Priority
from pbx_crm.domain.deal_edit import LONGEST_TAG, tags_in, tags_written
from pbx_crm.domain.listing import DealFilter
from pbx_crm.pages.api.contract import Given, Id, Moment, Taken, api
from pbx_crm.pages.api.cursor import PageQuery
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.deal_edits import DealFields
from pbx_crm.services.deals import DealForm

Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG, pattern=r"^[^\x00]+$")]


class DealQuery(PageQuery):
    """Filters of the list; what is left out narrows nothing."""

    funnel_id: Id | None = None
    stage_id: Id | None = None
    owner_id: Id | None = None
    contact_id: Id | None = None
    is_open: bool | None = None
    created_since: Moment | None = None


class NewDealBody(Taken):
    """A deal to be made in Unsorted; without an owner it is the token's person's."""

    client_name: str = ""
    number: str = ""
    title: str = ""
    source: str = ""
    amount: Decimal = Decimal(0)
    funnel_id: Id | None = None
    owner_id: Id | None = None
    request_key: str | None = Field(
        default=None, max_length=64, description="the same key again makes nothing more"
    )


class MoveBody(Taken):
    """A move; `version` is that of the deal as it was read."""

    to_stage_id: Id
    version: int = Field(ge=1)
    reason: str = Field(default="", description="asked for when the move goes back")
    amount: Decimal | None = Field(default=None, description="asked for when the deal is won")
    loss_reason_id: Id | None = Field(default=None, description="asked for when the deal is lost")
    skip_reason: str = Field(
        default="",
        max_length=1000,
        description="why it goes on although a gate is not confirmed",
    )
    request_key: str | None = Field(
        default=None, max_length=64, description="the same key again moves nothing more"
    )


class DealPatch(Taken):
    """What is to be changed; what is left out stays."""

    version: int = Field(ge=1)
    client_name: str | None = None
    title: str | None = None
    source: str | None = None
    amount: Decimal | None = None
    priority: Priority | None = None
    expected_close: date | None = None
    company: str | None = Field(default=None, description="by its name; empty: none")
    tags: tuple[Tag, ...] | None = None


class OwnerBody(Taken):
    """Whose the deal is from now on."""

    owner_id: Id
    version: int = Field(ge=1)


class ApiDeal(Given):
    """A deal. Amounts are decimal text beside their ISO currency."""

    id: int
    funnel_id: int
    stage_id: int
    owner_id: int
    contact_id: int | None
    company_id: int | None
    line_id: int | None
    previous_id: int | None
    loss_reason_id: int | None
    born_of: str | None = Field(description="pbx/linkedid of the call that made it")
    title: str
    source: str
    amount: Decimal
    currency: str
    priority: Priority
    expected_close: date | None
    created_at: datetime
    stage_since: datetime
    active_at: datetime
    closed_at: datetime | None
    version: int


class ApiDeals(Given):
    """Deals, newest first; `next_cursor` leads to older ones."""

    deals: tuple[ApiDeal, ...]
    next_cursor: str | None


@api(ApiDeals, query=DealQuery)
async def list_deals(request: web.Request, query: DealQuery) -> ApiDeals:
    """GET /api/v1/deals: deals the token's person may see, newest first."""
    wanted = DealFilter(**query.model_dump(exclude={"limit", "cursor"}))
    found = await services_of(request).listings.deals(
        viewer_of(request), wanted, query.place, query.limit + 1
    )
    shown, following = query.shown(found, lambda deal: (deal.created_at, deal.id))
    return ApiDeals(deals=tuple(ApiDeal.model_validate(deal) for deal in shown), next_cursor=following)


@api(ApiDeal)
async def get_deal(request: web.Request) -> ApiDeal:
    """GET /api/v1/deals/{deal}: one deal."""
    return await _deal(request, _deal_id(request))


@api(ApiDeal, body=NewDealBody, status=201)
async def create_deal(request: web.Request, body: NewDealBody) -> ApiDeal:
    """POST /api/v1/deals: a new deal in Unsorted."""
    form = DealForm(**body.model_dump())
    deal_id = await services_of(request).deals.create(viewer_of(request), form)
    return await _deal(request, deal_id)


@api(ApiDeal, body=MoveBody)
async def move_deal(request: web.Request, body: MoveBody) -> ApiDeal:
    """POST /api/v1/deals/{deal}/moves: moves a deal to another stage of its funnel."""
    wish = body.model_dump()
    wish["request_key"] = body.request_key or secrets.token_urlsafe(12)
    moved = await services_of(request).moves.move(viewer_of(request), _deal_id(request), MoveRequest(**wish))
    return await _deal(request, moved.deal.id)


@api(ApiDeal, body=DealPatch)
async def change_deal(request: web.Request, body: DealPatch) -> ApiDeal:
    """PATCH /api/v1/deals/{deal}: changes plain fields of a deal."""
    deal_id, viewer = _deal_id(request), viewer_of(request)
    deals = services_of(request).deals
    await deals.change(viewer, deal_id, _patched(await deals.get(viewer, deal_id), body))
    return await _deal(request, deal_id)


@api(ApiDeal, body=OwnerBody)
async def hand_over_deal(request: web.Request, body: OwnerBody) -> ApiDeal:
    """POST /api/v1/deals/{deal}/owner: hands a deal to another seller; the head only."""
    deal_id = _deal_id(request)
    await services_of(request).deals.hand_over(viewer_of(request), deal_id, body.owner_id, body.version)
    return await _deal(request, deal_id)


def _patched(deal: Deal, body: DealPatch) -> DealFields:
    named = body.model_fields_set
    return DealFields(
        version=body.version,
        client_name=body.client_name,
        title=deal.title if body.title is None else body.title,
        source=deal.source if body.source is None else body.source,
        amount=deal.amount if body.amount is None else body.amount,
        priority=body.priority or deal.priority,
        expected_close=body.expected_close if "expected_close" in named else deal.expected_close,
        company=body.company,
        tags=None if body.tags is None else tags_in(tags_written(body.tags)),
    )


def _deal_id(request: web.Request) -> int:
    return id_in(request.match_info["deal"])


async def _deal(request: web.Request, deal_id: int) -> ApiDeal:
    return ApiDeal.model_validate(await services_of(request).deals.get(viewer_of(request), deal_id))
