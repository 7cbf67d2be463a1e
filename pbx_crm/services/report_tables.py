"""Every report by its name, as a table: what the command line and other people's scripts are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo

from pbx_crm.domain.call_trend import Every, step_for, steps_of
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.origin_report import OriginKind
from pbx_crm.domain.person import Scope
from pbx_crm.domain.plan_period import PeriodKind
from pbx_crm.domain.report_filter import ReportFilter, ReportName
from pbx_crm.domain.report_period import Days
from pbx_crm.domain.report_table import ReportTable
from pbx_crm.services.clock import Clock
from pbx_crm.services.origins import Origins
from pbx_crm.services.plans import Plans
from pbx_crm.services.reports import Reports

NOTHING = ReportTable((), ())
"""Of deals where there is no funnel."""
ORIGINS = {
    ReportName.SOURCES: OriginKind.SOURCE,
    ReportName.LINES: OriginKind.LINE,
    ReportName.REGIONS: OriginKind.REGION,
}


@dataclass(frozen=True, slots=True)
class ReportDays:
    """What is asked for: the slices over the days of a zone."""

    wanted: ReportFilter
    days: Days
    """Of the filter. A plan is that of the period of the first."""
    zone: tzinfo
    first_weekday: int
    """Monday is 0."""
    calendar: MonthCalendar = MonthCalendar.GREGORIAN
    """Whose months."""
    by: str = ""
    """Steps of a trend: day, week or month; length of a plan: week, month or quarter."""

    @property
    def every_step(self) -> Every | None:
        """The steps asked for, if a trend has such."""
        return Every(self.by) if self.by in set(Every) else None

    @property
    def every_plan(self) -> PeriodKind:
        """The length asked for, else a month."""
        return PeriodKind(self.by) if self.by in set(PeriodKind) else PeriodKind.MONTH


class ReportTables:
    """Each the rows of its page's file."""

    def __init__(self, reports: Reports, plans: Plans, origins: Origins, clock: Clock) -> None:
        self._reports = reports
        self._plans = plans
        self._origins = origins
        self._clock = clock

    async def table(self, name: ReportName, scope: Scope, asked: ReportDays) -> ReportTable:
        """The report of this name, as far as the scope reaches."""
        if name is ReportName.PLAN:
            period = self._plans.period_at(asked.every_plan, asked.days.first)
            return (await self._plans.report(scope, period)).table()
        if name in ORIGINS:
            return (await self._origins.report(scope, ORIGINS[name], asked.wanted, asked.days)).table()
        of_calls = await self._of_calls(name, scope, asked)
        return of_calls or await self._of_deals(name, scope, asked) or NOTHING

    async def _of_calls(self, name: ReportName, scope: Scope, asked: ReportDays) -> ReportTable | None:
        reports, wanted = self._reports, asked.wanted
        match name:
            case ReportName.CALLS:
                return (await reports.calls(scope, wanted)).table()
            case ReportName.COLD:
                return (await reports.cold(scope, wanted)).table()
            case ReportName.HOURS:
                return (await reports.call_hours(scope, wanted, asked.zone)).table()
            case ReportName.MISSED:
                return (await reports.missed(scope, wanted, self._clock())).table()
            case ReportName.TREND:
                every = step_for(asked.days, asked.every_step)
                steps = list(steps_of(asked.days, every, asked.first_weekday, asked.calendar))
                return (await reports.call_trend(scope, wanted, every, steps, asked.zone)).table()
        return None

    async def _of_deals(self, name: ReportName, scope: Scope, asked: ReportDays) -> ReportTable | None:
        reports, wanted, now = self._reports, asked.wanted, self._clock()
        match name:
            case ReportName.CARRIED:
                carried = await reports.carried(scope, wanted)
                return carried.table() if carried else None
            case ReportName.FUNNEL:
                funnel = await reports.funnel(scope, wanted, now)
                return funnel.table() if funnel else None
            case ReportName.FORECAST:
                expected = await reports.forecast(scope, wanted, now, asked.zone, asked.calendar)
                return expected.table() if expected else None
            case ReportName.LOSSES:
                lost = await reports.losses(scope, wanted)
                return lost.table() if lost else None
            case ReportName.STAGES:
                lying = await reports.stages(scope, wanted)
                return lying.table() if lying else None
        return None
