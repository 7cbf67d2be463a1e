"""What clients of a source cost: entered by month, told for any days."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.report_period import Days

Costs = Mapping[tuple[str, str], Decimal]
"""By source and month, `2026-11`."""


def months_of(days: Days) -> tuple[PlanPeriod, ...]:
    """The months these days lie in."""
    found = [PlanPeriod(days.first.replace(day=1))]
    while found[-1].next.first <= days.last:
        found.append(found[-1].next)
    return tuple(found)


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
