"""The house's switches in the API: what sellers find, files, what clients cost, codes of the phones."""

from __future__ import annotations

from decimal import Decimal

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.deal import is_amount
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.phone_code import CodeAct, chosen
from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.seller_place import SellerPlace
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Taken, api
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of


class HouseBody(Taken):
    """The switches; what is left out stays."""

    seller_places: tuple[SellerPlace, ...] | None = Field(
        default=None, description="what sellers find beside Board, Today and Calls"
    )
    takes_files: bool | None = Field(default=None, description="whether files may be put on deals")


class MonthQuery(Taken):
    """Of which month; without one the present."""

    month: str = Field(default="", examples=["2026-11"])


class CostBody(Taken):
    """What the clients of a source cost in the month."""

    source: str
    amount: Decimal | None = Field(ge=0, description="null: nothing is known of it")


class CostsBody(Taken):
    """Costs of a month; sources that are not named keep theirs."""

    month: str = Field(examples=["2026-11"])
    costs: tuple[CostBody, ...]


class CodesBody(Taken):
    """What each digit does; one that is left out does nothing."""

    codes: dict[str, str] = Field(
        description="digit to `none`, `meeting`, `call_again`, `stage-{id}` or `junk-{id of a loss reason}`",
        examples=[{"7": "meeting", "8": "call_again"}],
    )


class ApiHouse(Given):
    """The switches of the house."""

    seller_places: tuple[SellerPlace, ...]
    takes_files: bool
    most_bytes: int = Field(description="how large a file may be")


class ApiCost(Given):
    """What the clients of a source cost in the month; null: nothing was entered."""

    source: str
    amount: Decimal | None


class ApiCosts(Given):
    """What clients cost in a month, by every source anybody came from."""

    month: str
    currency: str
    costs: tuple[ApiCost, ...]


class ApiCodes(Given):
    """What each digit does, dialled on the phone after a call."""

    codes: dict[str, str]


@api(ApiHouse)
async def get_house(request: web.Request) -> ApiHouse:
    """GET /api/v1/house: what the head has switched on."""
    return await _house(request)


@api(ApiHouse, body=HouseBody)
async def change_house(request: web.Request, body: HouseBody) -> ApiHouse:
    """PATCH /api/v1/house: switches on and off; what is left out stays."""
    services, viewer = services_of(request), viewer_of(request)
    if body.seller_places is not None:
        await services.setup.house.set_places(viewer, set(body.seller_places))
    if body.takes_files is not None:
        await services.clients.files.switch(viewer, body.takes_files)
    return await _house(request)


@api(ApiCosts, query=MonthQuery)
async def list_costs(request: web.Request, query: MonthQuery) -> ApiCosts:
    """GET /api/v1/costs: what clients of each source cost in a month."""
    return await _costs(request, _month(request, query.month))


@api(ApiCosts, body=CostsBody)
async def set_costs(request: web.Request, body: CostsBody) -> ApiCosts:
    """PUT /api/v1/costs: these are the costs of the month; sources that are not named keep theirs."""
    month = _month(request, body.month)
    wanted = {one.source: one.amount or None for one in body.costs}
    if not all(amount is None or is_amount(amount) for amount in wanted.values()):
        raise BadInput(reasons={"costs": N_("This is not an amount.")})
    await services_of(request).analysis.origins.save(viewer_of(request), month, wanted)
    return await _costs(request, month)


@api(ApiCodes)
async def get_codes(request: web.Request) -> ApiCodes:
    """GET /api/v1/funnels/{funnel}/codes: what each digit does to the card of the last call."""
    return await _codes(request)


@api(ApiCodes, body=CodesBody)
async def set_codes(request: web.Request, body: CodesBody) -> ApiCodes:
    """PUT /api/v1/funnels/{funnel}/codes: the digits do this from now on."""
    codes, funnel_id = services_of(request).telephony.codes, id_in(request.match_info["funnel"])
    funnel, known = await codes.of_funnel(funnel_id)
    if not body.codes.keys() <= {code.digit for code in known}:
        raise BadInput(reasons={"codes": N_("Choose one from the list.")})
    choices = {code.digit: body.codes.get(code.digit, CodeAct.NONE.value) for code in known}
    await codes.change(viewer_of(request), funnel_id, chosen(funnel, choices))
    return await _codes(request)


async def _house(request: web.Request) -> ApiHouse:
    services = services_of(request)
    files = await services.clients.files.state()
    places = sorted(await services.setup.house.places())
    return ApiHouse(seller_places=tuple(places), takes_files=files.is_on, most_bytes=files.most_bytes)


def _month(request: web.Request, key: str) -> PlanPeriod:
    month = services_of(request).analysis.origins.month(key)
    # A page shows the present month for what is none; a program would pay for a month it never named.
    if key and month.key != key:
        raise BadInput(reasons={"month": N_("This is none of the choices.")})
    return month


async def _costs(request: web.Request, month: PlanPeriod) -> ApiCosts:
    services = services_of(request)
    found = await services.analysis.origins.costs(viewer_of(request), month)
    costs = tuple(ApiCost(source=source, amount=amount) for source, amount in found.items())
    return ApiCosts(month=month.key, currency=services.installation.currency, costs=costs)


async def _codes(request: web.Request) -> ApiCodes:
    _, known = await services_of(request).telephony.codes.of_funnel(id_in(request.match_info["funnel"]))
    return ApiCodes(codes={code.digit: code.choice for code in known})


CODES = "/api/v1/funnels/{funnel}/codes"
HOUSE: tuple[Route, ...] = (
    Route("GET", "/api/v1/house", get_house, Access.HEAD),
    Route("PATCH", "/api/v1/house", change_house, Access.HEAD),
    Route("GET", "/api/v1/costs", list_costs, Access.HEAD),
    Route("PUT", "/api/v1/costs", set_costs, Access.HEAD),
    Route("GET", CODES, get_codes, Access.HEAD),
    Route("PUT", CODES, set_codes, Access.HEAD),
)
