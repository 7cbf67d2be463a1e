"""Cold calls and meetings of each seller: how many strangers were tried, reached, and came to a meeting."""

from __future__ import annotations

from dataclasses import dataclass, fields

from pbx_crm.domain.funnel_report import Share, share
from pbx_crm.domain.report_table import Cell, ReportTable


@dataclass(frozen=True, slots=True)
class ColdCounts:
    """Of one seller, of nobody, or of all; what a cold call is stands in docs/reports.md."""

    cold: int = 0
    cold_reached: int = 0
    agreed: int = 0
    """Meetings put down in the time: on the card, after a call, or by a phone code."""
    held: int = 0
    """Meetings that took place in it."""

    @property
    def reached_share(self) -> Share | None:
        """Of the cold calls; None below the sample floor."""
        return share(self.cold_reached, self.cold)


COUNTED = tuple(field.name for field in fields(ColdCounts))


@dataclass(frozen=True, slots=True)
class ColdRow:
    """A seller's row."""

    person_id: int
    name: str
    counts: ColdCounts


@dataclass(frozen=True, slots=True)
class ColdReport:
    """Sellers by name; nobody and the total only for who sees everybody."""

    rows: tuple[ColdRow, ...]
    nobody: ColdCounts | None
    total: ColdCounts | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell."""
        everything = [row.counts for row in self.rows] + ([self.nobody] if self.nobody else [])
        return all(counts == ColdCounts() for counts in everything)

    def of(self, person_id: int) -> ColdCounts:
        """The counts of this seller."""
        return next((row.counts for row in self.rows if row.person_id == person_id), ColdCounts())

    def table(self) -> ReportTable:
        """A row for each seller, for nobody and for all."""
        named = [(row.name, row.counts) for row in self.rows]
        named += [("nobody", self.nobody)] if self.nobody else []
        named += [("all", self.total)] if self.total else []
        columns = ("seller", *COUNTED, "reached_percent")
        return ReportTable(columns, tuple((name, *_cells(counts)) for name, counts in named))


def _cells(counts: ColdCounts) -> tuple[Cell, ...]:
    known = counts.reached_share
    return (*(getattr(counts, name) for name in COUNTED), round(known.percent, 1) if known else None)
