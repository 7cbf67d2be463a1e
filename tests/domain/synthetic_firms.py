"""Made-up companies whose rates are known: deals come, go from stage to stage, are won or lost by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pbx_crm.domain.deal_stays import Stays
from pbx_crm.domain.deal_ways import Floats, Ints

WEEKDAYS = np.array([1.3, 1.2, 1.2, 1.1, 1.2, 0.6, 0.4])
"""Calls come by the week, as they do."""


@dataclass(frozen=True)
class Firm:
    """The rates of a company; stages of work are numbered from 0, then come won and lost."""

    a_day: float
    onward: Floats
    """[stage, to]: the share that leaves for there."""
    days: Floats
    """[stage]: how long a stay lasts on average."""
    shape: Floats
    """[stage]: of the gamma distribution of a stay; 1 is no memory, more is a habit."""
    amount: float

    @classmethod
    def of(cls, seed: int) -> Firm:
        """A company unlike the next one."""
        chance = np.random.default_rng(seed)
        stages = int(chance.integers(2, 6))
        onward = np.zeros((stages, stages + 2))
        for stage in range(stages):
            onward[stage, stage + 1] = chance.uniform(0.4, 0.8)
            if stage + 2 <= stages:
                onward[stage, stage + 2] = chance.uniform(0, 0.1)
            if stage:
                onward[stage, stage - 1] = chance.uniform(0, 0.08)
            onward[stage, stages + 1] = 1 - onward[stage].sum()
        days = chance.gamma(1.5, 4, stages)
        days[0] = chance.uniform(0.05, 2)
        return cls(
            chance.uniform(3, 12), onward, days, chance.uniform(0.6, 3, stages), chance.uniform(1e3, 1e5)
        )

    def years(self, seed: int, days: int) -> tuple[Stays, Floats]:
        """So many days of the company's life, and the amount of each deal."""
        chance = np.random.default_rng(seed)
        came = chance.poisson(self.a_day * WEEKDAYS[np.arange(days) % 7])
        made = np.sort(np.repeat(np.arange(days), came) + chance.uniform(0, 1, came.sum()))
        parts = list(self._lives(chance, made))
        deal, stage, entered, left, to = (np.concatenate(column) for column in zip(*parts, strict=True))
        first = np.zeros(len(made), dtype=np.int64)
        stays = Stays(len(self.days), deal, stage, entered, left, to, made=made, first=first)
        return stays, chance.lognormal(np.log(self.amount), 0.7, len(made))

    def _lives(
        self, chance: np.random.Generator, made: Floats
    ) -> Iterator[tuple[Ints, Ints, Floats, Floats, Ints]]:
        """The first stay of every deal, then the second of those that have one, and so on."""
        deal, stage, at = np.arange(len(made)), np.zeros(len(made), dtype=np.int64), made
        while len(deal):
            left = at + chance.gamma(self.shape[stage], self.days[stage] / self.shape[stage])
            drawn = chance.uniform(0, 1, len(deal))[:, None] > np.cumsum(self.onward[stage], axis=1)
            to = np.minimum(drawn.sum(axis=1), self.onward.shape[1] - 1)
            yield deal, stage, at, left, to
            works = to < len(self.days)
            deal, stage, at = deal[works], to[works], left[works]
