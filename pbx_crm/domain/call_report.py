"""Calls per seller: the columns, the row of nobody, and the two sums that must come out.

What each figure counts is said in docs/reports.md. A call that two sellers handled is credited to both,
so their sum is more than there were calls: the report says by how much, rather than hiding it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.report_table import Cell, ReportTable


@dataclass(frozen=True, slots=True)
class Counts:
    """Calls of one seller, of nobody, or of all; seconds are of conversations with the outside."""

    answered: int = 0
    """Incoming, first answered here."""
    handled: int = 0
    """Incoming, talked here, be it after a transfer."""
    owned: int = 0
    """Incoming, the call lies on a card that is theirs now."""
    missed: int = 0
    taken: int = 0
    reached: int = 0
    dialled: int = 0
    cold: int = 0
    """Outgoing, to a number nobody here had ever talked with."""
    talked: int = 0
    clients: int = 0
    meetings: int = 0
    """Tasks of that kind done in the time."""
    talk_seconds: float = 0.0
    ring_seconds: float = 0.0
    hold_seconds: float = 0.0


class Moment(StrEnum):
    """By which moment a meeting lies in a time."""

    AGREED = "agreed"
    """When it was put down."""
    HELD = "held"
    """When it was done."""


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting that was agreed on or took place."""

    task_id: int
    title: str
    at: datetime
    """The moment asked by."""
    seller: str
    deal_id: int | None
    """None where it is on no card of the viewer's."""
    deal: str


SECONDS = frozenset({"talk_seconds", "ring_seconds", "hold_seconds"})


@dataclass(frozen=True, slots=True)
class SellerCounts:
    """A seller's row."""

    person_id: int
    name: str
    counts: Counts


@dataclass(frozen=True, slots=True)
class Balance:
    """One of the two sums: what the rows add up to against what there was."""

    sellers: int
    repeated: int
    """Times a call was credited once more than it happened."""
    nobody: int
    total: int

    @property
    def holds(self) -> bool:
        """Whether the sum comes out; it always must."""
        return self.sellers - self.repeated + self.nobody == self.total


@dataclass(frozen=True, slots=True)
class Whole:
    """What only the report over everybody can say."""

    nobody: Counts
    total: Counts
    incoming: int
    """All incoming calls, each once."""
    repeated: int
    """Conversations beyond the first seller's, over all incoming calls."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """Calls per seller; `whole` is None where the viewer or a slice leaves one seller only."""

    rows: tuple[SellerCounts, ...]
    whole: Whole | None

    @property
    def is_empty(self) -> bool:
        """Whether there was no call at all."""
        counted = [row.counts for row in self.rows]
        if self.whole is not None:
            counted += [self.whole.nobody, self.whole.total]
            if self.whole.incoming:
                return False
        return all(counts == Counts() for counts in counted)

    @property
    def balances(self) -> tuple[Balance, Balance] | None:
        """Answered first, then handled; None without the row of nobody."""
        if self.whole is None:
            return None
        nobody, total = self.whole.nobody, self.whole.incoming
        first = sum(row.counts.answered for row in self.rows)
        handled = sum(row.counts.handled for row in self.rows)
        return (
            Balance(first, 0, nobody.answered, total),
            Balance(handled, self.whole.repeated, nobody.handled, total),
        )

    def table(self) -> ReportTable:
        """The same rows for programs."""
        names = tuple(field.name for field in fields(Counts))
        rows = [_cells("seller", row.name, row.counts, None) for row in self.rows]
        if self.whole is not None:
            rows.append(_cells("nobody", "", self.whole.nobody, None))
            rows.append(_cells("all calls, each once", "", self.whole.total, self.whole.repeated))
        return ReportTable(("row", "name", *names, "repeated_handlings"), tuple(rows))


def _cells(kind: str, name: str, counts: Counts, repeated: int | None) -> tuple[Cell, ...]:
    values: tuple[Cell, ...] = tuple(
        round(value, 1) if key in SECONDS else value for key, value in asdict(counts).items()
    )
    return (kind, name, *values, repeated)
