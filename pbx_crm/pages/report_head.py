"""The head that all reports share: which report, which days, compared with which, sliced by what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from aiohttp import web

from pbx_crm.domain.person import Reach
from pbx_crm.domain.report_filter import Choices, ReportFilter
from pbx_crm.domain.report_period import Days, Preset, compared
from pbx_crm.domain.report_table import ReportTable
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.render import wording_of
from pbx_crm.pages.report_query import ReportQuery
from pbx_crm.pages.request import services_of, viewer_of

REPORTS = (
    ("/reports/calls", N_("Calls per seller")),
    ("/reports/funnel", N_("Funnel")),
    ("/reports/missed", N_("Missed calls")),
)
PRESETS = (
    (Preset.TODAY, N_("Today")),
    (Preset.YESTERDAY, N_("Yesterday")),
    (Preset.THIS_WEEK, N_("This week")),
    (Preset.LAST_WEEK, N_("Last week")),
    (Preset.THIS_MONTH, N_("This month")),
    (Preset.LAST_MONTH, N_("Last month")),
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
    """Which of seller, line and funnel this report can be sliced by."""

    @property
    def tabs(self) -> tuple[tuple[str, str, bool], ...]:
        """(address, name, whether it is this one); days and slices go along."""
        kept = self.query.of("")
        return tuple((kept.url(path), name, path == self.path) for path, name in REPORTS)

    @property
    def presets(self) -> tuple[tuple[str, str, bool], ...]:
        """(address, name, whether it is chosen) of the periods one click away; they let go of chosen days."""
        kept = replace(self.query, from_day=None, to_day=None)
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
            (self.query.funnel, self.choices.funnels if "funnel" in self.slices else ()),
        )
        return tuple(name for asked, known in chosen for record_id, name in known if record_id == asked)

    @property
    def csv_url(self) -> str:
        """The same report as a file."""
        return self.query.url(f"{self.path}.csv")


async def head_of(request: web.Request, path: str, slices: frozenset[str]) -> ReportHead:
    """The head of the report at this path."""
    services, viewer, wording = services_of(request), viewer_of(request), wording_of(request)
    query = ReportQuery.read(request.query)
    today = wording.now.astimezone(wording.zone).date()
    days = query.days(today, wording.first_weekday)
    return ReportHead(
        path=path,
        query=query,
        days=days,
        zone=wording.zone,
        now=wording.now,
        choices=await services.reports.choices(viewer.scope),
        is_head=viewer.scope.reach is Reach.ALL,
        wanted=query.filter(days.span(wording.zone)),
        earlier=query.filter(compared(days, wording.zone, wording.now)),
        slices=slices,
    )


def csv_answer(table: ReportTable, head: ReportHead) -> web.Response:
    """The table as a file that spreadsheets open; its name says which report and days it is."""
    name = f"{head.path.rsplit('/', 1)[-1]}-{head.days.first}-{head.days.last}.csv"
    # Without the mark Excel reads UTF-8 in the code page of the machine.
    text = "\ufeff" + table.csv()
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)
