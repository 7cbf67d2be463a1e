"""The call log: every call of the viewer's scope, and above it the calls per seller."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from aiohttp import web
from babel.dates import get_day_names

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.call_log import CallRow, Gap
from pbx_crm.domain.person import Reach, Role
from pbx_crm.domain.report_period import start_of
from pbx_crm.pages import call_words
from pbx_crm.pages.call_head import head_table
from pbx_crm.pages.call_query import CallQuery, Period
from pbx_crm.pages.call_timeline import timeline_of
from pbx_crm.pages.call_words import CallSigns, signs_of
from pbx_crm.pages.render import days_zone_of, language_of, render, wording_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of


@dataclass(frozen=True, slots=True)
class LogLine:
    """A row with the signs it is printed with; a gap has no call."""

    call: CallRow | None
    signs: CallSigns | None
    gap: Gap | None


async def show(request: web.Request) -> web.StreamResponse:
    """GET /calls: the whole page, or for a live refresh the part that changes."""
    query = CallQuery.read(request.query)
    values = {**await _head(request), **await _rows(request, query), **_choices(query)}
    values["hour_name"] = _hour_name(request, query)
    return await render(request, "parts/call_log.html" if is_fragment(request) else "call_log.html", values)


async def story(request: web.Request) -> web.StreamResponse:
    """GET /calls/{call_id}: one call leg by leg, in a dialog or as a page of its own."""
    services = services_of(request)
    told = await services.call_log.story(viewer_of(request), int(request.match_info["call_id"]))
    viewer = viewer_of(request)
    values = {
        "sound": await services.office.recordings.state(viewer, told.row.id),
        "may_download": viewer.role is Role.HEAD,
        "story": told,
        "signs": signs_of(told.row),
        "words": call_words,
        "timeline": timeline_of(told, services.clock()),
    }
    return await render(
        request, "parts/call_story.html" if is_fragment(request) else "call_story.html", values
    )


def _hour_name(request: web.Request, query: CallQuery) -> str:
    """`Mon 9:00–10:00`; empty where the log is of all hours."""
    if query.week_hour is None:
        return ""
    names = get_day_names("abbreviated", "stand-alone", language_of(request).code)
    hour = query.week_hour.hour
    return f"{names[query.week_hour.weekday]} {hour}:00\N{EN DASH}{hour + 1}:00"


async def _head(request: web.Request) -> dict[str, Any]:
    services, viewer, zone = services_of(request), viewer_of(request), wording_of(request).zone
    today = services.clock().astimezone(zone).date()
    head = await services.call_log.head(
        viewer,
        today=start_of(today, zone),
        week=start_of(today - timedelta(days=6), zone),
        until=start_of(today + timedelta(days=1), zone),
    )
    return {
        "head": head_table(head),
        "sellers": [(row.person_id, row.name) for row in head.people],
        "is_head": viewer.scope.reach is Reach.ALL,
    }


async def _rows(request: web.Request, query: CallQuery) -> dict[str, Any]:
    services, viewer = services_of(request), viewer_of(request)
    zone = days_zone_of(request, query.in_firm_zone)
    wanted = query.filter(services.clock().astimezone(zone).date(), zone)
    page = await services.call_log.page(viewer, wanted, query.before)
    return {
        "lines": [_line(row) for row in page.rows],
        "count": await services.call_log.count(viewer, wanted) if query.is_narrowed else None,
        "older_url": replace(query, before=page.following).url() if page.following else None,
        "phones": None if page.rows else await services.call_log.phones(viewer, services.clock()),
        "newest_url": replace(query, before=None).url() if query.before else None,
    }


def _line(row: CallRow | Gap) -> LogLine:
    if isinstance(row, Gap):
        return LogLine(None, None, row)
    return LogLine(row, signs_of(row), None)


def _choices(query: CallQuery) -> dict[str, Any]:
    return {
        "query": query,
        "periods": Period,
        "directions": {direction: call_words.DIRECTIONS[direction] for direction in Direction},
        "outcomes": {outcome: call_words.OUTCOMES[outcome] for outcome in Outcome},
        "words": call_words,
    }
