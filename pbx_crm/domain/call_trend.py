"""Calls day by day, week by week or month by month: what grows and what falls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pbx_crm.domain.call_report import Counts
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.report_period import DAYS_A_WEEK, Days
from pbx_crm.domain.report_table import ReportTable

MOST_STEPS = 122
"""Ten years of months; of more steps than that the next longer one is taken."""
LONGEST_BY_DAY, LONGEST_BY_WEEK = 45, 371


class Every(StrEnum):
    """How long a step is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class TrendStep:
    """One step: its days as far as they are in the time asked for, and all its calls."""

    days: Days
    counts: Counts

    @property
    def incoming(self) -> int:
        """Answered or not; those still ringing are neither."""
        return self.counts.answered + self.counts.missed


@dataclass(frozen=True, slots=True)
class CallTrend:
    """The steps, oldest first, none left out for having had no calls."""

    every: Every
    steps: tuple[TrendStep, ...]

    @property
    def tallest(self) -> int:
        """Incoming calls of the fullest step; at least one, to divide by."""
        return max((step.incoming for step in self.steps), default=0) or 1

    def table(self) -> ReportTable:
        """A row a step."""
        names = ("answered", "missed", "reached", "dialled", "cold")
        return ReportTable(
            ("from", "to", *names, "talk_seconds"),
            tuple(
                (
                    str(step.days.first),
                    str(step.days.last),
                    *(getattr(step.counts, name) for name in names),
                    round(step.counts.talk_seconds, 1),
                )
                for step in self.steps
            ),
        )


def step_for(days: Days, wished: Every | None) -> Every:
    """The step wished for, or a longer one where it would be too many; without a wish what suits."""
    usual = Every.MONTH
    if days.count <= LONGEST_BY_DAY:
        usual = Every.DAY
    elif days.count <= LONGEST_BY_WEEK:
        usual = Every.WEEK
    order = tuple(Every)
    for every in order[order.index(wished or usual) :]:
        if len(list(steps_of(days, every, 0))) <= MOST_STEPS:
            return every
    return Every.MONTH


def steps_of(
    days: Days, every: Every, first_weekday: int, calendar: MonthCalendar = MonthCalendar.GREGORIAN
) -> Iterator[Days]:
    """The days in steps; the first and the last are cut to what was asked for."""
    first = days.first
    while first <= days.last:
        last = min(_last_of(first, every, first_weekday, calendar), days.last)
        yield Days(first, last)
        first = last + timedelta(days=1)


def _last_of(day: date, every: Every, first_weekday: int, calendar: MonthCalendar) -> date:
    match every:
        case Every.DAY:
            return day
        case Every.WEEK:
            return day + timedelta(days=DAYS_A_WEEK - 1 - (day.weekday() - first_weekday) % DAYS_A_WEEK)
        case Every.MONTH:
            return calendar.after_month(calendar.month_of(day)) - timedelta(days=1)
