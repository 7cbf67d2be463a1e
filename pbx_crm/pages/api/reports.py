"""Reports in the API: the rows of a report's file, over days and slices."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from aiohttp import web
from babel.dates import get_timezone
from pydantic import AfterValidator, Field

from pbx_crm.domain.amount_band import AmountBand
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.report_filter import ReportFilter, ReportName
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.report_table import Cell
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.call_query import FIRST_YEAR, LAST_YEAR
from pbx_crm.pages.render import wording_of
from pbx_crm.pages.report_query import LONGEST
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.report_tables import ReportDays


def _of_a_pbx_life(day: date) -> date:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError("no PBX has seen this day")
    return day


Day = Annotated[date, AfterValidator(_of_a_pbx_life)]


class ReportQuery(Taken):
    """Days, both in, and slices; what is left out narrows nothing."""

    first: Day | None = Field(default=None, description="today if left out")
    last: Day | None = Field(default=None, description="the first day if left out")
    person_id: Id | None = None
    line_id: int | None = Field(default=None, ge=0, le=2**63 - 1, description="0: over no line")
    funnel_id: Id | None = None
    source: str | None = Field(default=None, max_length=100, description="empty: without a source")
    band: AmountBand | None = None
    region_id: int | None = Field(default=None, ge=0, le=2**63 - 1, description="0: not known")
    by: Literal["", "day", "week", "month", "quarter"] = Field(
        default="", description="steps of a trend, length of a plan"
    )
    zone: str = Field(default="", max_length=64, description="whose days; the installation's if left out")


class ApiReport(Given):
    """A report's rows; `columns` names their cells in order."""

    report: ReportName
    first: date
    last: date
    time_zone: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@api(ApiReport, query=ReportQuery)
async def get_report(request: web.Request, query: ReportQuery) -> ApiReport:
    """GET /api/v1/reports/{report}: the rows of a report, as far as the token's person sees."""
    services = services_of(request)
    try:
        name = ReportName(request.match_info["report"])
        zone = get_timezone(query.zone or services.installation.time_zone)
    except ValueError:
        raise NotFound(report=request.match_info["report"]) from None
    except LookupError:
        raise BadInput(reasons={"zone": N_("There is no such time zone.")}) from None
    first = query.first or query.last or services.clock().astimezone(zone).date()
    days = Days(first, query.last or first)
    if not first <= days.last <= first + LONGEST:
        raise BadInput(reasons={"last": N_("These days are none, or too many.")})
    slices = (
        *(query.person_id, query.line_id, query.funnel_id),
        *(query.source, query.band, query.region_id),
    )
    wording = wording_of(request)
    wanted = ReportFilter(days.span(zone), *slices)
    asked = ReportDays(wanted, days, zone, wording.first_weekday, wording.calendar, query.by)
    table = await services.analysis.tables.table(name, viewer_of(request).scope, asked)
    return ApiReport(
        report=name,
        first=days.first,
        last=days.last,
        time_zone=str(zone),
        columns=table.columns,
        rows=table.rows,
    )
