"""The funnel as a report: how far each deal of a cohort came, where it was lost, how long it stayed.

A cohort is the deals made within a stretch of time, followed until now. Each counts once in every stage
up to the furthest it reached: a stage skipped was got past, a way back takes nothing back, and a deal
that comes again to a stage is no second deal. Undone moves never were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import sqrt

import numpy as np

from pbx_crm.domain.deal_courses import Courses, Part
from pbx_crm.domain.deal_ways import Floats, Ints, Marks, Ways, moment_of
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.report_table import ReportTable
from pbx_crm.domain.whole_money import total

LEAST_DEALS = 10
"""Below this no percentage and no median is told."""
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Cohort:
    """The deals of a cohort, ascending by id, and the ways they went."""

    ids: Ints
    amounts: Ints
    """As they are now (`whole_money`); nought for deals in another currency than the funnel's."""
    ways: Ways


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage with its 95 % interval after Wilson."""

    percent: float
    low: float
    high: float


# Compared as a whole no two are: arrays have no equality that is one answer.
@dataclass(frozen=True, slots=True, eq=False)
class StageReport:
    """One stage of the funnel; entered = passed + dropped + open."""

    stage: Stage
    ids: Mapping[Part, Ints]
    amount: Decimal
    """Of the deals entered, as the amounts are now."""
    skipped: int
    """Of the deals entered, those that went past without ever lying here."""
    median_seconds: float | None
    """Half stay no longer; None below the sample floor, or while more than half still stay."""

    def count(self, part: Part) -> int:
        """How many deals."""
        return len(self.ids[part])

    @property
    def is_won(self) -> bool:
        """Whether this is the end one works for: nothing is passed or dropped here."""
        return self.stage.kind is StageKind.WON

    @property
    def settled(self) -> int:
        """Deals whose fate in this stage is known; the percentages are of these."""
        return self.count(Part.PASSED) + self.count(Part.DROPPED)

    @property
    def passed(self) -> Share | None:
        """Of the settled; None below the sample floor."""
        return share(self.count(Part.PASSED), self.settled)

    @property
    def dropped(self) -> Share | None:
        """Of the settled; None below the sample floor."""
        return share(self.count(Part.DROPPED), self.settled)


@dataclass(frozen=True, slots=True)
class FunnelReport:
    """The stages in order, the won one last."""

    funnel: Funnel
    stages: tuple[StageReport, ...]

    @property
    def deals(self) -> int:
        """Deals of the cohort."""
        return self.stages[0].count(Part.ENTERED)

    @property
    def worst(self) -> StageReport | None:
        """Where the largest share is lost, among stages with enough deals; None if none is lost."""
        known = [stage for stage in self.stages if stage.dropped and stage.count(Part.DROPPED)]
        return max(known, key=lambda stage: stage.count(Part.DROPPED) / stage.settled, default=None)

    def of(self, stage_id: int | None) -> StageReport | None:
        """The stage with this id."""
        return next((stage for stage in self.stages if stage.stage.id == stage_id), None)

    def table(self) -> ReportTable:
        """A row a stage."""
        columns = ("stage", *(part.value for part in Part), "skipped", "amount", "currency")
        shares = ("passed_percent", "passed_low", "passed_high", "dropped_percent")
        return ReportTable(
            (*columns, *shares, "median_days"),
            tuple(
                (
                    row.stage.name,
                    *(row.count(part) for part in Part),
                    row.skipped,
                    f"{row.amount:f}",
                    self.funnel.currency,
                    *_of_share(row.passed),
                    _rounded(row.dropped.percent if row.dropped else None),
                    _rounded(None if row.median_seconds is None else row.median_seconds / 86_400),
                )
                for row in self.stages
            ),
        )


def _of_share(known: Share | None) -> tuple[float | None, float | None, float | None]:
    if known is None:
        return None, None, None
    return _rounded(known.percent), _rounded(known.low), _rounded(known.high)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def report(funnel: Funnel, cohort: Cohort, now: datetime) -> FunnelReport:
    """The cohort counted stage by stage; deals in other currencies count, their amounts do not."""
    order = _order(funnel, set(np.unique(cohort.ways.to).tolist()))
    courses = Courses.of(funnel, order, cohort.ways)
    stays = courses.stays(cohort.ways, moment_of(now))
    return FunnelReport(
        funnel, tuple(_stage_report(cohort, courses, stays, place) for place in range(len(order)))
    )


def _order(funnel: Funnel, visited: set[int]) -> list[Stage]:
    """Stages from first to won; one taken out of use only if a deal of the cohort lay in it."""
    used = [stage for stage in funnel.stages if not stage.is_retired or stage.id in visited]
    body = [stage for stage in used if not stage.kind.is_closed]
    return body + [stage for stage in used if stage.kind is StageKind.WON]


def _stage_report(cohort: Cohort, courses: Courses, stays: Floats, place: int) -> StageReport:
    stage = courses.order[place]
    marks = {part: courses.marks(part, place) for part in Part}
    entered, lain_in = marks[Part.ENTERED], courses.lain_in[:, place]
    # A won deal stays won: how long it has been is no news.
    is_won = stage.kind is StageKind.WON
    median = None if is_won else median_stay(stays[lain_in, place], courses.now_in[lain_in] != place)
    return StageReport(
        stage,
        {part: cohort.ids[courses.deal[found]] for part, found in marks.items()},
        total(cohort.amounts[courses.deal[entered]]),
        int((entered & ~lain_in).sum()),
        median,
    )


def share(count: int, total: int) -> Share | None:
    """`count` of `total` in percent with Wilson's 95 % interval; None below the sample floor."""
    if total < LEAST_DEALS:
        return None
    part, square = count / total, Z_95**2
    middle = (part + square / (2 * total)) / (1 + square / total)
    half = Z_95 / (1 + square / total) * sqrt(part * (1 - part) / total + square / (4 * total**2))
    return Share(100 * part, 100 * max(0.0, middle - half), 100 * min(1.0, middle + half))


def median_stay(seconds: Floats, is_over: Marks) -> float | None:
    """Seconds within which half have left, after Kaplan and Meier: who still stays counts as long as known.

    Leaving those out would say a stage is quick because its slow deals have not left yet.
    """
    if len(seconds) < LEAST_DEALS:
        return None
    order = np.lexsort((~is_over, seconds))
    left = is_over[order]
    at_risk = np.arange(len(order), 0, -1)[left]
    # In floats a half of many factors may miss a half by a hair.
    half = np.flatnonzero(np.cumprod(1 - 1 / at_risk) <= 0.5 + 1e-9)
    return float(seconds[order][left][half[0]]) if len(half) else None
