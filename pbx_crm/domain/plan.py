"""Plans of sellers against what came of them, and whether they keep the pace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

from pbx_crm.domain.plan_period import PlanPeriod
from pbx_crm.domain.report_table import Cell, ReportTable
from pbx_crm.domain.working_time import WorkingTime

BEHIND = Decimal("0.8")
"""Of what should be there by now; below it a plan is not merely late."""


class Metric(StrEnum):
    """What is planned."""

    CALLS = "calls"
    """Conversations with clients, whoever dialled."""
    MEETINGS = "meetings"
    DEALS = "deals"
    """Deals won."""
    SUM = "sum"
    """What they were won for, in the installation's currency."""


class Pace(StrEnum):
    """How a plan stands for the working time that has passed."""

    DONE = "done"
    ON = "on"
    LATE = "late"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Clock:
    """How much of a period's working time has passed, and how many working days are left, today included."""

    share: Decimal
    """0 to 1."""
    days_left: int

    @classmethod
    def of(cls, period: PlanPeriod, now: datetime, zone: tzinfo, times: WorkingTime) -> Clock:
        """By the house's calendar; a period without working time is counted by the clock alone."""
        span, today = period.days.span(zone), now.astimezone(zone).date()
        reached = min(max(now, span.since), span.until)
        whole, passed = times.between(span.since, span.until), times.between(span.since, reached)
        if not whole:
            whole, passed = span.until - span.since, reached - span.since
        left = sum(1 for day in period.days if day >= today and times.hours_on(day))
        return cls(Decimal(passed / whole).quantize(Decimal("0.0001")), left)


@dataclass(frozen=True, slots=True)
class PlanCell:
    """One plan of one seller, or of all; `target` is None where nothing is planned."""

    target: Decimal | None
    fact: Decimal
    share: Decimal
    """Of the period's working time that has passed."""

    @property
    def percent(self) -> int | None:
        """Of the plan that is done."""
        return round(100 * self.fact / self.target) if self.target else None

    @property
    def by_end(self) -> Decimal | None:
        """What it comes to at the end if it goes on so; None before anything could go on."""
        return self.fact / self.share if self.share else None

    @property
    def pace(self) -> Pace | None:
        """How it stands; None without a plan."""
        if not self.target:
            return None
        wanted = self.target * self.share
        if self.fact >= self.target:
            return Pace.DONE
        if self.fact >= wanted:
            return Pace.ON
        return Pace.LATE if self.fact >= BEHIND * wanted else Pace.BEHIND


@dataclass(frozen=True, slots=True)
class PlanRow:
    """A seller's plans."""

    person_id: int | None
    """None stands for all."""
    name: str
    cells: Mapping[Metric, PlanCell]


@dataclass(frozen=True, slots=True)
class PlanReport:
    """Plans of a period against what came."""

    period: PlanPeriod
    clock: Clock
    currency: str
    rows: tuple[PlanRow, ...]
    total: PlanRow | None
    """None for a seller, who sees their own row alone."""

    def table(self) -> ReportTable:
        """A row for each seller and metric."""
        columns = ("period", "seller", "metric", "plan", "fact", "percent", "by_end", "pace", "currency")
        rows = [*self.rows, *([self.total] if self.total else [])]
        return ReportTable(
            columns,
            tuple(self._cells(row, metric, cell) for row in rows for metric, cell in row.cells.items()),
        )

    def _cells(self, row: PlanRow, metric: Metric, cell: PlanCell) -> tuple[Cell, ...]:
        return (
            self.period.key,
            row.name or "all",
            metric.value,
            None if cell.target is None else f"{cell.target.normalize():f}",
            f"{cell.fact.normalize():f}",
            cell.percent,
            None if cell.by_end is None else f"{cell.by_end:.1f}",
            cell.pace.value if cell.pace else None,
            self.currency if metric is Metric.SUM else None,
        )


Figures = Mapping[tuple[int, Metric], Decimal]


def plan_report(
    period: PlanPeriod,
    clock: Clock,
    currency: str,
    sellers: Sequence[tuple[int, str]],
    targets: Figures,
    facts: Figures,
    *,
    is_whole: bool,
) -> PlanReport:
    """The report of these sellers; with `is_whole` a row of all of them together."""

    def cell(ids: Sequence[int], metric: Metric) -> PlanCell:
        planned = [targets[person, metric] for person in ids if (person, metric) in targets]
        did = [person for person in ids if facts.get((person, metric))]
        # What some did without a plan is not measured by the plans of the others.
        is_told = planned and all((person, metric) in targets for person in did)
        fact = sum((facts[person, metric] for person in did), Decimal(0))
        return PlanCell(sum(planned, Decimal(0)) if is_told else None, fact, clock.share)

    rows = tuple(
        PlanRow(person_id, name, {metric: cell([person_id], metric) for metric in Metric})
        for person_id, name in sellers
    )
    everybody = [person_id for person_id, _ in sellers]
    total = PlanRow(None, "", {metric: cell(everybody, metric) for metric in Metric}) if is_whole else None
    return PlanReport(period, clock, currency, rows, total)
