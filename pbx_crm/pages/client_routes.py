"""Rows of the site's table for clients and companies."""

from __future__ import annotations

from pbx_crm.pages import companies, contact_merge, contacts
from pbx_crm.pages.access import Access, Route

CONTACT = r"/contacts/{contact:\d{1,18}}"
COMPANY = r"/companies/{company:\d{1,18}}"

CLIENT_ROUTES: tuple[Route, ...] = (
    Route("GET", "/contacts", contacts.show, Access.CLIENT_DATA),
    Route("GET", "/contacts/duplicates", contact_merge.show_pairs, Access.CLIENT_DATA),
    Route("GET", CONTACT, contacts.show_one, Access.CLIENT_DATA),
    Route("POST", CONTACT, contacts.change, Access.CLIENT_DATA),
    Route("POST", f"{CONTACT}/numbers", contacts.add_number, Access.CLIENT_DATA),
    Route("POST", CONTACT + r"/numbers/{number:\d{1,18}}/drop", contacts.drop_number, Access.CLIENT_DATA),
    Route("GET", f"{CONTACT}/merge", contact_merge.show, Access.CLIENT_DATA),
    Route("POST", f"{CONTACT}/merge", contact_merge.merge, Access.CLIENT_DATA),
    Route("GET", "/companies", companies.show, Access.CLIENT_DATA),
    Route("GET", COMPANY, companies.show_one, Access.CLIENT_DATA),
    Route("POST", COMPANY, companies.rename, Access.CLIENT_DATA),
)
