"""The stretches of the company's calendar that plans are made for: weeks, months, quarters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pbx_crm.domain.month_calendar import LONGEST_MONTH, LONGEST_QUARTER, MONTHS_A_QUARTER, MonthCalendar
from pbx_crm.domain.report_period import DAYS_A_WEEK, Days

FIRST_YEAR, LAST_YEAR = 1980, 2200
MIDDLE = 3
"""Days from a week's first: a week belongs to the year in which its middle lies."""
WEEK_KEY = re.compile(r"(\d{4})-W(\d{2})")
MONTH_KEY = re.compile(r"(\d{4})-(\d{2})")
QUARTER_KEY = re.compile(r"(\d{4})-Q(\d)")


class PeriodKind(StrEnum):
    """How long a plan runs."""

    WEEK = "week"
    """From Monday on, as ISO 8601 numbers them; by Iran's calendar from Saturday on, numbered alike."""
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class PlanPeriod:
    """A week, a month or a quarter of the company's calendar; its key says which calendar that is."""

    first: date
    """Its first day."""
    kind: PeriodKind = PeriodKind.MONTH
    calendar: MonthCalendar = MonthCalendar.GREGORIAN

    @classmethod
    def at(cls, kind: PeriodKind, day: date, calendar: MonthCalendar = MonthCalendar.GREGORIAN) -> PlanPeriod:
        """The period of this kind in which the day lies."""
        match kind:
            case PeriodKind.WEEK:
                return cls(_week_of(day, calendar), kind, calendar)
            case PeriodKind.MONTH:
                return cls(calendar.month_of(day), kind, calendar)
            case PeriodKind.QUARTER:
                return cls(calendar.quarter_of(day), kind, calendar)

    @classmethod
    def of(cls, key: str, today: date, calendar: MonthCalendar = MonthCalendar.GREGORIAN) -> PlanPeriod:
        """The period written `2026-11`, `2026-W47` or `2026-Q4`, of Iran's calendar `1405-08`.

        What is none means the present month of the calendar.
        """
        try:
            found = _read(key)
        except ValueError:
            found = None
        # A time no company has seen has none before or after it that could be named either.
        if found is None or not FIRST_YEAR <= found.first.year <= LAST_YEAR:
            return cls.at(PeriodKind.MONTH, today, calendar)
        return found

    @property
    def key(self) -> str:
        """As it stands in an address."""
        year, month, _ = self.calendar.parts(self.first)
        match self.kind:
            case PeriodKind.WEEK:
                year, week = self._week
                return f"{year}-W{week:02}"
            case PeriodKind.MONTH:
                return f"{year}-{month:02}"
            case PeriodKind.QUARTER:
                return f"{year}-Q{(month - 1) // MONTHS_A_QUARTER + 1}"

    @property
    def _week(self) -> tuple[int, int]:
        """Year and number: the first week of a year is the one with its fourth day."""
        middle = self.first + timedelta(days=MIDDLE)
        since = middle - self.calendar.year_of(middle)
        return self.calendar.parts(middle)[0], since.days // DAYS_A_WEEK + 1

    @property
    def days(self) -> Days:
        """All its days."""
        return Days(self.first, self.next.first - timedelta(days=1))

    @property
    def next(self) -> PlanPeriod:
        """The one after it."""
        longest = {PeriodKind.WEEK: DAYS_A_WEEK, PeriodKind.MONTH: LONGEST_MONTH}
        ahead = timedelta(days=longest.get(self.kind, LONGEST_QUARTER))
        return PlanPeriod.at(self.kind, self.first + ahead, self.calendar)

    @property
    def before(self) -> PlanPeriod:
        """The one before it."""
        return PlanPeriod.at(self.kind, self.first - timedelta(days=1), self.calendar)

    def as_kind(self, kind: PeriodKind, today: date) -> PlanPeriod:
        """The period of another length about the same time: the present one if today lies in this."""
        is_present = self.first <= today < self.next.first
        return PlanPeriod.at(kind, today if is_present else self.first, self.calendar)


def _week_of(day: date, calendar: MonthCalendar) -> date:
    return day - timedelta(days=(day.weekday() - calendar.first_weekday) % DAYS_A_WEEK)


def _read(key: str) -> PlanPeriod | None:
    if found := WEEK_KEY.fullmatch(key):
        return _week(int(found[1]), int(found[2]))
    found = QUARTER_KEY.fullmatch(key) or MONTH_KEY.fullmatch(key)
    if not found:
        return None
    kind = PeriodKind.QUARTER if "Q" in key else PeriodKind.MONTH
    year, number = int(found[1]), int(found[2])
    month = (number - 1) * MONTHS_A_QUARTER + 1 if kind is PeriodKind.QUARTER else number
    calendar = MonthCalendar.of_year(year)
    return PlanPeriod(calendar.day(year, month), kind, calendar)


def _week(year: int, number: int) -> PlanPeriod | None:
    """The week of this number; None where the year has no such week."""
    calendar = MonthCalendar.of_year(year)
    first = _week_of(calendar.day(year, 1, 1 + MIDDLE), calendar)
    found = PlanPeriod(first + timedelta(days=(number - 1) * DAYS_A_WEEK), PeriodKind.WEEK, calendar)
    return found if found.key == f"{year:04}-W{number:02}" else None
