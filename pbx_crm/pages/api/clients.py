"""Clients, companies, and what lies on a deal beside itself, in the API."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.contact import ContactFields
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.api.lists import ApiContact
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.contacts import texts_of


class ContactPatch(Taken):
    """What is to be changed; what is left out stays."""

    name: str | None = None
    company: str | None = Field(default=None, description="by its name; empty: none")
    city: str | None = None
    do_not_call: bool | None = None
    responsible_id: Id | None = Field(default=None, description="the head only; else left alone")


class NumberBody(Taken):
    """One more number of a client, however written."""

    number: str = Field(max_length=40, examples=["+7 495 000-00-05"])
    label: str = Field(default="", max_length=40)


class CompanyQuery(Taken):
    """Companies whose name holds the text; `before` is the id of the last one seen."""

    text: str = Field(default="", max_length=200)
    before: Id | None = None


class NoteBody(Taken):
    """A note to be written down."""

    text: str = Field(min_length=1, max_length=5000)


class ApiCompanyLine(Given):
    """A company, counted as far as the token's person sees."""

    id: int
    name: str
    contacts: int
    deals: int


class ApiCompanies(Given):
    """Companies, newest first; `next_before` leads to older ones."""

    companies: tuple[ApiCompanyLine, ...]
    next_before: int | None


class ApiCompanyContact(Given):
    """Somebody who works there."""

    id: int
    name: str
    number: str | None


class ApiCompanyDeal(Given):
    """A deal with the company."""

    id: int
    title: str
    stage: str
    amount: Decimal
    currency: str
    closed_at: datetime | None


class ApiCompany(Given):
    """A company with its people and deals."""

    id: int
    name: str
    contacts: tuple[ApiCompanyContact, ...]
    deals: tuple[ApiCompanyDeal, ...]


class ApiNote(Given):
    """Something written down on a deal."""

    id: int
    author_id: int | None
    text: str
    at: datetime
    edited_at: datetime | None


class ApiNotes(Given):
    """The deal's newest notes, newest first."""

    notes: tuple[ApiNote, ...]


class ApiFile(Given):
    """A file of a deal; `digest` is the SHA-256 of its content."""

    id: int
    name: str
    size: int
    digest: str
    by_id: int | None
    at: datetime


class ApiFiles(Given):
    """The deal's files, newest first."""

    files: tuple[ApiFile, ...]


class ApiTags(Given):
    """The deal's tags by the alphabet."""

    tags: tuple[str, ...]


@api(ApiContact, body=ContactPatch)
async def change_contact(request: web.Request, body: ContactPatch) -> ApiContact:
    """PATCH /api/v1/contacts/{contact}: changes fields of a client."""
    contact_id, viewer = id_in(request.match_info["contact"]), viewer_of(request)
    contacts = services_of(request).clients.contacts
    card = (await contacts.view(viewer, contact_id)).card
    fields = ContactFields(
        card.name if body.name is None else body.name,
        card.company if body.company is None else body.company,
        card.city if body.city is None else body.city,
        card.do_not_call if body.do_not_call is None else body.do_not_call,
        body.responsible_id,
    )
    await contacts.change(viewer, contact_id, fields, texts_of(card))
    return await _contact(request, contact_id)


@api(ApiContact, body=NumberBody, status=201)
async def add_contact_number(request: web.Request, body: NumberBody) -> ApiContact:
    """POST /api/v1/contacts/{contact}/numbers: one more number of a client."""
    contact_id = id_in(request.match_info["contact"])
    add = services_of(request).clients.contacts.add_number
    await add(viewer_of(request), contact_id, body.number, body.label)
    return await _contact(request, contact_id)


async def _contact(request: web.Request, contact_id: int) -> ApiContact:
    found = await services_of(request).listings.contact(viewer_of(request), contact_id)
    return ApiContact.model_validate(found)


@api(ApiCompanies, query=CompanyQuery)
async def list_companies(request: web.Request, query: CompanyQuery) -> ApiCompanies:
    """GET /api/v1/companies: companies of the clients and deals the token's person sees, newest first."""
    found = services_of(request).clients.companies.found
    lines, next_before = await found(viewer_of(request), query.text, query.before)
    shown = tuple(ApiCompanyLine.model_validate(line) for line in lines)
    return ApiCompanies(companies=shown, next_before=next_before)


@api(ApiCompany)
async def get_company(request: web.Request) -> ApiCompany:
    """GET /api/v1/companies/{company}: one company with its people and deals."""
    company_id = id_in(request.match_info["company"])
    companies = services_of(request).clients.companies
    return ApiCompany.model_validate(await companies.view(viewer_of(request), company_id))


@api(ApiNotes)
async def list_notes(request: web.Request) -> ApiNotes:
    """GET /api/v1/deals/{deal}/notes: what is written on a deal, newest first."""
    notes = await services_of(request).clients.notes.of_deal(viewer_of(request), _deal_id(request))
    return ApiNotes(notes=tuple(ApiNote.model_validate(note) for note in notes))


@api(ApiNotes, body=NoteBody, status=201)
async def add_note(request: web.Request, body: NoteBody) -> ApiNotes:
    """POST /api/v1/deals/{deal}/notes: writes something down on a deal."""
    await services_of(request).deals.add_note(viewer_of(request), _deal_id(request), body.text)
    notes = await services_of(request).clients.notes.of_deal(viewer_of(request), _deal_id(request))
    return ApiNotes(notes=tuple(ApiNote.model_validate(note) for note in notes))


@api(ApiFiles)
async def list_files(request: web.Request) -> ApiFiles:
    """GET /api/v1/deals/{deal}/files: which files are on a deal, newest first."""
    files = await services_of(request).clients.files.of_deal(viewer_of(request), _deal_id(request))
    return ApiFiles(files=tuple(ApiFile.model_validate(file) for file in files))


@api(ApiTags)
async def list_tags(request: web.Request) -> ApiTags:
    """GET /api/v1/deals/{deal}/tags: the tags of a deal; they are changed with its other fields."""
    return ApiTags(tags=await services_of(request).clients.notes.tags(viewer_of(request), _deal_id(request)))


def _deal_id(request: web.Request) -> int:
    return id_in(request.match_info["deal"])
