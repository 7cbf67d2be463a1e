"""What clients of a source cost: entered by month, told for any days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.report_period import Days

Costs = Mapping[tuple[str, str], Decimal]
"""By source and month, `2026-11`; a company that has changed its calendar has some of each."""


def months_of(days: Days) -> tuple[PlanPeriod, ...]:
    """The months these days lie in, of every calendar by which costs may have been entered."""
    return tuple(month for calendar in MonthCalendar for month in _months_of(days, calendar))


def _months_of(days: Days, calendar: MonthCalendar) -> Iterator[PlanPeriod]:
    month = PlanPeriod.at(PeriodKind.MONTH, days.first, calendar)
    while month.first <= days.last:
        yield month
        month = month.next


def cost_of(days: Days, costs: Costs) -> dict[str, Decimal]:
    """What each source cost in these days: of a month only partly in them the share of its days."""
    found: dict[str, Decimal] = {}
    months = {month.key: month for month in months_of(days)}
    for (source, key), amount in costs.items():
        if month := months.get(key):
            part = amount * _shared(month, days) / month.days.count
            found[source] = found.get(source, Decimal(0)) + part
    return found


def _shared(month: PlanPeriod, days: Days) -> int:
    """How many days of the month are asked for."""
    return (min(month.days.last, days.last) - max(month.days.first, days.first)).days + 1
