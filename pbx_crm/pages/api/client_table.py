"""Rows of the API's table for clients, companies and what lies on deals."""

from __future__ import annotations

from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api import clients

CLIENT_ENDPOINTS: tuple[Route, ...] = (
    Route("PATCH", "/api/v1/contacts/{contact}", clients.change_contact, Access.CLIENT_DATA),
    Route("POST", "/api/v1/contacts/{contact}/numbers", clients.add_contact_number, Access.CLIENT_DATA),
    Route("GET", "/api/v1/companies", clients.list_companies, Access.CLIENT_DATA),
    Route("GET", "/api/v1/companies/{company}", clients.get_company, Access.CLIENT_DATA),
    Route("GET", "/api/v1/deals/{deal}/notes", clients.list_notes, Access.CLIENT_DATA),
    Route("POST", "/api/v1/deals/{deal}/notes", clients.add_note, Access.CLIENT_DATA),
    Route("GET", "/api/v1/deals/{deal}/files", clients.list_files, Access.CLIENT_DATA),
    Route("GET", "/api/v1/deals/{deal}/tags", clients.list_tags, Access.CLIENT_DATA),
)
