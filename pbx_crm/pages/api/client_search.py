"""Clients looked for as the page looks for them, and those who may be one, in the API; a company's name."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.contact import ContactLine
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.clients import ApiCompany
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of


class SearchQuery(Taken):
    """A part of a name, company, city or number; `before` is the id of the last one seen."""

    text: str = Field(default="", max_length=200, examples=["Aurora", "495 000"])
    before: Id | None = None


class CompanyBody(Taken):
    """How a company is called."""

    name: str


class ApiContactLine(Given):
    """A client in a list."""

    id: int
    name: str
    company: str
    city: str
    responsible: str
    number: str | None = Field(description="the one known longest")
    numbers: int
    open_deals: int = Field(description="as far as the token's person sees them")
    do_not_call: bool


class ApiFoundContacts(Given):
    """Clients, newest first; `next_before` leads to older ones."""

    contacts: tuple[ApiContactLine, ...]
    next_before: int | None
    owner_name: str = Field(
        description="of a whole number that is another seller's client: that seller, and nothing more"
    )


class ApiSameName(Given):
    """Clients with one name, however it is spelled."""

    contacts: tuple[ApiContactLine, ...]


class ApiDuplicates(Given):
    """Groups of clients who may be one."""

    groups: tuple[ApiSameName, ...]


@api(ApiFoundContacts, query=SearchQuery)
async def find_contacts(request: web.Request, query: SearchQuery) -> ApiFoundContacts:
    """GET /api/v1/contacts/found: clients by a part of the name, company, city or any number."""
    found = services_of(request).clients.contacts.found
    page = await found(viewer_of(request), query.text, query.before)
    return ApiFoundContacts(
        contacts=_lines(page.lines), next_before=page.next_before, owner_name=page.owner_name
    )


@api(ApiDuplicates)
async def list_duplicates(request: web.Request) -> ApiDuplicates:
    """GET /api/v1/contacts/duplicates: clients whose names differ in spelling only, by groups."""
    groups = await services_of(request).clients.contacts.perhaps_same(viewer_of(request))
    return ApiDuplicates(groups=tuple(ApiSameName(contacts=_lines(group)) for group in groups))


@api(ApiCompany, body=CompanyBody)
async def rename_company(request: web.Request, body: CompanyBody) -> ApiCompany:
    """PATCH /api/v1/companies/{company}: another name."""
    company_id, companies = id_in(request.match_info["company"]), services_of(request).clients.companies
    await companies.rename(viewer_of(request), company_id, body.name)
    return ApiCompany.model_validate(await companies.view(viewer_of(request), company_id))


def _lines(found: Iterable[ContactLine]) -> tuple[ApiContactLine, ...]:
    return tuple(map(ApiContactLine.model_validate, found))


CLIENT_SEARCH: tuple[Route, ...] = (
    Route("GET", "/api/v1/contacts/found", find_contacts, Access.CLIENT_DATA),
    Route("GET", "/api/v1/contacts/duplicates", list_duplicates, Access.CLIENT_DATA),
    Route("PATCH", "/api/v1/companies/{company}", rename_company, Access.CLIENT_DATA),
)
