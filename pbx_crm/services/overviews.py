"""The head's morning page: what the reports say of some days, and what waits now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, tzinfo

from pbx_crm.domain.balance import Hint
from pbx_crm.domain.board import BoardView
from pbx_crm.domain.call_trend import CallTrend, step_for, steps_of
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.overview import Overview
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.services.boards import Boards
from pbx_crm.services.plans import Plans
from pbx_crm.services.reports import Reports
from pbx_crm.services.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Asked:
    """The days it is about, those before them, and whose clock and week they go by."""

    days: Days
    wanted: ReportFilter
    earlier: ReportFilter
    now: datetime
    zone: tzinfo
    first_weekday: int
    calendar: MonthCalendar


class Overviews:
    """Asks the services of the reports, all at once: nothing is counted here."""

    def __init__(self, reports: Reports, plans: Plans, tasks: Tasks, boards: Boards) -> None:
        self._reports = reports
        self._plans = plans
        self._tasks = tasks
        self._boards = boards

    async def read(self, viewer: Person, asked: Asked) -> Overview:
        """A head's over everybody, a seller's over themselves."""
        scope, reports, wanted = viewer.scope, self._reports, asked.wanted
        # One after the other they would take the sum of their times, and readers run side by side.
        calls, earlier, trend, missed = await asyncio.gather(
            reports.calls(scope, wanted),
            reports.calls(scope, asked.earlier),
            self._trend(viewer, asked),
            reports.missed(scope, wanted, asked.now),
        )
        losses, funnel, expected, plan = await asyncio.gather(
            reports.losses(scope, wanted),
            reports.funnel_with_drop(scope, wanted, asked.now),
            reports.forecast(scope, wanted, asked.now, asked.zone, asked.calendar),
            self._plans.report(scope, self._plans.period("")),
        )
        day = await self._tasks.day(viewer, None, asked.zone)
        hints = await self._hints(viewer, asked.zone)
        return Overview(
            calls, earlier, trend, missed, losses, funnel[1] if funnel else None, expected, plan, day, hints
        )

    async def _trend(self, viewer: Person, asked: Asked) -> CallTrend:
        every = step_for(asked.days, None)
        steps = list(steps_of(asked.days, every, asked.first_weekday, asked.calendar))
        return await self._reports.call_trend(viewer.scope, asked.wanted, every, steps, asked.zone)

    async def _hints(self, viewer: Person, zone: tzinfo) -> list[Hint]:
        try:
            return (await self._boards.outline(viewer, BoardView(), zone)).hints
        except NotFound:
            return []
