"""Settings: working calendars, the house's first; a line may have another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from aiohttp import web
from babel import Locale
from babel.dates import get_day_names

from pbx_crm.domain.calendar import (
    NIGHT,
    NINE_TO_SIX,
    Calendar,
    OwnDay,
    hours_in,
    quiet_in,
    written,
)
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.public_holidays import countries, holidays_in
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.time_zones import time_zones
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import language_of, render, wording_of
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/calendars"
Read = TypeVar("Read")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/calendars: every calendar with its week."""
    view = await services_of(request).automation.calendars.view()
    filled = {"here": HERE, "calendars": view, "weekdays": _weekdays(request), "written": written}
    return await render(request, "calendars.html", filled)


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /settings/calendars/new: the form of a calendar to be."""
    installation = services_of(request).installation
    week = ((NINE_TO_SIX,) * 5) + ((),) * 2
    return await _form(request, Calendar(None, "", installation.time_zone, installation.region, week, NIGHT))


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/calendars/{calendar}: one calendar's form, its own days, the holidays ahead."""
    view = await services_of(request).automation.calendars.view()
    calendar = await _stored(request)
    return await _form(request, calendar, is_house=calendar.id == view[0].id)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/calendars: one more calendar, or the form again with the reasons."""
    return await _save(request, None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/calendars/{calendar}: as the form says, or the form again with the reasons."""
    return await _save(request, await _stored(request))


async def drop(request: web.Request) -> web.StreamResponse:
    """POST /settings/calendars/{calendar}/drop: the calendar is gone, but never the house's."""
    await services_of(request).automation.calendars.drop(viewer_of(request), _id(request))
    return see_other(HERE)


async def put_day(request: web.Request) -> web.StreamResponse:
    """POST /settings/calendars/{calendar}/days: a day off, or a day worked, of the house's own."""
    form, calendar = await form_of(request), await _stored(request)
    day, is_open = form.day("day"), form.one_of("is_open", ("yes", "no")) == "yes"
    if day is None:
        form.reasons.setdefault("day", N_("Say which day."))
    try:
        form.require_good()
        own = OwnDay(day or date.max, is_open, form.text("day_name"))
        await services_of(request).automation.calendars.put_day(viewer_of(request), _id(request), own)
    except BadInput as refused:
        return await _form(request, calendar, refused.reasons, form.values)
    return see_other(f"{HERE}/{calendar.id}")


async def drop_day(request: web.Request) -> web.StreamResponse:
    """POST /settings/calendars/{calendar}/days/drop: that day is like any other again."""
    form = await form_of(request)
    day = form.day("day")
    form.require_good()
    if day is not None:
        await services_of(request).automation.calendars.drop_day(viewer_of(request), _id(request), day)
    return see_other(f"{HERE}/{_id(request)}")


def _id(request: web.Request) -> int:
    return id_in(request.match_info["calendar"])


async def _stored(request: web.Request) -> Calendar:
    view = await services_of(request).automation.calendars.view()
    found = next((calendar for calendar in view if calendar.id == _id(request)), None)
    if found is None:
        raise NotFound(calendar_id=_id(request))
    return found


async def _save(request: web.Request, stored: Calendar | None) -> web.StreamResponse:
    form = await form_of(request)
    calendar = _filled(form, stored)
    try:
        form.require_good()
        await services_of(request).automation.calendars.save(viewer_of(request), calendar)
    except BadInput as refused:
        return await _form(request, calendar, refused.reasons, form.values)
    return see_other(HERE)


def _filled(form: Form, stored: Calendar | None) -> Calendar:
    return Calendar(
        stored.id if stored else None,
        form.text("name"),
        form.text("time_zone"),
        form.text("country") or None,
        tuple(_read(form, f"hours_{weekday}", hours_in, ()) for weekday in range(7)),
        _read(form, "quiet", quiet_in, None),
        stored.days if stored else (),
    )


def _read(form: Form, name: str, read: Callable[[str], Read], default: Read) -> Read:
    try:
        return read(form.text(name))
    except ValueError:
        form.reasons[name] = N_("Write hours as 9:00-13:00, 14:00-18:00.")
        return default


async def _form(
    request: web.Request,
    calendar: Calendar,
    reasons: Mapping[str, str] | None = None,
    typed: Mapping[str, str] | None = None,
    *,
    is_house: bool = False,
) -> web.Response:
    today = services_of(request).clock().date()
    years = (today.year, today.year + 1)
    coming = [
        (day, name)
        for year in years
        for day, name in (holidays_in(calendar.country, year).items() if calendar.country else ())
        if day >= today
    ]
    filled = {
        "here": HERE,
        "calendar": calendar,
        "weekdays": _weekdays(request),
        "hours": [written(spans) for spans in calendar.week],
        "quiet": written([calendar.quiet]) if calendar.quiet else "",
        "zones": [(zone, zone) for zone in time_zones()],
        "countries": [("", wording_of(request).gettext(N_("none"))), *_countries(request)],
        "coming": coming[:12],
        "is_house": is_house,
        "typed": typed or {},
        "reasons": reasons or {},
    }
    return await render(request, "calendar.html", filled, status=422 if reasons else 200)


def _weekdays(request: web.Request) -> list[str]:
    names = get_day_names("abbreviated", "stand-alone", language_of(request).code)
    return [names[weekday] for weekday in range(7)]


def _countries(request: web.Request) -> list[tuple[str, str]]:
    names = Locale.parse(language_of(request).code).territories
    return sorted(
        ((code, f"{names.get(code, code)} ({code})") for code in countries()), key=lambda one: one[1]
    )
