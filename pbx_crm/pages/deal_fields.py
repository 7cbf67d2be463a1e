"""The plain fields of a deal's card, its contacts, and deleting the deal."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.deal_edit import tags_in
from pbx_crm.pages.answers import elsewhere
from pbx_crm.pages.card_fields import seen_in
from pbx_crm.pages.deal_card import again, deal_id_of, done_or_again
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.deal_edits import DealFields
from pbx_crm.services.deal_people import ContactForm


async def change(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/fields: the plain fields; what somebody else changed meanwhile stays or is asked."""

    async def save(form: Form) -> None:
        fields = _fields(form)
        form.require_good()
        seen = seen_in(form.typed())
        await services_of(request).deals.change(viewer_of(request), deal_id_of(request), fields, seen)

    return await done_or_again(request, "fields", save)


def _fields(form: Form) -> DealFields:
    typed = form.typed()
    return DealFields(
        version=form.whole("version"),
        client_name=form.text("client_name") if "client_name" in typed else None,
        title=form.text("title"),
        source=form.text("source"),
        amount=form.amount("amount"),
        priority=form.choice("priority", Priority, Priority.NORMAL),
        expected_close=form.day("expected_close"),
        company=form.text("company") if "company" in typed else None,
        tags=tags_in(form.text("tags")) if "tags" in typed else None,
    )


async def add_contact(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/contacts: one more contact, known by the number or new."""

    async def save(form: Form) -> None:
        wish = ContactForm(form.text("name"), form.text("number"), form.text("role"))
        await services_of(request).clients.people.add(viewer_of(request), deal_id_of(request), wish)

    return await done_or_again(request, "contact", save)


async def drop_contact(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/contacts/5/drop: off this deal; the contact stays."""
    people = services_of(request).clients.people
    await people.drop(viewer_of(request), deal_id_of(request), int(request.match_info["second"]))
    return await again(request)


async def put_contact_first(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/contacts/5/first: the deal's client from now on."""
    people = services_of(request).clients.people
    await people.put_first(viewer_of(request), deal_id_of(request), int(request.match_info["second"]))
    return await again(request)


async def delete(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/delete: into the bin, which is shown so that it can be put back at once."""
    form = await form_of(request)
    version = form.whole("version")
    form.require_good()
    await services_of(request).clients.bin.throw_deal(viewer_of(request), deal_id_of(request), version)
    return elsewhere(request, "/bin")
