"""Deals that lay open when a time began, and what had become of them when it ended.

The funnel follows the deals made in a time; most of what a seller works on was made before it. This is the
board as it lay at the first moment of the time, told out of the moves, so it is true of any day one asks
for, however often the cards have moved since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.funnel_report import Share, share
from pbx_crm.domain.report_table import ReportTable


class Fate(StrEnum):
    """What had become of a deal."""

    STILL = "still"
    """It lay in the same stage, or did again."""
    MOVED = "moved"
    """It lay open in another one."""
    WON = "won"
    LOST = "lost"


Counts = Mapping[tuple[int, Fate], int]
"""Deals by the id of the stage they lay in, and their fate."""


@dataclass(frozen=True, slots=True)
class CarriedRow:
    """A stage, or all of them together."""

    stage: Stage | None
    """None stands for all."""
    fates: Mapping[Fate, int]

    @property
    def lay(self) -> int:
        """How many lay there at first."""
        return sum(self.fates.values())

    @property
    def won_share(self) -> Share | None:
        """How many of a hundred were won; None of too few."""
        return share(self.fates[Fate.WON], self.lay)


@dataclass(frozen=True, slots=True)
class CarriedReport:
    """Every stage where work is, also the empty ones."""

    funnel: Funnel
    counts: Counts

    @property
    def rows(self) -> tuple[CarriedRow, ...]:
        """A row for each open stage in use, and for retired ones that deals lay in."""
        lain_in = {stage_id for stage_id, _ in self.counts}
        return tuple(
            CarriedRow(stage, {fate: self.counts.get((stage.id, fate), 0) for fate in Fate})
            for stage in self.funnel.stages
            if not stage.kind.is_closed and (not stage.is_retired or stage.id in lain_in)
        )

    @property
    def total(self) -> CarriedRow:
        """What the rows add up to."""
        return CarriedRow(None, {fate: sum(row.fates[fate] for row in self.rows) for fate in Fate})

    def table(self) -> ReportTable:
        """A row a stage."""
        rows: list[tuple[str | int, ...]] = [
            (row.stage.name, row.lay, *(row.fates[fate] for fate in Fate)) for row in self.rows if row.stage
        ]
        return ReportTable(("stage", "lay", *Fate), tuple(rows))
