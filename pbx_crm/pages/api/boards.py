"""One act on many cards with its undo, and boards kept under a name, in the API."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import parse_qsl

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.board import BoardView, Order, Period
from pbx_crm.domain.bulk import BulkDone, BulkKind, BulkWish
from pbx_crm.domain.task import Urgency
from pbx_crm.domain.wrap_up import NextStep
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.board_place import query_of, view_from
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import wording_of, zone_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.deals import LONGEST_SOURCE


class ReadDeal(Taken):
    """A deal as it was read."""

    id: Id
    version: int = Field(ge=1)


class ManyDeals(Taken):
    """Which cards; those that refuse stay as they are, and the others do not wait for them."""

    deals: tuple[ReadDeal, ...] = Field(description="1 to 200")

    @property
    def versions(self) -> dict[int, int]:
        """By deal id the version that was read."""
        return {deal.id: deal.version for deal in self.deals}


class MoveMany(ManyDeals):
    """Cards to another stage of their funnel."""

    to_stage_id: Id
    reason: str = Field(default="", max_length=1000, description="asked for when a move goes back")
    loss_reason_id: Id | None = Field(default=None, description="asked for when deals are lost")


class HandOverMany(ManyDeals):
    """Cards to another owner."""

    owner_id: Id


class StepForMany(ManyDeals):
    """A task for the owner of each card."""

    step: NextStep


class ViewQuery(Taken):
    """Which board: a funnel, which of its cards, and their order; what is left out narrows nothing."""

    funnel_id: Id | None = None
    owner_id: Id | None = None
    source: str = Field(default="", max_length=LONGEST_SOURCE)
    step: Urgency | None = None
    period: Period | None = None
    order: Order = Order.NEWEST


class NamedView(ViewQuery):
    """A board under a name; one of this name is replaced."""

    name: str


class ViewName(Taken):
    """Which of one's boards."""

    name: str


class ApiStayed(Given):
    """A card that stayed as it was."""

    deal_id: int
    why: str
    name: str = Field(description="empty where the token's person does not see it")


class ApiBulkDone(Given):
    """What came of an act on many cards."""

    act_id: int | None = Field(description="takes it back; null if not one card took it")
    done: int
    stayed: tuple[ApiStayed, ...]


class ApiBulkAct(Given):
    """What was done to many cards."""

    id: int
    kind: BulkKind
    at: datetime
    done: int = Field(description="how many cards took it")
    taken_back_at: datetime | None


class ApiBulkActs(Given):
    """The token's person's acts of the last 30 days."""

    acts: tuple[ApiBulkAct, ...]


class ApiView(Given):
    """A board under a name."""

    name: str
    funnel_id: int | None
    owner_id: int | None
    source: str
    step: Urgency | None
    period: Period | None
    order: Order


class ApiViews(Given):
    """The token's person's boards."""

    views: tuple[ApiView, ...]


@api(ApiBulkDone, body=MoveMany)
async def move_many(request: web.Request, body: MoveMany) -> ApiBulkDone:
    """POST /api/v1/bulk-acts/move: cards to another stage of their funnel, each judged as if alone."""
    where = (body.to_stage_id, body.loss_reason_id, body.reason)
    return await _acted(request, BulkWish(BulkKind.MOVE, body.versions, *where))


@api(ApiBulkDone, body=HandOverMany)
async def hand_over_many(request: web.Request, body: HandOverMany) -> ApiBulkDone:
    """POST /api/v1/bulk-acts/assign: cards to another owner."""
    return await _acted(request, BulkWish(BulkKind.ASSIGN, body.versions, owner_id=body.owner_id))


@api(ApiBulkDone, body=StepForMany)
async def set_step_for_many(request: web.Request, body: StepForMany) -> ApiBulkDone:
    """POST /api/v1/bulk-acts/task: a next step for the owner of each card."""
    return await _acted(request, BulkWish(BulkKind.TASK, body.versions, step=body.step))


@api(ApiBulkDone)
async def take_back_bulk(request: web.Request) -> ApiBulkDone:
    """POST /api/v1/bulk-acts/{bulk}/undo: the cards as they were before; those that went on since stay."""
    take_back = services_of(request).bulk_deals.take_back
    return _told(request, await take_back(viewer_of(request), id_in(request.match_info["bulk"])))


@api(ApiBulkActs)
async def list_bulk_acts(request: web.Request) -> ApiBulkActs:
    """GET /api/v1/bulk-acts: what the token's person did to many cards in the last 30 days."""
    acts = await services_of(request).bulk_deals.history(viewer_of(request))
    return ApiBulkActs(acts=tuple(ApiBulkAct.model_validate(act) for act in acts))


@api(ApiViews)
async def list_views(request: web.Request) -> ApiViews:
    """GET /api/v1/views: the boards that the token's person gave a name."""
    return await _views(request)


@api(ApiViews, body=NamedView, status=201)
async def save_view(request: web.Request, body: NamedView) -> ApiViews:
    """POST /api/v1/views: keeps a board under a name; one of this name is replaced."""
    query = query_of(BoardView(**body.model_dump(exclude={"name"})))
    await services_of(request).boards.save_view(viewer_of(request), body.name, query)
    return await _views(request)


@api(ApiViews, body=ViewName)
async def drop_view(request: web.Request, body: ViewName) -> ApiViews:
    """POST /api/v1/views/drop: the board of this name is kept no more."""
    await services_of(request).boards.drop_view(viewer_of(request), body.name)
    return await _views(request)


async def _acted(request: web.Request, wish: BulkWish) -> ApiBulkDone:
    act = services_of(request).bulk_deals.act
    return _told(request, await act(viewer_of(request), wish, zone_of(request)))


def _told(request: web.Request, done: BulkDone) -> ApiBulkDone:
    said = wording_of(request).gettext
    stayed = (ApiStayed(deal_id=one.deal_id, why=said(one.why), name=one.name) for one in done.stayed)
    return ApiBulkDone(act_id=done.act_id, done=done.done, stayed=tuple(stayed))


async def _views(request: web.Request) -> ApiViews:
    kept = await services_of(request).boards.views(viewer_of(request))
    return ApiViews(views=tuple(_view(name, query) for name, query in kept))


def _view(name: str, query: str) -> ApiView:
    view = view_from(dict(parse_qsl(query)))
    return ApiView(
        name=name,
        funnel_id=view.funnel_id,
        owner_id=view.owner_id,
        source=view.source,
        step=view.step,
        period=view.period,
        order=view.order,
    )


BOARD_ENDPOINTS: tuple[Route, ...] = (
    Route("GET", "/api/v1/bulk-acts", list_bulk_acts, Access.CLIENT_DATA),
    Route("POST", "/api/v1/bulk-acts/move", move_many, Access.CLIENT_DATA),
    Route("POST", "/api/v1/bulk-acts/assign", hand_over_many, Access.CLIENT_DATA),
    Route("POST", "/api/v1/bulk-acts/task", set_step_for_many, Access.CLIENT_DATA),
    Route("POST", "/api/v1/bulk-acts/{bulk}/undo", take_back_bulk, Access.CLIENT_DATA),
    Route("GET", "/api/v1/views", list_views, Access.CLIENT_DATA),
    Route("POST", "/api/v1/views", save_view, Access.CLIENT_DATA),
    Route("POST", "/api/v1/views/drop", drop_view, Access.CLIENT_DATA),
)
