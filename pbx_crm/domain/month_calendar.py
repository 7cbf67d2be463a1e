"""Which months a reader or a company lives by: ours, or those of Iran, which begin with the seasons."""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

import jdatetime

LONGEST_MONTH, LONGEST_QUARTER = 31, 94
MONTHS_A_QUARTER = 3


class MonthCalendar(StrEnum):
    """A calendar by which months, quarters and years are counted."""

    GREGORIAN = "gregorian"
    JALALI = "jalali"

    @classmethod
    def of_year(cls, year: int) -> MonthCalendar:
        """The calendar a written year is of: Iran's 1405 is our 2026, and neither is near the other."""
        return cls.JALALI if year < 1700 else cls.GREGORIAN

    @property
    def first_weekday(self) -> int:
        """The day on which those who live by it begin their week; Monday is 0."""
        return 5 if self is MonthCalendar.JALALI else 0

    def parts(self, day: date) -> tuple[int, int, int]:
        """(year, month, day)."""
        if self is MonthCalendar.GREGORIAN:
            return day.year, day.month, day.day
        local = jdatetime.date.fromgregorian(date=day)
        return local.year, local.month, local.day

    def day(self, year: int, month: int, day: int = 1) -> date:
        """The day of this calendar's date; ValueError for one that it does not have."""
        if self is MonthCalendar.GREGORIAN:
            return date(year, month, day)
        found: date = jdatetime.date(year, month, day).togregorian()
        return found

    def month_of(self, day: date) -> date:
        """The first day of the month in which the day lies."""
        return day - timedelta(days=self.parts(day)[2] - 1)

    def after_month(self, first: date) -> date:
        """The first day of the month after the one that begins here."""
        return self.month_of(first + timedelta(days=LONGEST_MONTH))

    def quarter_of(self, day: date) -> date:
        """The first day of the quarter in which the day lies."""
        year, month, _ = self.parts(day)
        return self.day(year, month - (month - 1) % MONTHS_A_QUARTER)

    def year_of(self, day: date) -> date:
        """The first day of the year in which the day lies."""
        return self.day(self.parts(day)[0], 1)

    def after_year(self, first: date) -> date:
        """The first day of the year after the one that begins here."""
        return self.day(self.parts(first)[0] + 1, 1)
