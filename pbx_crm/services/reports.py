"""Reports of one viewer: a head's over everybody, a seller's over themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from pbx_crm.db import (
    call_hours,
    call_report,
    call_trend,
    carried_report,
    cold_report,
    deal_lists,
    first_call,
    funnel_report,
    funnels,
    lines,
    loss_report,
    meetings,
    missed_clock,
    origin_report,
    people,
    plans,
    report_slices,
    stage_report,
)
from pbx_crm.db import forecast as histories
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain import forecast_report as forecast
from pbx_crm.domain import worst_drop
from pbx_crm.domain.call_hours import CallHours, by_week_hour
from pbx_crm.domain.call_report import CallReport, Meeting, Moment
from pbx_crm.domain.call_trend import CallTrend, Every, TrendStep
from pbx_crm.domain.carried_report import CarriedReport, Fate
from pbx_crm.domain.cold_report import ColdReport
from pbx_crm.domain.deal_list import DealPage, Rows
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.forecast_report import ForecastReport
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.funnel_report import FunnelReport
from pbx_crm.domain.funnel_report import report as count_funnel
from pbx_crm.domain.loss_report import LossReport
from pbx_crm.domain.missed_clock import MissedReport
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.origin_report import Made
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.report_filter import Choices, ReportFilter
from pbx_crm.domain.report_period import Days, Span
from pbx_crm.domain.stage_report import StageReport
from pbx_crm.domain.worst_drop import WorstDrop

USUAL_DAYS = timedelta(days=90)
"""How far back one looks for what is usual."""


class Reports:
    """Reads only; the scope decides what is counted, whatever the filter asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def choices(self, scope: Scope) -> Choices:
        """What the viewer may slice by."""
        return await self._database.read(_choices, scope)

    async def calls(self, scope: Scope, wanted: ReportFilter) -> CallReport:
        """Calls per seller."""
        return await self._database.read_at_length(call_report.report, wanted, scope)

    async def first_call(self, scope: Scope) -> datetime | None:
        """Since when there are calls, for a report that has none; None where there is none at all."""
        return await self._database.read(first_call.first_call, scope)

    async def call_trend(
        self, scope: Scope, wanted: ReportFilter, every: Every, steps: Sequence[Days], zone: tzinfo
    ) -> CallTrend:
        """All calls of each of these steps, whose days are the zone's."""
        spans = [days.span(zone) for days in steps]
        counts = await self._database.read_at_length(call_trend.trend, wanted, scope, spans)
        return CallTrend(every, tuple(map(TrendStep, steps, counts)))

    async def call_hours(self, scope: Scope, wanted: ReportFilter, zone: tzinfo) -> CallHours:
        """Incoming calls by hour and weekday of the zone."""
        return by_week_hour(
            await self._database.read_at_length(call_hours.per_hour, wanted, scope, zone), zone
        )

    async def cold(self, scope: Scope, wanted: ReportFilter) -> ColdReport:
        """Cold calls and meetings per seller."""
        return await self._database.read_at_length(cold_report.report, wanted, scope)

    async def meetings(
        self, scope: Scope, wanted: ReportFilter, moment: Moment = Moment.HELD
    ) -> list[Meeting]:
        """The meetings that a report counts, the latest first."""
        return await self._database.read(meetings.listed, wanted, scope, moment)

    async def missed(self, scope: Scope, wanted: ReportFilter, now: datetime) -> MissedReport:
        """How long callers nobody answered waited, and who waits now."""
        return await self._database.read_at_length(missed_clock.report, wanted, scope, now)

    async def funnel(self, scope: Scope, wanted: ReportFilter, now: datetime) -> FunnelReport | None:
        """How far the deals made in this time came; the first funnel's unless the filter names one in use."""
        return await self._database.read_at_length(_funnel, scope, wanted, now)

    async def funnel_with_drop(
        self, scope: Scope, wanted: ReportFilter, now: datetime
    ) -> tuple[FunnelReport, WorstDrop | None] | None:
        """The same, and where most are lost beside the ninety days before."""
        return await self._database.read_at_length(_funnel_with_drop, scope, wanted, now)

    async def losses(self, scope: Scope, wanted: ReportFilter) -> LossReport | None:
        """What was lost in the time, and why; the first funnel's unless the filter names one in use."""
        return await self._database.read_at_length(_losses, scope, wanted)

    async def forecast(
        self,
        scope: Scope,
        wanted: ReportFilter,
        now: datetime,
        zone: tzinfo,
        calendar: MonthCalendar = MonthCalendar.GREGORIAN,
    ) -> ForecastReport | None:
        """What will be won in the coming months of the zone; the filter's time says nothing here."""
        return await self._database.read_at_length(_forecast, scope, wanted, now, zone, calendar)

    async def stages(self, scope: Scope, wanted: ReportFilter) -> StageReport | None:
        """What lies in each stage now; the first funnel's unless the filter names one in use."""
        return await self._database.read_at_length(_stages, scope, wanted)

    async def carried(self, scope: Scope, wanted: ReportFilter) -> CarriedReport | None:
        """What lay open when the time began, and its fate; the first funnel's unless one is named."""
        return await self._database.read_at_length(_carried, scope, wanted)

    async def carried_deals(
        self,
        scope: Scope,
        wanted: ReportFilter,
        funnel: Funnel,
        stage_id: int | None,
        fate: Fate | None,
        rows: Rows,
    ) -> DealPage:
        """Some of the deals that lay in this stage then, of this fate; of any where none is named."""
        conditions = carried_report.carried(wanted, funnel, scope, stage_id, fate)
        return await self._database.read_at_length(deal_lists.page, conditions, scope, rows)

    async def made(self, scope: Scope, wanted: ReportFilter, what: Made, rows: Rows) -> DealPage:
        """Some of the deals made in the time that are open, lost or won now."""
        conditions = origin_report.made(wanted, scope, what)
        return await self._database.read(deal_lists.page, conditions, scope, rows)

    async def won(self, scope: Scope, wanted: ReportFilter, rows: Rows) -> DealPage:
        """Some of the deals won in the time; of all funnels unless the filter names one."""
        return await self._database.read(deal_lists.page, plans.won_in(wanted, scope), scope, rows)

    async def lying(
        self, scope: Scope, wanted: ReportFilter, funnel: Funnel, stage_id: int | None, rows: Rows
    ) -> DealPage:
        """Some of the deals that lie in this stage of the funnel now; in any open one without a stage."""
        conditions = stage_report.lying(wanted, funnel, scope, stage_id)
        return await self._database.read(deal_lists.page, conditions, scope, rows)

    async def deals(self, scope: Scope, deal_ids: Ints, rows: Rows) -> DealPage:
        """Some of the deals behind a figure; what the viewer may not see is left out."""
        return await self._database.read(deal_lists.page_of, deal_ids, scope, rows)


def _funnel(tx: Transaction, scope: Scope, wanted: ReportFilter, now: datetime) -> FunnelReport | None:
    funnel = _asked(tx, wanted)
    if funnel is None:
        return None
    cohort = funnel_report.cohort(tx, wanted, funnel, scope)
    return count_funnel(funnel, cohort, now)


def _funnel_with_drop(
    tx: Transaction, scope: Scope, wanted: ReportFilter, now: datetime
) -> tuple[FunnelReport, WorstDrop | None] | None:
    funnel = _asked(tx, wanted)
    if funnel is None:
        return None
    cohort = funnel_report.cohort(tx, wanted, funnel, scope)
    report = count_funnel(funnel, cohort, now)
    before = replace(wanted, span=Span(wanted.span.since - USUAL_DAYS, wanted.span.since))
    talks = funnel_report.conversations(tx, worst_drop.settled_at(report))
    return report, worst_drop.worst_drop(report, _funnel(tx, scope, before, now), cohort, talks)


def _losses(tx: Transaction, scope: Scope, wanted: ReportFilter) -> LossReport | None:
    funnel = _asked(tx, wanted)
    return loss_report.report(tx, wanted, funnel, scope) if funnel else None


def _stages(tx: Transaction, scope: Scope, wanted: ReportFilter) -> StageReport | None:
    funnel = _asked(tx, wanted)
    return stage_report.report(tx, wanted, funnel, scope) if funnel else None


def _carried(tx: Transaction, scope: Scope, wanted: ReportFilter) -> CarriedReport | None:
    funnel = _asked(tx, wanted)
    return carried_report.report(tx, wanted, funnel, scope) if funnel else None


def _forecast(
    tx: Transaction, scope: Scope, wanted: ReportFilter, now: datetime, zone: tzinfo, calendar: MonthCalendar
) -> ForecastReport | None:
    funnel = _asked(tx, wanted)
    if funnel is None:
        return None
    known = histories.history(tx, wanted, funnel, scope, now)
    return forecast.forecast(funnel, known, now, zone, calendar)


def _asked(tx: Transaction, wanted: ReportFilter) -> Funnel | None:
    """The funnel the filter names if it is in use, else the first; None if there is none."""
    used = funnels.in_use(tx)
    return next((funnel for funnel in used if funnel.id == wanted.funnel_id), used[0] if used else None)


def _choices(tx: Transaction, scope: Scope) -> Choices:
    sellers = people.everybody(tx) if scope.reach is Reach.ALL else []
    return Choices(
        sellers=tuple((person.id, person.name) for person in sellers if person.role is not Role.NONE),
        lines=tuple((line.id, line.name) for line in lines.load(tx) if line.id is not None),
        funnels=tuple((funnel.id, funnel.name) for funnel in funnels.in_use(tx)),
        sources=report_slices.sources(tx, scope),
    )
