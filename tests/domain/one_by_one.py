"""Funnels counted deal by deal as the definitions read, and deals told by their steps: the slow answer.

What the program counts in arrays is held against this.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.deal_stays import STAYS, History
from pbx_crm.domain.deal_ways import Floats, Ints, Marks, Moves, Ways, moment_of
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.funnel_report import LEAST_DEALS, Cohort
from pbx_crm.domain.whole_money import UNITS

StayRow = tuple[int, int, datetime, datetime | None, int]


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a deal; the first says where it came into being."""

    id: int
    to_stage_id: int
    at: datetime
    undoes_id: int | None = None


@dataclass(frozen=True, slots=True)
class ToldDeal:
    """A deal with all its moves, oldest first."""

    id: int
    amount: Decimal
    currency: str
    steps: tuple[Step, ...]
    close: date | None = None
    """The day its seller expects."""


def ways_of(deals: Sequence[ToldDeal], shuffled: Sequence[int] | None = None) -> Ways:
    """Their ways, the deals by their ids; the moves may come in any order."""
    rows = [
        (deal.id, step.id, step.to_stage_id, moment_of(step.at), step.undoes_id or 0)
        for deal in deals
        for step in deal.steps
    ]
    table = np.array(rows, dtype=np.int64).reshape(-1, 5)
    if shuffled is not None:
        table = table[np.argsort([*shuffled, *range(len(rows))][: len(rows)], kind="stable")]
    return Ways.of(np.array(sorted(deal.id for deal in deals), dtype=np.int64), Moves(*table.T))


def cohort_of(deals: Iterable[ToldDeal], funnel: Funnel) -> Cohort:
    """What the database reads of them."""
    ordered = sorted(deals, key=lambda deal: deal.id)
    return Cohort(_ids(ordered), _amounts(ordered, funnel), ways_of(ordered))


def history_of(deals: Iterable[ToldDeal], funnel: Funnel) -> History:
    """What the database reads of them for a forecast."""
    ordered = sorted(deals, key=lambda deal: deal.id)
    close = [int(f"{deal.close:%Y%m%d}") if deal.close else 0 for deal in ordered]
    days = np.array(close, dtype=np.int64)
    return History(_ids(ordered), _amounts(ordered, funnel), days, ways_of(ordered))


def _ids(deals: Iterable[ToldDeal]) -> Ints:
    return np.array([deal.id for deal in deals], dtype=np.int64)


def _amounts(deals: Iterable[ToldDeal], funnel: Funnel) -> Ints:
    own = [deal.amount if deal.currency == funnel.currency else Decimal(0) for deal in deals]
    return np.array([int(amount * UNITS) for amount in own], dtype=np.int64)


@dataclass(frozen=True)
class Stay:
    """How long a deal was in a stage, all its stays together; censored if it still is."""

    seconds: float
    is_over: bool


def columns_of(stays: Sequence[Stay]) -> tuple[Floats, Marks]:
    """The same as the program takes them."""
    seconds = np.array([stay.seconds for stay in stays], dtype=np.float64)
    return seconds, np.array([stay.is_over for stay in stays], dtype=np.bool_)


@dataclass
class Tally:
    """A stage as it is counted."""

    ids: dict[Part, list[int]] = field(default_factory=lambda: {part: [] for part in Part})
    amount: Decimal = Decimal(0)
    skipped: int = 0
    stays: list[Stay] = field(default_factory=list)


def counted_one_by_one(funnel: Funnel, cohort: Sequence[ToldDeal], now: datetime) -> dict[int, Tally]:
    """Each stage reported by its id, deal after deal."""
    ways = [way_of(deal.steps) for deal in cohort]
    order = _order(funnel, {step.to_stage_id for way in ways for step in way})
    tallies = {stage.id: Tally() for stage in order}
    for deal, way in zip(cohort, ways, strict=True):
        if way:
            _count(deal, way, order, tallies, funnel)
            _time(way, tallies, now)
    return tallies


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
    deal: ToldDeal,
    way: Sequence[Step],
    order: Sequence[Stage],
    tallies: Mapping[int, Tally],
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


def _time(way: Sequence[Step], tallies: Mapping[int, Tally], now: datetime) -> None:
    seconds: dict[int, float] = {}
    for step, following in zip(way, (*way[1:], None), strict=True):
        until = following.at if following else now
        length = max(0.0, (until - step.at).total_seconds())
        seconds[step.to_stage_id] = seconds.get(step.to_stage_id, 0.0) + length
    for stage_id, length in seconds.items():
        if stage_id in tallies:
            tallies[stage_id].stays.append(Stay(length, is_over=stage_id != way[-1].to_stage_id))


def median_one_by_one(stays: Sequence[Stay]) -> float | None:
    """Kaplan's and Meier's median, one stay after the other."""
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


def stays_one_by_one(deals: Iterable[ToldDeal], funnel: Funnel) -> list[StayRow]:
    """(deal's number, stage, entered, left, to) of every stay, deal after deal."""
    work = [stage for stage in funnel.stages if not stage.kind.is_closed]
    ends = {StageKind.WON: len(work), StageKind.LOST: len(work) + 1}
    numbers = {stage.id: number for number, stage in enumerate(work)}
    numbers |= {stage.id: ends[stage.kind] for stage in funnel.stages if stage.kind.is_closed}
    found = []
    for number, deal in enumerate(deals):
        path = _path(deal.steps, numbers, len(work))
        for place, (stage, entered) in enumerate(path):
            if stage < len(work):
                to, left = path[place + 1] if place + 1 < len(path) else (STAYS, None)
                found.append((number, stage, entered, left and max(entered, left), to))
    return found


def _path(steps: Sequence[Step], numbers: Mapping[int, int], work: int) -> list[tuple[int, datetime]]:
    """Where the deal was since when, in this funnel; a closed stage counts only if it is there still."""
    way = [(numbers[step.to_stage_id], step.at) for step in way_of(steps) if step.to_stage_id in numbers]
    path: list[tuple[int, datetime]] = []
    for place, (state, at) in enumerate(way):
        is_passing = state >= work and place + 1 < len(way)
        if not is_passing and not (path and path[-1][0] == state):
            path.append((state, at))
    return path


def lost_in(deal: ToldDeal, funnel: Funnel) -> int:
    """The stage a lost deal lay in before; of one made as lost, the funnel's first."""
    closed = {stage.id for stage in funnel.stages if stage.kind.is_closed}
    lain_in = [step.to_stage_id for step in way_of(deal.steps) if step.to_stage_id not in closed]
    return lain_in[-1] if lain_in else funnel.unsorted.id
