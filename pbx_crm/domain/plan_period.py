"""The stretches of the company's calendar that plans are made for: weeks, months, quarters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from pbx_crm.domain.report_period import DAYS_A_WEEK, Days

FIRST_YEAR, LAST_YEAR = 1980, 2200
MONTHS_A_QUARTER = 3
WEEK_KEY = re.compile(r"(\d{4})-W(\d{2})")
MONTH_KEY = re.compile(r"(\d{4})-(\d{2})")
QUARTER_KEY = re.compile(r"(\d{4})-Q(\d)")


class PeriodKind(StrEnum):
    """How long a plan runs."""

    WEEK = "week"
    """From Monday on, as ISO 8601 numbers them."""
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class PlanPeriod:
    """A week, a month or a quarter of the company's calendar."""

    first: date
    """Its first day."""
    kind: PeriodKind = PeriodKind.MONTH

    @classmethod
    def at(cls, kind: PeriodKind, day: date) -> PlanPeriod:
        """The period of this kind in which the day lies."""
        match kind:
            case PeriodKind.WEEK:
                return cls(day - timedelta(days=day.weekday()), kind)
            case PeriodKind.MONTH:
                return cls(day.replace(day=1), kind)
            case PeriodKind.QUARTER:
                return cls(day.replace(month=_quarter(day) * MONTHS_A_QUARTER - 2, day=1), kind)

    @classmethod
    def of(cls, key: str, today: date) -> PlanPeriod:
        """The period written `2026-11`, `2026-W47` or `2026-Q4`; what is none means the present month."""
        try:
            found = _read(key)
        except ValueError:
            found = None
        # A time no company has seen has none before or after it that could be named either.
        if found is None or not FIRST_YEAR <= found.first.year <= LAST_YEAR:
            return cls.at(PeriodKind.MONTH, today)
        return found

    @property
    def key(self) -> str:
        """As it stands in an address."""
        match self.kind:
            case PeriodKind.WEEK:
                year, week, _ = self.first.isocalendar()
                return f"{year}-W{week:02}"
            case PeriodKind.MONTH:
                return f"{self.first:%Y-%m}"
            case PeriodKind.QUARTER:
                return f"{self.first.year}-Q{_quarter(self.first)}"

    @property
    def days(self) -> Days:
        """All its days."""
        return Days(self.first, self.next.first - timedelta(days=1))

    @property
    def next(self) -> PlanPeriod:
        """The one after it."""
        longest = {PeriodKind.WEEK: DAYS_A_WEEK, PeriodKind.MONTH: 31, PeriodKind.QUARTER: 92}
        return PlanPeriod.at(self.kind, self.first + timedelta(days=longest[self.kind]))

    @property
    def before(self) -> PlanPeriod:
        """The one before it."""
        return PlanPeriod.at(self.kind, self.first - timedelta(days=1))

    def as_kind(self, kind: PeriodKind, today: date) -> PlanPeriod:
        """The period of another length about the same time: the present one if today lies in this."""
        is_present = self.first <= today < self.next.first
        return PlanPeriod.at(kind, today if is_present else self.first)


def _quarter(day: date) -> int:
    return (day.month - 1) // MONTHS_A_QUARTER + 1


def _read(key: str) -> PlanPeriod | None:
    if found := WEEK_KEY.fullmatch(key):
        return PlanPeriod(date.fromisocalendar(int(found[1]), int(found[2]), 1), PeriodKind.WEEK)
    if found := QUARTER_KEY.fullmatch(key):
        month = (int(found[2]) - 1) * MONTHS_A_QUARTER + 1
        return PlanPeriod(date(int(found[1]), month, 1), PeriodKind.QUARTER)
    if found := MONTH_KEY.fullmatch(key):
        return PlanPeriod(date(int(found[1]), int(found[2]), 1))
    return None
