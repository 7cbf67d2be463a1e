"""Clients: the list with its search, and a client's page with its forms."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.contact import ContactFields
from pbx_crm.domain.deal_edit import FieldChange, FieldsClash
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Role
from pbx_crm.domain.region import NOWHERE
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.card_fields import SEEN
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.region_choice import region_choices
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import reader_of, services_of, viewer_of
from pbx_crm.services.contacts import texts_of

FIELDS = ("name", "company", "city", "do_not_call", "responsible_id", "region_id")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /contacts?q=…: clients by a name, a company, a city or any part of a number."""
    text, before = request.query.get("q", "").strip(), number_in(request.query.get("before"))
    found = await services_of(request).clients.contacts.found(viewer_of(request), text, before)
    return await render(request, "contacts.html", {"text": text, "found": found})


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /contacts/17: the client with numbers, deals, calls and where they are."""
    return await _page(request)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /contacts/17: the fields; what somebody else changed meanwhile stays or is asked about."""

    async def save(form: Form) -> None:
        fields = fields_in(form)
        form.require_good()
        seen = {name: form.text(SEEN + name) for name in FIELDS if SEEN + name in form.typed()}
        await services_of(request).clients.contacts.change(viewer_of(request), _id(request), fields, seen)

    return await _done_or_again(request, save)


def fields_in(form: Form) -> ContactFields:
    """The fields as they were typed."""
    return ContactFields(
        form.text("name"),
        form.text("company"),
        form.text("city"),
        form.is_on("do_not_call"),
        form.whole("responsible_id") if form.text("responsible_id") else None,
        # A form without the field, the one that merges, leaves the region alone.
        (form.whole("region_id") if form.text("region_id") else NOWHERE) if form.has("region_id") else None,
    )


async def add_number(request: web.Request) -> web.StreamResponse:
    """POST /contacts/17/numbers: one more number."""

    async def save(form: Form) -> None:
        add = services_of(request).clients.contacts.add_number
        await add(viewer_of(request), _id(request), form.text("number"), form.text("label"))

    return await _done_or_again(request, save)


async def drop_number(request: web.Request) -> web.StreamResponse:
    """POST /contacts/17/numbers/3/drop: the client has it no more."""
    drop = services_of(request).clients.contacts.drop_number
    await drop(viewer_of(request), _id(request), int(request.match_info["number"]))
    return see_other(f"/contacts/{_id(request)}")


def _id(request: web.Request) -> int:
    return int(request.match_info["contact"])


async def _done_or_again(request: web.Request, save: Callable[[Form], Awaitable[None]]) -> web.StreamResponse:
    form = await form_of(request)
    wording = wording_of(request)
    try:
        await save(form)
    except BadInput as refusal:
        reasons = wording.reasons_of(refusal)
        return await _page(request, form.typed(), reasons, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except FieldsClash as clash:
        sentence = wording.sentence_of(clash)
        return await _page(request, form.typed(), {}, clash.changes, sentence, status=HTTPStatus.CONFLICT)
    return see_other(f"/contacts/{_id(request)}")


async def _page(
    request: web.Request,
    typed: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    changes: tuple[FieldChange, ...] = (),
    sentence: str = "",
    *,
    status: HTTPStatus = HTTPStatus.OK,
) -> web.StreamResponse:
    viewer = viewer_of(request)
    view = await services_of(request).clients.contacts.view(viewer, _id(request))
    services_of(request).entry.watch.opened(reader_of(request), [f"contact-{view.card.id}"])
    stored = texts_of(view.card)
    colleagues = await _colleagues(request) if viewer.role is Role.HEAD else []
    regions = await region_choices(request, view.card.region_id)
    names = {"region_id": regions, "responsible_id": colleagues}
    values = {
        "card": view.card,
        "calls": view.calls,
        "place": view.place,
        "places": view.places,
        "regions": regions,
        "stored": stored,
        "typed": {**stored, "number": "", "label": "", **(typed or {})},
        "reasons": reasons or {},
        "changes": [_named(change, names) for change in changes],
        "sentence": sentence,
        "colleagues": colleagues,
    }
    return await render(request, "contact.html", values, status=status)


def _named(change: FieldChange, choices: Mapping[str, list[tuple[int, str]]]) -> FieldChange:
    """The change with names in place of ids."""
    names = {str(choice): name for choice, name in choices.get(change.name, [])}
    return replace(change, was=names.get(change.was, change.was), now=names.get(change.now, change.now))


async def _colleagues(request: web.Request) -> list[tuple[int, str]]:
    everybody = await services_of(request).staff.everybody()
    return [(one.id, one.name) for one in everybody if one.is_active and one.role is not Role.NONE]
