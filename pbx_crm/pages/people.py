"""Settings: the people of the company, their rights, passwords and sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from pbx_crm.domain.errors import BadInput, NotAllowed, NotFound
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.see_as import is_to_be_seen_as
from pbx_crm.services.staff import PersonForm

HERE = "/settings/people"
ROLES = {
    Role.SELLER: N_("Seller: own deals"),
    Role.HEAD: N_("Head of sales: all deals"),
    Role.NONE: N_("No client data"),
}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the list."""

    person: Person
    role: str
    extensions: list[str]
    has_factor: bool


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/people: everybody, and the form for one more."""
    return await _list(request, {}, {})


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/people: one more person, or the form again with the reasons."""
    form = await form_of(request)
    try:
        filled = _filled(form)
        await services_of(request).staff.add(viewer_of(request), filled, form.secret("password"))
    except BadInput as refused:
        return await _list(request, form.values, refused.reasons, status=422)
    return see_other(HERE)


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/people/{person}: one person."""
    person = await services_of(request).staff.get(person_id_of(request))
    return await _one(request, person, _values_of(person))


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person}: another name or other rights, or the form again with the reasons."""
    form = await form_of(request)
    staff = services_of(request).staff
    person = await staff.get(person_id_of(request))
    try:
        await staff.change(viewer_of(request), person.id, _filled(form))
    except BadInput as refused:
        return await _one(request, person, form.values, refused.reasons, status=422)
    except NotAllowed as refused:
        return await _one(request, person, form.values, refusal=str(refused), status=403)
    return see_other(HERE)


async def set_password(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person}/password: a new password, and all sessions of the person end."""
    form = await form_of(request)
    staff = services_of(request).staff
    person = await staff.get(person_id_of(request))
    try:
        await staff.set_password(viewer_of(request), person.id, form.secret("password"))
    except BadInput as refused:
        return await _one(request, person, _values_of(person), refused.reasons, status=422)
    return see_other(f"{HERE}/{person.id}")


async def set_active(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person}/active: shuts a person out, or lets them in again."""
    form = await form_of(request)
    person_id = person_id_of(request)
    active = form.text("active") == "yes"
    await services_of(request).staff.set_active(viewer_of(request), person_id, active=active)
    return see_other(f"{HERE}/{person_id}")


async def sign_out(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person}/sign-out: ends every session and token of the person."""
    person_id = person_id_of(request)
    await services_of(request).staff.sign_out(viewer_of(request), person_id)
    return see_other(f"{HERE}/{person_id}")


async def reset_second_factor(request: web.Request) -> web.StreamResponse:
    """POST /settings/people/{person}/second-factor: the password alone lets them in again."""
    person_id = person_id_of(request)
    await services_of(request).staff.reset_second_factor(viewer_of(request), person_id)
    return see_other(f"{HERE}/{person_id}")


def person_id_of(request: web.Request) -> int:
    """The person named in the address; NotFound for what is no id."""
    return id_in(request.match_info["person"])


def id_in(text: str) -> int:
    """An id out of an address; NotFound for anything that cannot be one."""
    if not (text.isascii() and text.isdecimal() and len(text) < len("9223372036854775807")):
        raise NotFound
    return int(text)


def _filled(form: Form) -> PersonForm:
    role = form.choice("role", Role, Role.SELLER)
    form.require_good()
    return PersonForm(form.text("login"), form.text("name"), role, form.is_on("is_admin"))


def _values_of(person: Person) -> dict[str, str]:
    ticked = {"is_admin": "yes"} if person.is_admin else {}
    return {"name": person.name, "login": person.login, "role": person.role.value, **ticked}


def _roles(request: web.Request) -> list[tuple[str, str]]:
    reader = wording_of(request)
    return [(role.value, reader.gettext(words)) for role, words in ROLES.items()]


async def _list(
    request: web.Request, values: Mapping[str, str], reasons: Mapping[str, str], *, status: int = 200
) -> web.Response:
    staff = services_of(request).staff
    numbers: dict[int, list[str]] = {}
    for link in (await staff.extensions()).links:
        if link.valid_to is None:
            numbers.setdefault(link.person_id, []).append(link.number)
    people = await staff.everybody()
    with_factor = await staff.who_has_second_factor()
    rows = [
        PersonRow(person, ROLES[person.role], numbers.get(person.id, []), person.id in with_factor)
        for person in people
    ]
    filled = {"here": HERE, "rows": rows, "values": values, "reasons": reasons, "roles": _roles(request)}
    return await render(request, "people.html", filled, status=status)


async def _one(
    request: web.Request,
    person: Person,
    values: Mapping[str, str],
    reasons: Mapping[str, str] | None = None,
    *,
    refusal: str = "",
    status: int = 200,
) -> web.Response:
    with_factor = await services_of(request).staff.who_has_second_factor()
    filled = {
        "here": HERE,
        "person": person,
        "may_see_as": viewer_of(request).role is Role.HEAD and is_to_be_seen_as(person),
        "may_reset_factor": person.id in with_factor and person.id != viewer_of(request).id,
        "values": values,
        "reasons": reasons or {},
        "refusal": refusal,
        "roles": _roles(request),
    }
    return await render(request, "person.html", filled, status=status)
