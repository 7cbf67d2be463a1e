"""Rows of the site's table for what lies on a deal's card, and for the bin."""

from __future__ import annotations

from pbx_crm.pages import bin, deal_fields, deal_files, deal_notes
from pbx_crm.pages.access import Access, Route

DEAL = r"/deals/{deal:\d{1,18}}"
CONTACT = DEAL + r"/contacts/{second:\d{1,18}}"
FILE = DEAL + r"/files/{file:\d{1,18}}"
NOTE = DEAL + r"/notes/{note:\d{1,18}}"

CARD_ROUTES: tuple[Route, ...] = (
    Route("POST", f"{DEAL}/fields", deal_fields.change, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/delete", deal_fields.delete, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/contacts", deal_fields.add_contact, Access.CLIENT_DATA),
    Route("POST", f"{CONTACT}/drop", deal_fields.drop_contact, Access.CLIENT_DATA),
    Route("POST", f"{CONTACT}/first", deal_fields.put_contact_first, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/notes", deal_notes.add, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/draft", deal_notes.save_draft, Access.CLIENT_DATA),
    Route("POST", f"{NOTE}/delete", deal_notes.delete, Access.CLIENT_DATA),
    Route("POST", NOTE, deal_notes.change, Access.CLIENT_DATA),
    Route("POST", f"{DEAL}/files", deal_files.add, Access.CLIENT_DATA),
    Route("POST", f"{FILE}/delete", deal_files.delete, Access.CLIENT_DATA),
    Route("GET", FILE, deal_files.give, Access.CLIENT_DATA),
    Route("GET", "/settings/files", deal_files.show_settings, Access.HEAD),
    Route("POST", "/settings/files", deal_files.switch, Access.HEAD),
    Route("GET", "/bin", bin.show, Access.CLIENT_DATA),
    Route("POST", r"/bin/{item:\d{1,18}}/back", bin.put_back, Access.CLIENT_DATA),
)
