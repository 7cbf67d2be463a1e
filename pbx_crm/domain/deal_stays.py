"""The stays of deals in stages, as arrays: what a forecast learns from and what it is asked about.

Days are fractions of days since `EPOCH`. A stay that goes on, or that had not ended by the moment one looks
from, is censored: it tells that it lasted at least so long, and nothing more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import numpy.typing as npt

from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.funnel_report import Step, way_of

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
STAYS = -1
"""Where a stay leads that has not ended."""
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Row = tuple[int, int, float, float, int]
"""Deal, stage, entered, left, to."""


@dataclass(frozen=True, slots=True)
class ForecastDeal:
    """A deal with every move, oldest first."""

    id: int
    amount: Decimal
    currency: str
    expected_close: date | None
    """The day its seller expects."""
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Stays:
    """Every stay of every deal; stages are numbered from 0, then come won and lost."""

    stages: int
    """How many stages of work there are; `won` is this number, `lost` the next."""
    deal: Ints
    """The deal's number, from 0."""
    stage: Ints
    entered: Floats
    left: Floats
    """Infinite while it goes on."""
    to: Ints
    """The stage it led to, `won`, `lost` or `STAYS`."""
    made: Floats
    """Of each deal, when it came into the funnel; infinite if it never did."""
    first: Ints
    """Of each deal, where: a deal may be made as won."""

    @property
    def won(self) -> int:
        """The number that stands for won."""
        return self.stages

    @property
    def lost(self) -> int:
        """The number that stands for lost."""
        return self.stages + 1

    def as_of(self, day: float) -> Stays:
        """What was known then: later stays are not there yet, later ends have not come."""
        known = self.entered <= day
        left, to = self.left[known], self.to[known]
        over = left <= day
        return replace(
            self,
            deal=self.deal[known],
            stage=self.stage[known],
            entered=self.entered[known],
            left=np.where(over, left, np.inf),
            to=np.where(over, to, STAYS),
        )

    def wins(self, since: float, until: float) -> Ints:
        """The numbers of the deals won in between."""
        won: Ints = self.deal[(self.to == self.won) & (self.left > since) & (self.left <= until)]
        return won


def day_number(at: datetime) -> float:
    """The moment in days since `EPOCH`."""
    return (at - EPOCH) / timedelta(days=1)


def stays_of(deals: Iterable[ForecastDeal], funnel: Funnel) -> Stays:
    """The stays of these deals. A sale or a loss that was taken back was neither, and its deal stayed on."""
    numbers = _numbers(funnel)
    stages = sum(not stage.kind.is_closed for stage in funnel.stages)
    paths = [_path(deal.steps, numbers, stages) for deal in deals]
    rows = [row for number, path in enumerate(paths) for row in _stays(number, path, stages)]
    whole = np.array([row[:2] + row[4:] for row in rows], dtype=np.int64).reshape(-1, 3)
    times = np.array([row[2:4] for row in rows], dtype=np.float64).reshape(-1, 2)
    return Stays(
        stages=stages,
        deal=whole[:, 0],
        stage=whole[:, 1],
        entered=times[:, 0],
        left=times[:, 1],
        to=whole[:, 2],
        made=np.array([path[0][1] if path else np.inf for path in paths], dtype=np.float64),
        first=np.array([path[0][0] if path else STAYS for path in paths], dtype=np.int64),
    )


def _numbers(funnel: Funnel) -> dict[int, int]:
    """The number of each stage by its id; several ways of winning are one."""
    work = [stage for stage in funnel.stages if not stage.kind.is_closed]
    ends = {StageKind.WON: len(work), StageKind.LOST: len(work) + 1}
    numbers = {stage.id: number for number, stage in enumerate(work)}
    return numbers | {stage.id: ends[stage.kind] for stage in funnel.stages if stage.kind.is_closed}


def _path(steps: Sequence[Step], numbers: Mapping[int, int], stages: int) -> list[tuple[int, float]]:
    """Where the deal was since when, in this funnel; a closed stage counts only if it is there still."""
    way = [
        (numbers[step.to_stage_id], day_number(step.at))
        for step in way_of(steps)
        if step.to_stage_id in numbers
    ]
    path: list[tuple[int, float]] = []
    for place, (state, at) in enumerate(way):
        is_passing = state >= stages and place + 1 < len(way)
        if not is_passing and not (path and path[-1][0] == state):
            path.append((state, at))
    return path


def _stays(number: int, path: Sequence[tuple[int, float]], stages: int) -> Iterator[Row]:
    for (stage, entered), (to, left) in zip(path, [*path[1:], (STAYS, np.inf)], strict=True):
        if stage < stages:
            # Clocks of several PBXes may differ by a second or two: nobody leaves before he came.
            yield number, stage, entered, max(entered, left), to
