"""The stays of deals in stages, as arrays: what a forecast learns from and what it is asked about.

Days are fractions of days since `EPOCH`. A stay that goes on, or that had not ended by the moment one looks
from, is censored: it tells that it lasted at least so long, and nothing more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from pbx_crm.domain.deal_ways import MICROSECOND, Floats, Ints, Ways, looked_up, moment_of
from pbx_crm.domain.funnel import Funnel, StageKind

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
STAYS = -1
"""Where a stay leads that has not ended."""
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """Deals, ascending by id, with the ways they went."""

    ids: Ints
    amounts: Ints
    """As they are now (`whole_money`); nought for deals in another currency than the funnel's."""
    close: Ints
    """The day their sellers expect, as 20261121; nought where none is named."""
    ways: Ways


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
    return (at - EPOCH) / DAY


def stays_of(ways: Ways, count: int, funnel: Funnel) -> Stays:
    """The stays of so many deals. A sale or a loss taken back was neither, and its deal stayed on."""
    stages = sum(not stage.kind.is_closed for stage in funnel.stages)
    path, state = _path(ways, funnel, stages)
    day = (path.at - moment_of(EPOCH)) / (DAY // MICROSECOND)
    goes_on = np.diff(path.deal, append=-1) == 0
    left, to = np.full(len(day), np.inf), np.full(len(day), STAYS)
    left[goes_on], to[goes_on] = day[1:][goes_on[:-1]], state[1:][goes_on[:-1]]
    made, first = np.full(count, np.inf), np.full(count, STAYS)
    made[path.deal[path.firsts]], first[path.deal[path.firsts]] = day[path.firsts], state[path.firsts]
    works = state < stages
    return Stays(
        stages,
        path.deal[works],
        state[works],
        day[works],
        # Clocks of several PBXes may differ by a second or two: nobody leaves before he came.
        np.maximum(day, left)[works],
        to[works],
        made,
        first,
    )


def _numbers(funnel: Funnel) -> dict[int, int]:
    """The number of each stage by its id; several ways of winning are one."""
    work = [stage for stage in funnel.stages if not stage.kind.is_closed]
    ends = {StageKind.WON: len(work), StageKind.LOST: len(work) + 1}
    numbers = {stage.id: number for number, stage in enumerate(work)}
    return numbers | {stage.id: ends[stage.kind] for stage in funnel.stages if stage.kind.is_closed}


def _path(ways: Ways, funnel: Funnel, stages: int) -> tuple[Ways, Ints]:
    """Where deals were since when, in this funnel; a closed stage counts only if its deal is there still."""
    state = looked_up(ways.to, _numbers(funnel))
    ways, state = ways.where(state >= 0), state[state >= 0]
    stands = state < stages
    stands[ways.lasts] = True
    ways, state = ways.where(stands), state[stands]
    is_new = np.diff(state, prepend=STAYS) != 0
    is_new[ways.firsts] = True
    return ways.where(is_new), state[is_new]
