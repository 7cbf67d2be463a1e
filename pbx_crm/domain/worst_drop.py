"""Where most is lost, and what can be told about why: what came from the stage before, how it was called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.funnel_report import LEAST_DEALS, Cohort, FunnelReport, Share, StageReport


@dataclass(frozen=True, slots=True)
class Talks:
    """Conversations with clients of a cohort, and of no other."""

    deal: Ints
    """The deal's id."""
    at: Ints
    """When it began."""


@dataclass(frozen=True, slots=True)
class Called:
    """Conversations a deal had before it left the stage, on average; told from ten deals on."""

    dropped: float
    passed: float


@dataclass(frozen=True, slots=True)
class WorstDrop:
    """The worst stage beside what is usual, and the stage before it beside what is usual there."""

    stage: StageReport
    usual: Share | None
    """What this stage lost over the ninety days before."""
    before: StageReport | None
    """The stage before; None for the first."""
    usual_before: Share | None
    """What that stage usually passes on."""
    called: Called | None

    @property
    def is_unusual(self) -> bool:
        """Whether chance alone hardly explains the difference: the intervals do not meet."""
        dropped = self.stage.dropped
        return self.usual is not None and dropped is not None and dropped.low > self.usual.high


def worst_drop(
    report: FunnelReport, usual: FunnelReport | None, cohort: Cohort, talks: Talks
) -> WorstDrop | None:
    """What is known of the worst stage; None if none is lost, or too few deals tell."""
    worst = report.worst
    if worst is None:
        return None
    place = report.stages.index(worst)
    before = report.stages[place - 1] if place else None
    of_worst = usual.of(worst.stage.id) if usual else None
    of_before = usual.of(before.stage.id) if usual and before else None
    return WorstDrop(
        worst,
        of_worst.dropped if of_worst else None,
        before,
        of_before.passed if of_before else None,
        _called(report, place, cohort, talks),
    )


def settled_at(report: FunnelReport) -> Ints:
    """The deals whose fate in the worst stage is known."""
    worst = report.worst
    if worst is None:
        return np.zeros(0, np.int64)
    return np.concatenate([worst.ids[Part.DROPPED], worst.ids[Part.PASSED]])


def _called(report: FunnelReport, place: int, cohort: Cohort, talks: Talks) -> Called | None:
    ids = report.stages[place].ids
    if min(len(ids[Part.DROPPED]), len(ids[Part.PASSED])) < LEAST_DEALS:
        return None
    ways = cohort.ways
    further = [stage.stage.id for stage in report.stages[place + 1 :]]
    left_at = np.zeros(len(cohort.ids), np.int64)
    left_at[ways.deal[ways.firsts]] = ways.at[ways.first_where(np.isin(ways.to, further))]
    number = np.searchsorted(cohort.ids, talks.deal)
    counts = np.bincount(number[talks.at <= left_at[number]], minlength=len(cohort.ids))
    dropped, passed = (
        int(counts[np.searchsorted(cohort.ids, ids[part])].sum()) / len(ids[part])
        for part in (Part.DROPPED, Part.PASSED)
    )
    return Called(dropped, passed)
