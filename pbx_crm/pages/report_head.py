"""The head that all reports share: which report, which days, compared with which, sliced by what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from aiohttp import web

from pbx_crm.domain.amount_band import BAND_NAMES, AmountBand
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.person import Reach
from pbx_crm.domain.region import NOWHERE
from pbx_crm.domain.report_filter import Choices, ReportFilter
from pbx_crm.domain.report_period import DAYS_A_WEEK, Days, Preset, compared
from pbx_crm.domain.report_table import ReportTable
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.region_choice import region_choices
from pbx_crm.pages.render import days_zone_of, wording_of
from pbx_crm.pages.report_file import file_answer
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of

REPORTS = (
    ("/reports/overview", N_("Overview")),
    ("/reports/calls", N_("Calls per seller")),
    ("/reports/trend", N_("Trend")),
    ("/reports/hours", N_("Hours")),
    ("/reports/cold", N_("Cold calls")),
    ("/reports/missed", N_("Missed calls")),
    ("/reports/sources", N_("Sources")),
    ("/reports/lines", N_("Lines")),
    ("/reports/regions", N_("Regions")),
    ("/reports/stages", N_("Deals now")),
    ("/reports/carried", N_("Carried over")),
    ("/reports/funnel", N_("Funnel")),
    ("/reports/losses", N_("Losses")),
    ("/reports/forecast", N_("Forecast")),
    ("/reports/plan", N_("Plan")),
)
ENDINGS = ("csv", "xlsx")
REGION = "region"
ANY_FUNNEL = "any_funnel"
"""A slice: one funnel, or all of them together."""
PRESETS = (
    (Preset.TODAY, N_("Today")),
    (Preset.YESTERDAY, N_("Yesterday")),
    (Preset.THIS_WEEK, N_("This week")),
    (Preset.LAST_WEEK, N_("Last week")),
    (Preset.LAST_7_DAYS, N_("7 days")),
    (Preset.THIS_MONTH, N_("This month")),
    (Preset.LAST_MONTH, N_("Last month")),
    (Preset.LAST_90_DAYS, N_("90 days")),
    (Preset.THIS_YEAR, N_("This year")),
)


@dataclass(frozen=True, slots=True)
class ReportHead:
    """Everything the head shows, and what the report is counted by."""

    path: str
    query: ReportQuery
    days: Days
    zone: tzinfo
    now: datetime
    choices: Choices
    is_head: bool
    wanted: ReportFilter
    earlier: ReportFilter
    """The stretch to compare with; counted only if the query compares."""
    slices: frozenset[str]
    """Which of seller, line, source, region, funnel and band this report can be sliced by."""
    firm_zone: tzinfo
    has_period: bool
    """Whether it is about days one chooses."""
    can_compare: bool
    has_own_zone: bool
    """Whether the reader's days are not the company's."""
    calendar: MonthCalendar
    """Whose months the reader lives by."""
    is_table: bool = True
    """Whether it can be sliced and had as a file."""
    regions: tuple[tuple[int, str], ...] = ()
    """(id, name) of the regions to slice by, as the reader calls them."""

    @property
    def tabs(self) -> tuple[tuple[str, str, bool], ...]:
        """(address, name, whether it is this one); days and slices go along."""
        kept = self.query.of("")
        return tuple((kept.url(path), name, path == self.path) for path, name in REPORTS)

    @property
    def presets(self) -> tuple[tuple[str, str, bool], ...]:
        """(address, name, whether it is chosen) of the periods one click away; they let go of chosen days."""
        kept = replace(self.query, from_day=None, to_day=None, page=1)
        chosen = None if self.query.names_days else self.query.preset
        return tuple(
            (replace(kept, preset=preset).url(self.path), name, preset is chosen) for preset, name in PRESETS
        )

    @property
    def sliced(self) -> tuple[str, ...]:
        """What the report is narrowed to, by name, for whoever reads it on paper."""
        chosen = (
            (self.query.who, self.choices.sellers),
            (self.query.line, self.choices.lines),
            (self.query.region, self.regions),
            (self.query.funnel, self.choices.funnels if self.slices & {"funnel", ANY_FUNNEL} else ()),
        )
        named = [name for asked, known in chosen for record_id, name in known if record_id == asked]
        return tuple(filter(None, (*named, self.query.source)))

    @property
    def before(self) -> Days:
        """The days to compare with; of days that still run as much of them as has passed."""
        return self.days.before_by(self.calendar)

    @property
    def is_compared(self) -> bool:
        """Whether figures of the days before stand beside those asked for."""
        return self.can_compare and (self.query.compares or not self.is_table)

    @property
    def can_be_any_funnel(self) -> bool:
        """Whether it is about all funnels unless one is chosen."""
        return ANY_FUNNEL in self.slices

    @property
    def band(self) -> str:
        """The amounts it is narrowed to, to be translated; empty for all."""
        return BAND_NAMES[self.query.band] if self.query.band and "band" in self.slices else ""

    @property
    def bands(self) -> tuple[tuple[AmountBand, str], ...]:
        """(value, name) of the amounts to slice by."""
        return tuple(BAND_NAMES.items())

    @property
    def file_urls(self) -> tuple[tuple[str, str], ...]:
        """(kind, address) of the same report as a file."""
        return tuple((ending.upper(), self.query.url(f"{self.path}.{ending}")) for ending in ENDINGS)

    def since(self, first: datetime) -> str:
        """The address of the same report on the seven days from the one in which this moment lies."""
        day = first.astimezone(self.zone).date()
        asked = replace(self.query, from_day=day, to_day=day + timedelta(days=DAYS_A_WEEK - 1), page=1)
        return asked.url(self.path)

    async def file(self, request: web.Request, table: ReportTable) -> web.Response:
        """The table as the file asked for; its name says which report and days it is."""
        stem = f"{self.path.removeprefix('/reports/').replace('/', '-')}-{self.days.first}-{self.days.last}"
        slices = [("slice", name) for name in (*self.sliced, self.band) if name]
        days = (("from", str(self.days.first)), ("to", str(self.days.last)), ("time zone", str(self.zone)))
        return await file_answer(request, table, stem, self.now, (("report", self.path), *days, *slices))


async def head_of(
    request: web.Request,
    path: str,
    slices: frozenset[str],
    *,
    has_period: bool = True,
    can_compare: bool = True,
    is_table: bool = True,
) -> ReportHead:
    """The head of the report at this path."""
    services, viewer, wording = services_of(request), viewer_of(request), wording_of(request)
    query = ReportQuery.read(request.query)
    zone, firm_zone = days_zone_of(request, query.in_firm_zone), days_zone_of(request, True)
    today = wording.now.astimezone(zone).date()
    days = query.days(today, wording.first_weekday, wording.calendar)
    return ReportHead(
        path=path,
        query=query,
        days=days,
        zone=zone,
        now=wording.now,
        choices=await services.reports.choices(viewer.scope),
        is_head=viewer.scope.reach is Reach.ALL,
        wanted=query.filter(days.span(zone)),
        earlier=query.filter(compared(days, zone, wording.now, wording.calendar)),
        slices=slices,
        firm_zone=firm_zone,
        has_period=has_period,
        can_compare=has_period and can_compare,
        has_own_zone=str(wording.zone) != str(firm_zone),
        calendar=wording.calendar,
        is_table=is_table,
        regions=await _regions(request, query.region) if REGION in slices else (),
    )


async def _regions(request: web.Request, chosen: int | None) -> tuple[tuple[int, str], ...]:
    known = await region_choices(request, chosen)
    # Where no plan of numbers is built there is nothing to choose.
    return ((NOWHERE, wording_of(request).gettext(N_("not known"))), *known) if known else ()
