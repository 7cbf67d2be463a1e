"""The funnel as a report: how far each deal of a cohort came, where it was lost, how long it stayed.

A cohort is the deals made within a stretch of time, followed until now. Each counts once in every stage
up to the furthest it reached: a stage skipped was got past, a way back takes nothing back, and a deal
that comes again to a stage is no second deal. Undone moves never were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from math import sqrt

from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.report_table import ReportTable

LEAST_DEALS = 10
"""Below this no percentage and no median is told."""
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a deal; the first says where it came into being."""

    id: int
    to_stage_id: int
    at: datetime
    undoes_id: int | None = None


@dataclass(frozen=True, slots=True)
class CohortDeal:
    """A deal of the cohort with all its moves, oldest first."""

    id: int
    amount: Decimal
    currency: str
    steps: tuple[Step, ...]


class Part(StrEnum):
    """The deals behind one figure of a stage."""

    ENTERED = "entered"
    PASSED = "passed"
    DROPPED = "dropped"
    OPEN = "open"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Share:
    """A percentage with its 95 % interval after Wilson."""

    percent: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stay:
    """How long a deal was in a stage, all its stays together; censored if it still is."""

    seconds: float
    is_over: bool


@dataclass(slots=True)
class _Tally:
    ids: dict[Part, list[int]] = field(default_factory=lambda: {part: [] for part in Part})
    amount: Decimal = Decimal(0)
    skipped: int = 0
    stays: list[Stay] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StageReport:
    """One stage of the funnel; entered = passed + dropped + open."""

    stage: Stage
    ids: Mapping[Part, tuple[int, ...]]
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


def report(funnel: Funnel, deals: Iterable[CohortDeal], now: datetime) -> FunnelReport:
    """The cohort counted stage by stage; deals in other currencies count, their amounts do not."""
    cohort = list(deals)
    ways = [way_of(deal.steps) for deal in cohort]
    order = _order(funnel, {step.to_stage_id for way in ways for step in way})
    tallies = {stage.id: _Tally() for stage in order}
    for deal, way in zip(cohort, ways, strict=True):
        if way:
            _count(deal, way, order, tallies, funnel)
            _time(way, tallies, now)
    return FunnelReport(funnel, tuple(_stage_report(stage, tallies[stage.id]) for stage in order))


def way_of(steps: Sequence[Step]) -> tuple[Step, ...]:
    """The moves that stand: an undone one is left out, and so is the one that undid it."""
    undone = {step.undoes_id for step in steps if step.undoes_id is not None}
    return tuple(step for step in steps if step.undoes_id is None and step.id not in undone)


def _order(funnel: Funnel, visited: set[int]) -> list[Stage]:
    """Stages from first to won; one taken out of use only if a deal of the cohort lay in it."""
    used = [stage for stage in funnel.stages if not stage.is_retired or stage.id in visited]
    body = [stage for stage in used if not stage.kind.is_closed]
    return body + [stage for stage in used if stage.kind is StageKind.WON]


def _count(
    deal: CohortDeal,
    way: Sequence[Step],
    order: Sequence[Stage],
    tallies: Mapping[int, _Tally],
    funnel: Funnel,
) -> None:
    places = {stage.id: place for place, stage in enumerate(order)}
    now_in = funnel.stage(way[-1].to_stage_id)
    lain_in = {step.to_stage_id for step in way}
    furthest = _furthest(way, order, places)
    # Of several ways of winning a deal ends in one and goes past none.
    before = [stage for stage in order[:furthest] if stage.kind is not StageKind.WON]
    for stage in (*before, order[furthest]):
        tally = tallies[stage.id]
        tally.ids[Part.ENTERED].append(deal.id)
        tally.skipped += stage.id not in lain_in
        if deal.currency == funnel.currency:
            tally.amount += deal.amount
    for stage in before:
        tallies[stage.id].ids[Part.PASSED].append(deal.id)
    is_lost = now_in is not None and now_in.kind is StageKind.LOST
    if not (now_in is not None and now_in.kind is StageKind.WON):
        tallies[order[furthest].id].ids[Part.DROPPED if is_lost else Part.OPEN].append(deal.id)
    if now_in is not None and now_in.id in tallies:
        tallies[now_in.id].ids[Part.HERE].append(deal.id)


def _furthest(way: Sequence[Step], order: Sequence[Stage], places: Mapping[int, int]) -> int:
    """Place of the furthest stage reached; a sale that was taken back is no sale."""
    if (last := places.get(way[-1].to_stage_id)) is not None and order[last].kind is StageKind.WON:
        return last
    reached = [places[step.to_stage_id] for step in way if step.to_stage_id in places]
    return max((place for place in reached if order[place].kind is not StageKind.WON), default=0)


def _time(way: Sequence[Step], tallies: Mapping[int, _Tally], now: datetime) -> None:
    seconds: dict[int, float] = {}
    for step, following in zip(way, (*way[1:], None), strict=True):
        until = following.at if following else now
        length = max(0.0, (until - step.at).total_seconds())
        seconds[step.to_stage_id] = seconds.get(step.to_stage_id, 0.0) + length
    for stage_id, length in seconds.items():
        if stage_id in tallies:
            tallies[stage_id].stays.append(Stay(length, is_over=stage_id != way[-1].to_stage_id))


def _stage_report(stage: Stage, tally: _Tally) -> StageReport:
    ids = {part: tuple(found) for part, found in tally.ids.items()}
    # A won deal stays won: how long it has been is no news.
    median = None if stage.kind is StageKind.WON else median_stay(tally.stays)
    return StageReport(stage, ids, tally.amount, tally.skipped, median)


def share(count: int, total: int) -> Share | None:
    """`count` of `total` in percent with Wilson's 95 % interval; None below the sample floor."""
    if total < LEAST_DEALS:
        return None
    part, square = count / total, Z_95**2
    middle = (part + square / (2 * total)) / (1 + square / total)
    half = Z_95 / (1 + square / total) * sqrt(part * (1 - part) / total + square / (4 * total**2))
    return Share(100 * part, 100 * max(0.0, middle - half), 100 * min(1.0, middle + half))


def median_stay(stays: Sequence[Stay]) -> float | None:
    """Seconds within which half have left, after Kaplan and Meier: who still stays counts as long as known.

    Leaving those out would say a stage is quick because its slow deals have not left yet.
    """
    if len(stays) < LEAST_DEALS:
        return None
    still, at_risk = 1.0, len(stays)
    for stay in sorted(stays, key=lambda stay: (stay.seconds, not stay.is_over)):
        if stay.is_over:
            still *= 1 - 1 / at_risk
            # In floats a half of many factors may miss a half by a hair.
            if still <= 0.5 + 1e-9:
                return stay.seconds
        at_risk -= 1
    return None
