"""Where most is lost, and what can be told about why: what came from the stage before, how it was called."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.funnel_report import (
    LEAST_DEALS,
    CohortDeal,
    FunnelReport,
    Part,
    Share,
    StageReport,
    way_of,
)


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
    report: FunnelReport,
    usual: FunnelReport | None,
    cohort: Iterable[CohortDeal],
    conversations: Mapping[int, Sequence[datetime]],
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
        _called(report, place, cohort, conversations),
    )


def settled_at(report: FunnelReport) -> tuple[int, ...]:
    """The deals whose fate in the worst stage is known."""
    worst = report.worst
    return () if worst is None else (*worst.ids[Part.DROPPED], *worst.ids[Part.PASSED])


def _called(
    report: FunnelReport,
    place: int,
    cohort: Iterable[CohortDeal],
    conversations: Mapping[int, Sequence[datetime]],
) -> Called | None:
    further = {stage.stage.id for stage in report.stages[place + 1 :]}
    stage, ways = report.stages[place], {deal.id: way_of(deal.steps) for deal in cohort}
    talks: dict[Part, list[int]] = {Part.DROPPED: [], Part.PASSED: []}
    for part, counts in talks.items():
        for deal_id in stage.ids[part]:
            way = ways[deal_id]
            left_at = next((step.at for step in way if step.to_stage_id in further), way[-1].at)
            counts.append(sum(at <= left_at for at in conversations.get(deal_id, ())))
    if min(map(len, talks.values())) < LEAST_DEALS:
        return None
    dropped, passed = (sum(counts) / len(counts) for counts in talks.values())
    return Called(dropped, passed)
