"""Calendars in the API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.calendar import Calendar, OwnDay, hours_in, quiet_in, written
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Done, Given, Taken, api
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of

Read = TypeVar("Read")
Text = Annotated[str, Field(max_length=200)]


class CalendarBody(Taken):
    """A calendar; hours as people write them, `9:00-13:00, 14:00-18:00`."""

    name: str
    time_zone: str = Field(description="IANA name", examples=["Europe/Moscow"])
    country: str | None = Field(
        default=None, description="whose public holidays are days off, ISO 3166", examples=["RU"]
    )
    week: tuple[Text, ...] = Field(
        min_length=7,
        max_length=7,
        description="Monday first; empty: off",
        examples=[["9-13, 14-18", "9-18", "9-18", "9-18", "9-17", "", ""]],
    )
    quiet: Text = Field(default="", description="in which robots disturb nobody", examples=["21-8"])


class DayBody(Taken):
    """A day that is not as the week and the country say."""

    day: date
    is_open: bool = False
    name: str = ""


class ApiOwnDay(Given):
    """A day that is not as the week and the country say."""

    day: date
    is_open: bool
    name: str


class ApiCalendar(Given):
    """When somebody works."""

    id: int
    name: str
    time_zone: str
    country: str | None
    week: tuple[str, ...]
    quiet: str
    days: tuple[ApiOwnDay, ...]


class ApiCalendars(Given):
    """Every calendar, the house's first."""

    calendars: tuple[ApiCalendar, ...]


@api(ApiCalendars)
async def list_calendars(request: web.Request) -> ApiCalendars:
    """GET /api/v1/calendars: every calendar, the house's first."""
    found = await services_of(request).automation.calendars.view()
    return ApiCalendars(calendars=tuple(map(_calendar, found)))


@api(ApiCalendar, body=CalendarBody, status=201)
async def add_calendar(request: web.Request, body: CalendarBody) -> ApiCalendar:
    """POST /api/v1/calendars: one more calendar."""
    return await _saved_calendar(request, body, None)


@api(ApiCalendar, body=CalendarBody)
async def change_calendar(request: web.Request, body: CalendarBody) -> ApiCalendar:
    """PUT /api/v1/calendars/{calendar}: the calendar is so from now on; its own days stay."""
    return await _saved_calendar(request, body, (await _stored_calendar(request, _id(request))).id)


@api(Done)
async def drop_calendar(request: web.Request) -> Done:
    """DELETE /api/v1/calendars/{calendar}: lines that had it have the house's; the house's stays."""
    await services_of(request).automation.calendars.drop(viewer_of(request), _id(request))
    return Done()


@api(ApiCalendar, body=DayBody)
async def put_day(request: web.Request, body: DayBody) -> ApiCalendar:
    """POST /api/v1/calendars/{calendar}/days: that day is off, or worked, whatever the week says."""
    calendar_id, own = _id(request), OwnDay(body.day, body.is_open, body.name)
    await services_of(request).automation.calendars.put_day(viewer_of(request), calendar_id, own)
    return _calendar(await _stored_calendar(request, calendar_id))


@api(ApiCalendar)
async def drop_day(request: web.Request) -> ApiCalendar:
    """DELETE /api/v1/calendars/{calendar}/days/{day}: that day is like any other again."""
    calendar_id = _id(request)
    try:
        day = date.fromisoformat(request.match_info["day"])
    except ValueError:
        raise BadInput(reasons={"day": N_("Write a day as 2026-12-31.")}) from None
    await services_of(request).automation.calendars.drop_day(viewer_of(request), calendar_id, day)
    return _calendar(await _stored_calendar(request, calendar_id))


def _calendar(found: Calendar) -> ApiCalendar:
    return ApiCalendar(
        id=found.id or 0,
        name=found.name,
        time_zone=found.time_zone,
        country=found.country,
        week=tuple(written(hours) for hours in found.week),
        quiet=written([found.quiet]) if found.quiet else "",
        days=tuple(ApiOwnDay.model_validate(own) for own in found.days),
    )


async def _stored_calendar(request: web.Request, calendar_id: int) -> Calendar:
    view = await services_of(request).automation.calendars.view()
    found = next((one for one in view if one.id == calendar_id), None)
    if found is None:
        raise NotFound(calendar_id=calendar_id)
    return found


async def _saved_calendar(request: web.Request, body: CalendarBody, calendar_id: int | None) -> ApiCalendar:
    week = tuple(_read(f"week.{weekday}", text, hours_in) for weekday, text in enumerate(body.week))
    quiet = _read("quiet", body.quiet, quiet_in)
    calendar = Calendar(calendar_id, body.name, body.time_zone, body.country, week, quiet)
    saved_id = await services_of(request).automation.calendars.save(viewer_of(request), calendar)
    return _calendar(await _stored_calendar(request, saved_id))


def _read(name: str, text: str, read: Callable[[str], Read]) -> Read:
    try:
        return read(text)
    except ValueError:
        raise BadInput(reasons={name: N_("Write hours as 9:00-13:00, 14:00-18:00.")}) from None


def _id(request: web.Request) -> int:
    return id_in(request.match_info["calendar"])


CALENDAR_ENDPOINTS: tuple[Route, ...] = (
    Route("GET", "/api/v1/calendars", list_calendars, Access.SETTINGS),
    Route("POST", "/api/v1/calendars", add_calendar, Access.SETTINGS),
    Route("PUT", "/api/v1/calendars/{calendar}", change_calendar, Access.SETTINGS),
    Route("DELETE", "/api/v1/calendars/{calendar}", drop_calendar, Access.SETTINGS),
    Route("POST", "/api/v1/calendars/{calendar}/days", put_day, Access.SETTINGS),
    Route("DELETE", "/api/v1/calendars/{calendar}/days/{day}", drop_day, Access.SETTINGS),
)
