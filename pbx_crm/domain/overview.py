"""What a head reads first in the morning: figures of the reports on one page, and what to do about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pbx_crm.domain.balance import Hint
from pbx_crm.domain.call_report import CallReport, Counts, SellerCounts
from pbx_crm.domain.call_trend import CallTrend
from pbx_crm.domain.forecast_report import ComingMonth, ForecastReport, Heap, Pile
from pbx_crm.domain.loss_report import Dimension, LossGroup, LossReport
from pbx_crm.domain.missed_clock import MissedReport
from pbx_crm.domain.plan import Metric, Pace, PlanCell, PlanReport
from pbx_crm.domain.today import Today
from pbx_crm.domain.worst_drop import WorstDrop

MOST_REASONS = 4
MONTHS = 2
"""The present one and the next: what can still be done about."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The reports of one stretch of time, beside what lies before the reader at this moment.

    Nothing is counted here that a report does not count: every figure has its report to open.
    """

    calls: CallReport
    calls_before: CallReport
    trend: CallTrend
    missed: MissedReport
    losses: LossReport | None
    """None, like what is about deals below, where there is no funnel."""
    worst: WorstDrop | None
    forecast: ForecastReport | None
    plan: PlanReport
    day: Today
    hints: Sequence[Hint]

    @property
    def counts(self) -> Counts:
        """All calls of the time; a seller's own."""
        return counts_in(self.calls)

    @property
    def counts_before(self) -> Counts:
        """The same of the stretch before."""
        return counts_in(self.calls_before)

    @property
    def sellers(self) -> tuple[SellerCounts, ...]:
        """Who talked with clients or tried to; who talked most comes first."""
        called = set(self.calls.rows) - set(self.silent)
        return tuple(sorted(called, key=lambda row: (-row.counts.talked, row.name)))

    @property
    def silent(self) -> tuple[SellerCounts, ...]:
        """Who neither talked with a client nor tried to."""
        return tuple(row for row in self.calls.rows if not row.counts.talked and not row.counts.dialled)

    @property
    def reasons(self) -> tuple[LossGroup, ...]:
        """Why most was lost, the commonest reason first."""
        return self.losses.groups(Dimension.REASON)[:MOST_REASONS] if self.losses else ()

    @property
    def months(self) -> tuple[ComingMonth, ...]:
        """What will be sold in this month and the next; none where too few deals tell."""
        return self.forecast.months[:MONTHS] if self.forecast else ()

    @property
    def stale(self) -> Heap | None:
        """Open deals that nobody should count on any more."""
        return self.forecast.piles.get(Pile.STALE) if self.forecast else None

    @property
    def behind(self) -> tuple[str, ...]:
        """Sellers behind one of their plans."""
        return tuple(
            row.name for row in self.plan.rows if any(c.pace is Pace.BEHIND for c in row.cells.values())
        )

    def planned(self, person_id: int) -> PlanCell | None:
        """The deals this person won in the plan's period, beside the plan; None for who sells nothing."""
        cells = (row.cells for row in self.plan.rows if row.person_id == person_id)
        return next((found[Metric.DEALS] for found in cells), None)


def counts_in(report: CallReport) -> Counts:
    """All calls of the report, each once; of a report on one seller theirs."""
    if report.whole is not None:
        return report.whole.total
    return report.rows[0].counts if report.rows else Counts()
