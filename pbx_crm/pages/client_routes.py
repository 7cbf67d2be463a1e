"""Rows of the site's table for clients and companies."""

from __future__ import annotations

from pbx_crm.pages import companies, contact_erase, contact_export, contact_merge, contacts, imports
from pbx_crm.pages.access import Access, Route

CONTACT = r"/contacts/{contact:\d{1,18}}"
IMPORT = r"/settings/imports/{import:\d{1,18}}"
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
    Route("GET", f"{CONTACT}/erase", contact_erase.show, Access.HEAD),
    Route("POST", f"{CONTACT}/erase", contact_erase.erase, Access.HEAD),
    Route("GET", "/contacts.csv", contact_export.as_csv, Access.HEAD),
    Route("GET", "/contacts.xlsx", contact_export.as_xlsx, Access.HEAD),
    Route("GET", "/settings/imports", imports.show, Access.HEAD),
    Route("POST", "/settings/imports", imports.begin, Access.HEAD),
    Route("GET", IMPORT, imports.show_one, Access.HEAD),
    Route("POST", f"{IMPORT}/count", imports.count, Access.HEAD),
    Route("POST", f"{IMPORT}/run", imports.run, Access.HEAD),
    Route("POST", f"{IMPORT}/cancel", imports.cancel, Access.HEAD),
    Route("POST", f"{IMPORT}/back", imports.take_back, Access.HEAD),
    Route("GET", f"{IMPORT}/refused.csv", imports.refused, Access.HEAD),
    Route("GET", "/companies", companies.show, Access.CLIENT_DATA),
    Route("GET", COMPANY, companies.show_one, Access.CLIENT_DATA),
    Route("POST", COMPANY, companies.rename, Access.CLIENT_DATA),
)
