"""The plan turned round: how many new clients and answered calls so many contracts want.

One in so many new deals is won, by the same chances as the forecast's; each takes so many conversations until
it is decided. Both are told with the bounds that hold them four times out of five.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from pbx_crm.domain.deal_stays import Stays
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.forecast import HISTORY_DAYS, LEAST_SETTLED, LEAST_WINS, Z_80
from pbx_crm.domain.stage_chances import GROUPS, chances_of

MOST_CONTRACTS = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A whole number wanted, between the least and the most it may turn out to be."""

    about: int
    least: int
    most: int

    @classmethod
    def of(cls, contracts: int, each: float, spread: float) -> Wanted:
        """So many contracts at `each`, known to a relative standard deviation of `spread`."""
        # A ratio is off by factors: as likely twice as much as half.
        factor = float(np.exp(Z_80 * spread))
        return cls(*(ceil(contracts * each * by - 1e-9) for by in (1, 1 / factor, factor)))


@dataclass(frozen=True, slots=True)
class Need:
    """What contracts of a kind have taken so far; `clients_each` and the like are for one contract."""

    clients_each: float
    clients_spread: float
    talks_each: float
    talks_spread: float

    def clients(self, contracts: int) -> Wanted:
        """New clients for so many contracts."""
        return Wanted.of(contracts, self.clients_each, self.clients_spread)

    def talks(self, contracts: int) -> Wanted:
        """Answered calls for so many contracts, those with clients who were lost included."""
        return Wanted.of(contracts, self.talks_each, self.talks_spread)


@dataclass(frozen=True, slots=True)
class Have:
    """What there is of it in the month so far."""

    contracts: int
    clients: int
    talks: int


@dataclass(frozen=True, slots=True)
class PlannerReport:
    """The answer to "how much for so many contracts?"; `need` is None where too few deals tell."""

    contracts: int
    need: Need | None
    have: Have
    days_left: int


def need_of(stays: Stays, day: float, talks: Ints) -> Need | None:
    """What a contract takes, by the deals made within a year; None where too few deals tell.

    `talks` are the answered calls of each deal that was decided.
    """
    known = stays.as_of(day)
    since = day - HISTORY_DAYS
    tells = known.made[known.deal] >= since
    won, lost = (int((known.to[tells] == end).sum()) for end in (known.won, known.lost))
    if won < LEAST_WINS or won + lost < LEAST_SETTLED or not talks.any():
        return None
    made = (known.made >= since) & (known.made <= day)
    first = np.bincount(known.first[made], minlength=known.stages + 2) / made.sum()
    chance = chances_of(known, day, since).winning(HISTORY_DAYS)[:, :, -1] @ first
    if chance[0] <= 0:
        return None
    off = sqrt((GROUPS - 1) / GROUPS * float(((chance[1:] - chance[1:].mean()) ** 2).sum())) / chance[0]
    each, mean = 1 / float(chance[0]), float(talks.mean())
    uneven = sqrt(float(talks.var()) / len(talks)) / mean
    return Need(each, off, each * mean, sqrt(off**2 + uneven**2))
