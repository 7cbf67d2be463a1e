"""Incoming calls by hour and weekday, as a table coloured by its figures, and as a file."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiohttp import web
from babel.dates import get_day_names

from pbx_crm.domain.call_hours import LEAST_CALLS, CallHours, HourCounts, WeekHour
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.report_period import DAYS_A_WEEK
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.call_query import CallQuery
from pbx_crm.pages.render import language_of, render, wording_of
from pbx_crm.pages.report_empty import emptiness
from pbx_crm.pages.report_head import ReportHead, head_of
from pbx_crm.pages.request import services_of, viewer_of

PATH = "/reports/hours"
SLICES = frozenset({"seller", "line", "source", "region"})
HOTTEST = 5
ANSWERED, MISSED, SHARE = "answered", "missed", "share"
VIEWS = {ANSWERED: N_("Answered"), MISSED: N_("Missed"), SHARE: N_("Missed in percent")}


@dataclass(frozen=True, slots=True)
class CellView:
    """One hour of the week as it is printed."""

    value: float | None
    """None: nothing, or too few calls for a percentage."""
    heat: int
    url: str
    is_few: bool


@dataclass(frozen=True, slots=True)
class RowView:
    """A weekday with its hours."""

    name: str
    total: int
    cells: tuple[CellView, ...]


async def show(request: web.Request) -> web.StreamResponse:
    """GET /reports/hours."""
    head, found = await _found(request)
    view = head.query.by if head.query.by in VIEWS else MISSED
    values = {
        "head": head,
        "hours": found.hours,
        "rows": _rows(request, head, found, view),
        "views": [
            (replace(head.query, by=known).url(PATH), name, known == view) for known, name in VIEWS.items()
        ],
        "view": view,
        **await emptiness(request, head, is_empty=not found.cells),
        "floor": LEAST_CALLS,
    }
    return await render(request, "report_hours.html", values)


async def as_file(request: web.Request) -> web.StreamResponse:
    """GET /reports/hours.csv and .xlsx: a row for each hour of the week that had calls."""
    head, found = await _found(request)
    return await head.file(request, found.table())


async def _found(request: web.Request) -> tuple[ReportHead, CallHours]:
    head = await head_of(request, PATH, SLICES, can_compare=False)
    reports, scope = services_of(request).reports, viewer_of(request).scope
    return head, await reports.call_hours(scope, head.wanted, head.zone)


def _rows(request: web.Request, head: ReportHead, found: CallHours, view: str) -> tuple[RowView, ...]:
    names = get_day_names("abbreviated", "stand-alone", language_of(request).code)
    first = wording_of(request).first_weekday
    hottest = max((_value(counts, view) or 0 for counts in found.cells.values()), default=0)
    rows = []
    for weekday in ((first + after) % DAYS_A_WEEK for after in range(DAYS_A_WEEK)):
        counts = [found.at(weekday, hour) for hour in found.hours]
        cells = tuple(
            _cell(head, one, view, WeekHour(weekday, hour), hottest)
            for hour, one in zip(found.hours, counts, strict=True)
        )
        total = sum(one.answered if view == ANSWERED else one.missed for one in counts)
        rows.append(RowView(names[weekday], total, cells))
    return tuple(rows)


def _value(counts: HourCounts, view: str) -> float | None:
    match view:
        case "share":
            return counts.missed_percent
        case "missed":
            return counts.missed
        case _:
            return counts.answered


def _cell(head: ReportHead, counts: HourCounts, view: str, place: WeekHour, hottest: float) -> CellView:
    value = _value(counts, view)
    asked = CallQuery(
        from_day=head.days.first,
        to_day=head.days.last,
        who=head.wanted.person_id,
        figure=Figure.ANSWERED if view == ANSWERED else Figure.MISSED,
        line=head.query.line,
        source=head.query.source,
        region=head.query.region,
        in_firm_zone=head.query.in_firm_zone,
        week_hour=place,
    )
    # The ceiling, so that one call is seen; nothing is the only thing without a colour.
    heat = -int(-HOTTEST * value // hottest) if value and hottest else 0
    return CellView(value, heat, asked.url(), view == SHARE and value is None and counts.calls > 0)
