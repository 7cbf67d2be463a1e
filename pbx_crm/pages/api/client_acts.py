"""A client's numbers, region, and the merge with another one, in the API."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.contact import ContactFields
from pbx_crm.domain.region import NOWHERE
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.card import ApiThrown
from pbx_crm.pages.api.contract import Done, Given, Id, Taken, api
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.contacts import ContactView, texts_of


class MergeBody(Taken):
    """Who is this client too, and the fields of the one that stays; what is left out stays as it is."""

    other_id: Id = Field(alias="with", description="their numbers, deals and calls become this client's")
    name: str | None = None
    company: str | None = Field(default=None, description="by its name; empty: none")
    city: str | None = None


class RegionBody(Taken):
    """Where a client is from."""

    region_id: Id | None = Field(description="null: what their numbers tell")


class ApiPlace(Given):
    """A region as the numbering plan names it."""

    country: str = Field(description="ISO 3166")
    name: str = Field(description="empty: the country as a whole")
    local_name: str
    zones: tuple[str, ...] = Field(description="IANA zones its clocks may show")


class ApiRegion(Given):
    """A region that a client may be said to be from."""

    id: int
    place: ApiPlace


class ApiRegions(Given):
    """The regions of the countries that the plan tells apart."""

    regions: tuple[ApiRegion, ...]


class ApiContactRegion(Given):
    """Where a client is from."""

    region_id: int | None = Field(description="set by hand; null: their numbers tell")
    place: ApiPlace | None


class ApiContactNumber(Given):
    """One of a client's numbers, in E.164."""

    id: int
    number: str
    label: str


class ApiContactNumbers(Given):
    """A client's numbers."""

    numbers: tuple[ApiContactNumber, ...]


@api(ApiContactNumbers)
async def list_contact_numbers(request: web.Request) -> ApiContactNumbers:
    """GET /api/v1/contacts/{contact}/numbers: a client's numbers with their ids and labels."""
    numbers = (await _view(request)).card.numbers
    return ApiContactNumbers(numbers=tuple(ApiContactNumber.model_validate(one) for one in numbers))


@api(Done)
async def drop_contact_number(request: web.Request) -> Done:
    """DELETE /api/v1/contacts/{contact}/numbers/{number}: the client has it no more."""
    drop = services_of(request).clients.contacts.drop_number
    await drop(viewer_of(request), _id(request), id_in(request.match_info["number"]))
    return Done()


@api(ApiContactRegion)
async def get_contact_region(request: web.Request) -> ApiContactRegion:
    """GET /api/v1/contacts/{contact}/region: where a client is from, by hand or by their numbers."""
    return _region_of(await _view(request))


@api(ApiContactRegion, body=RegionBody)
async def set_contact_region(request: web.Request, body: RegionBody) -> ApiContactRegion:
    """PUT /api/v1/contacts/{contact}/region: the client is from there; null: what their numbers tell."""
    card = (await _view(request)).card
    seen = texts_of(card)
    region_id = NOWHERE if body.region_id is None else body.region_id
    plain = (seen["name"], seen["company"], seen["city"], card.do_not_call)
    fields = ContactFields(*plain, region_id=region_id)
    await services_of(request).clients.contacts.change(viewer_of(request), _id(request), fields, seen)
    return _region_of(await _view(request))


@api(ApiRegions)
async def list_regions(request: web.Request) -> ApiRegions:
    """GET /api/v1/regions: what a client's region may be; nothing where there are too many to choose."""
    found = await services_of(request).clients.regions.choices()
    return ApiRegions(regions=tuple(ApiRegion.model_validate(region) for region in found))


@api(ApiThrown, body=MergeBody)
async def merge_contacts(request: web.Request, body: MergeBody) -> ApiThrown:
    """POST /api/v1/contacts/{contact}/merge: the other is this one; the item of the bin tells them apart."""
    card = (await _view(request)).card
    fields = ContactFields(
        card.name if body.name is None else body.name,
        card.company if body.company is None else body.company,
        card.city if body.city is None else body.city,
        card.do_not_call,
    )
    merge = services_of(request).clients.contacts.merge
    return ApiThrown(item_id=await merge(viewer_of(request), _id(request), body.other_id, fields))


async def _view(request: web.Request) -> ContactView:
    return await services_of(request).clients.contacts.view(viewer_of(request), _id(request))


def _id(request: web.Request) -> int:
    return id_in(request.match_info["contact"])


def _region_of(view: ContactView) -> ApiContactRegion:
    place = None if view.place is None else ApiPlace.model_validate(view.place)
    return ApiContactRegion(region_id=view.card.region_id, place=place)


CONTACT = "/api/v1/contacts/{contact}"
CLIENT_ACTS: tuple[Route, ...] = (
    Route("GET", f"{CONTACT}/numbers", list_contact_numbers, Access.CLIENT_DATA),
    Route("DELETE", CONTACT + "/numbers/{number}", drop_contact_number, Access.CLIENT_DATA),
    Route("GET", f"{CONTACT}/region", get_contact_region, Access.CLIENT_DATA),
    Route("PUT", f"{CONTACT}/region", set_contact_region, Access.CLIENT_DATA),
    Route("POST", f"{CONTACT}/merge", merge_contacts, Access.CLIENT_DATA),
    Route("GET", "/api/v1/regions", list_regions, Access.CLIENT_DATA),
)
