"""What becomes of deals in a stage, and when: competing risks of leaving it, put together to the end.

From each stage a deal leaves to another stage, to won or to lost, after some days. The chance of each way at
each age is counted among the deals that had come to that age (Kaplan and Meier's way with several ends,
after Aalen and Johansen): a deal still there counts as long as it is known, so slow stages do not look
hopeless. Chances of single stages, put one after the other day by day, give the chance of a sale within so
many days. The deals are also left out a group at a time (the jackknife): how much the answer moves then is
how well so many deals can know it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pbx_crm.domain.deal_stays import STAYS, Stays
from pbx_crm.domain.deal_ways import Floats, Ints

GROUPS = 20
"""Of the jackknife. Estimates come in a row: first that of all deals, then one without each group."""
LONGEST_STAY = 365
"""Days; who stays longer is taken for staying on."""


@dataclass(frozen=True, slots=True)
class Chances:
    """Ways out of each stage by age in whole days, for every estimate of the jackknife."""

    leaving: Floats
    """[estimate, stage, to, day]: leaves for there at this age, of all that entered."""
    staying: Floats
    """[estimate, stage, day]: is still there when this age begins."""

    @property
    def stages(self) -> int:
        """How many stages of work there are."""
        return int(self.leaving.shape[1])

    def winning(self, days: int) -> Floats:
        """[estimate, stage, day]: won within so many days of entering; won and lost are the last two stages.

        Solved day by day: who leaves after u days has the chances of the next stage for the days left. A deal
        may pass several stages on one day, so each day is a set of equations rather than a step.
        """
        estimates, stages = self.leaving.shape[:2]
        onward = self.leaving[:, :, :stages, : days + 1]
        sold = np.cumsum(self.leaving[:, :, stages, : days + 1], axis=2)
        # A hair under one: stages that always pass deals to and fro on the same day have no end.
        same_day = np.linalg.inv(np.eye(stages) - onward[:, :, :, 0] * (1 - 1e-9))
        found = np.zeros((estimates, stages, days + 1))
        for day in range(days + 1):
            reach = min(day, onward.shape[3] - 1)
            later = np.einsum(
                "rsdu,rdu->rs", onward[..., 1 : reach + 1], found[..., day - reach : day][..., ::-1]
            )
            gone = sold[:, :, min(day, sold.shape[2] - 1)] + later
            found[:, :, day] = np.einsum("rsd,rd->rs", same_day, gone)
        ends = np.stack([np.ones((estimates, days + 1)), np.zeros((estimates, days + 1))], axis=1)
        return np.concatenate([np.clip(found, 0, 1), ends], axis=1)

    def from_age(self, stage: int, age: int, winning: Floats, within: Sequence[int]) -> Floats:
        """[estimate, place]: of deals in this stage for so many days, won within each of these days from now.

        Nobody has stayed so long: no chance is known, and nought is told.
        """
        days = winning.shape[2]
        leaving = self.leaving[:, stage, :, age : age + days]
        still = self.staying[:, stage, min(age, self.staying.shape[2] - 1)]
        found = np.zeros((len(leaving), len(within)))
        for place, day in enumerate(within):
            reach = min(day + 1, leaving.shape[2])
            onward = winning[:, :, day - reach + 1 : day + 1][..., ::-1]
            found[:, place] = np.einsum("rdu,rdu->r", leaving[:, :, :reach], onward)
        return np.divide(found, still[:, None], out=np.zeros_like(found), where=still[:, None] > 1e-9)

    def goes_on(self, stage: int, age: int) -> bool:
        """Whether any deal that stayed so long went on to anything but its loss."""
        ways = np.arange(self.leaving.shape[2]) != self.stages + 1
        return bool(self.leaving[0, stage, ways, age:].sum() > 0)


def age_in_days(lengths: Floats) -> Ints:
    """Lengths in whole days: the nearest, so that on average nothing is added or taken."""
    return np.minimum(np.rint(lengths), LONGEST_STAY).astype(np.int64)


def chances_of(stays: Stays, day: float, made_since: float) -> Chances:
    """What the stays of deals made since then tell on this day."""
    tells = stays.made[stays.deal] >= made_since
    over = stays.to[tells] != STAYS
    length = age_in_days(np.where(over, stays.left[tells], day) - stays.entered[tells])
    group, stage = stays.deal[tells] % GROUPS, stays.stage[tells]
    shape = (GROUPS, stays.stages, LONGEST_STAY + 1)
    seen = _jackknifed(_counted((group, stage, length), shape))
    ends = (group[over], stage[over], stays.to[tells][over], length[over])
    left = _jackknifed(_counted(ends, (GROUPS, stays.stages, stays.stages + 2, LONGEST_STAY + 1)))
    at_risk = np.cumsum(seen[..., ::-1], axis=2)[..., ::-1]
    hazard = np.divide(left, at_risk[:, :, None], out=np.zeros_like(left), where=at_risk[:, :, None] > 0)
    kept = np.cumprod(1 - np.clip(hazard.sum(axis=2), 0, 1), axis=2)
    staying = np.concatenate([np.ones_like(kept[..., :1]), kept[..., :-1]], axis=2)
    return Chances(staying[:, :, None] * hazard, staying)


def _counted(places: tuple[Ints, ...], shape: tuple[int, ...]) -> Floats:
    flat = np.ravel_multi_index(places, shape)
    return np.bincount(flat, minlength=int(np.prod(shape))).reshape(shape).astype(np.float64)


def _jackknifed(counts: npt.NDArray[np.float64]) -> Floats:
    """The counts of all groups together, then those without each of them."""
    whole = counts.sum(axis=0)
    return np.concatenate([whole[None], whole[None] - counts])
