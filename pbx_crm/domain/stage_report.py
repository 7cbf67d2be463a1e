"""Deals as they lie now: how many in each stage, for how much, and how much of it is to be expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.report_table import ReportTable

CENT = Decimal("0.01")
Amounts = tuple[tuple[str, Decimal], ...]
"""By currency, in alphabetical order."""


@dataclass(frozen=True, slots=True)
class OwnHeap:
    """The deals of one seller and currency that lie in one stage."""

    stage_id: int
    owner_id: int
    owner: str
    currency: str
    deals: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage, or all of them together."""

    stage: Stage | None
    """None stands for all."""
    deals: int
    amounts: Amounts
    weighted: Amounts
    """Each amount by the chance the stage is given."""


@dataclass(frozen=True, slots=True)
class SellerRow:
    """How many deals one seller has in each stage."""

    person_id: int
    name: str
    counts: tuple[int, ...]
    """By stage, in the report's order."""

    @property
    def deals(self) -> int:
        """All of them."""
        return sum(self.counts)


@dataclass(frozen=True, slots=True)
class StageReport:
    """Every stage where work is, also the empty ones."""

    funnel: Funnel
    heaps: tuple[OwnHeap, ...]

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The open stages in use, and retired ones that deals still lie in."""
        lain_in = {heap.stage_id for heap in self.heaps}
        return tuple(
            stage
            for stage in self.funnel.stages
            if not stage.kind.is_closed and (not stage.is_retired or stage.id in lain_in)
        )

    @property
    def rows(self) -> tuple[StageRow, ...]:
        """A row a stage."""
        return tuple(self._row(stage) for stage in self.stages)

    @property
    def total(self) -> StageRow:
        """What the rows add up to."""
        rows = self.rows
        return StageRow(
            None,
            sum(row.deals for row in rows),
            added(pair for row in rows for pair in row.amounts),
            added(pair for row in rows for pair in row.weighted),
        )

    @property
    def sellers(self) -> tuple[SellerRow, ...]:
        """Whoever has a deal, by name."""
        names = {heap.owner_id: heap.owner for heap in self.heaps}
        return tuple(
            SellerRow(person_id, name, tuple(self._count(person_id, stage) for stage in self.stages))
            for person_id, name in sorted(names.items(), key=lambda entry: (entry[1].casefold(), entry[0]))
        )

    def table(self) -> ReportTable:
        """A row for each stage, seller and currency; an empty stage has one without a seller."""
        columns = ("stage", "seller", "deals", "amount", "currency", "probability", "weighted")
        rows = []
        for stage in self.stages:
            heaps = [heap for heap in self.heaps if heap.stage_id == stage.id]
            for heap in sorted(heaps, key=lambda one: (one.owner.casefold(), one.owner_id, one.currency)) or [
                OwnHeap(stage.id, 0, "", self.funnel.currency, 0, Decimal(0))
            ]:
                sums = (f"{heap.amount:f}", heap.currency, stage.probability, f"{_weighted(heap, stage):f}")
                rows.append((stage.name, heap.owner, heap.deals, *sums))
        return ReportTable(columns, tuple(rows))

    def _row(self, stage: Stage) -> StageRow:
        heaps = [heap for heap in self.heaps if heap.stage_id == stage.id]
        return StageRow(
            stage,
            sum(heap.deals for heap in heaps),
            added((heap.currency, heap.amount) for heap in heaps),
            added((heap.currency, _weighted(heap, stage)) for heap in heaps),
        )

    def _count(self, person_id: int, stage: Stage) -> int:
        return sum(
            heap.deals for heap in self.heaps if heap.owner_id == person_id and heap.stage_id == stage.id
        )


def stage_report(funnel: Funnel, heaps: Sequence[OwnHeap]) -> StageReport:
    """The report of what lies in the funnel's open stages."""
    open_ids = {stage.id for stage in funnel.stages if not stage.kind.is_closed}
    return StageReport(funnel, tuple(heap for heap in heaps if heap.stage_id in open_ids and heap.deals))


def added(pairs: Iterable[tuple[str, Decimal]]) -> Amounts:
    """Sums by currency; those of nothing are left out."""
    found: dict[str, Decimal] = {}
    for currency, amount in pairs:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return tuple(sorted((currency, amount) for currency, amount in found.items() if amount))


def _weighted(heap: OwnHeap, stage: Stage) -> Decimal:
    return (heap.amount * stage.probability / 100).quantize(CENT)
