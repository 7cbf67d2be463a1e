"""What a seller does about a call, in the API: dials, makes its card, says that it is no client's."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.not_client import Marked, NotClient
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Done, Given, Id, Taken, api
from pbx_crm.pages.api.deals import ApiDeal
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.dialling import LONGEST_KEY


class DialBody(Taken):
    """Whom to call: the own phone rings first."""

    number: str = Field(min_length=1, max_length=40, examples=["+7 495 000-00-01"])
    request_key: str | None = Field(
        default=None, max_length=LONGEST_KEY, description="the same key again dials nothing more"
    )


class CardOfCallBody(Taken):
    """How the client and the deal are called; what is left out is what the call tells."""

    client_name: str = ""
    title: str = ""


class NotClientBody(Taken):
    """A courier, a bank, a wrong number."""

    loss_reason_id: Id | None = Field(default=None, description="why its open card is lost")
    skips: bool = Field(
        default=False,
        description="calls of the number shall make no deals: a head makes the rule, a seller asks for it",
    )
    name: str = Field(default="", description="how the skip rule is called")


class MarkedBody(Taken):
    """What marking a call answered."""

    move_id: Id | None = None
    rule_id: Id | None = None


class ApiDialled(Given):
    """The number that the PBX was asked for."""

    number: str


class ApiMarked(Given):
    """What was done; given back it is taken back."""

    move_id: int | None = Field(description="the move that lost the card")
    rule_id: int | None = Field(description="the skip rule that was made")
    is_asked: bool = Field(description="whether the head was asked for the rule")


@api(ApiDialled, body=DialBody)
async def dial(request: web.Request, body: DialBody) -> ApiDialled:
    """POST /api/v1/calls/dial: the token's person's own phone rings, then the client's."""
    dial_it = services_of(request).dialling.dial
    number = await dial_it(viewer_of(request), body.number, body.request_key or new_key())
    return ApiDialled(number=number)


@api(ApiDeal, body=CardOfCallBody, status=201)
async def make_card(request: web.Request, body: CardOfCallBody) -> ApiDeal:
    """POST /api/v1/calls/{call}/deal: a card in Unsorted, one's own, for a call that made none."""
    services, viewer = services_of(request), viewer_of(request)
    deal_id = await services.intake.new_deal_from_call(
        viewer, _id(request), title=body.title, client_name=body.client_name
    )
    return ApiDeal.model_validate(await services.deals.get(viewer, deal_id))


@api(ApiMarked, body=NotClientBody)
async def mark_not_client(request: web.Request, body: NotClientBody) -> ApiMarked:
    """POST /api/v1/calls/{call}/not-client: its open card is lost, and its number skipped if wished."""
    answer = NotClient(body.loss_reason_id, body.skips, body.name)
    mark = services_of(request).after_call.not_clients.mark
    return ApiMarked.model_validate(await mark(viewer_of(request), _id(request), answer))


@api(Done, body=MarkedBody)
async def take_back_not_client(request: web.Request, body: MarkedBody) -> Done:
    """POST /api/v1/calls/{call}/not-client/undo: a client again, unless the card went on since."""
    marked = Marked(_id(request), body.move_id, body.rule_id)
    await services_of(request).after_call.not_clients.take_back(viewer_of(request), marked, new_key())
    return Done()


@api(Done)
async def tell_owner(request: web.Request) -> Done:
    """POST /api/v1/calls/{call}/tell-owner: the client's own seller has a call back to make."""
    await services_of(request).after_call.owners_told.tell(viewer_of(request), _id(request))
    return Done()


def _id(request: web.Request) -> int:
    return id_in(request.match_info["call"])


CALL = "/api/v1/calls/{call}"
CALLING: tuple[Route, ...] = (
    Route("POST", "/api/v1/calls/dial", dial, Access.CLIENT_DATA),
    Route("POST", f"{CALL}/deal", make_card, Access.CLIENT_DATA),
    Route("POST", f"{CALL}/not-client", mark_not_client, Access.CLIENT_DATA),
    Route("POST", f"{CALL}/not-client/undo", take_back_not_client, Access.CLIENT_DATA),
    Route("POST", f"{CALL}/tell-owner", tell_owner, Access.CLIENT_DATA),
)
