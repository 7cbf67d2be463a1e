"""How many deals will be won in each of the coming stretches of time, and for how much, with an interval.

Expected wins are those of the deals that lie open, each by its stage and how long it has been there, and
those of deals still to come at the pace of the last ninety days. The interval holds four chances in five. It
adds up what may turn out otherwise: each deal's own luck, how many come, how large they are, and how well the
past knows the chances at all (the jackknife of `stage_chances`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from pbx_crm.domain.deal_stays import STAYS, Stays
from pbx_crm.domain.deal_ways import Floats, Ints
from pbx_crm.domain.stage_chances import GROUPS, Chances, age_in_days, chances_of

HISTORY_DAYS = 365
"""How far back deals tell the chances: older habits are no longer this company's."""
INFLOW_DAYS = 90
"""How far back the present pace is measured."""
WEEK = 7
LEAST_WINS = 10
LEAST_SETTLED = 30
"""Below so many wins, or deals won and lost, among those that tell, no forecast is made."""
Z_80 = 1.281552


@dataclass(frozen=True, slots=True)
class Range:
    """An expected figure and the bounds that hold it four times out of five."""

    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is expected to be won within a stretch of days."""

    wins: Range
    """Bounds are whole deals."""
    amount: Range


@dataclass(frozen=True, slots=True)
class Outlook:
    """The forecast from one day."""

    stretches: tuple[Stretch, ...]
    chance: Floats
    """Of each open deal, to be won ever; nought for stale ones."""
    open: Ints
    """The numbers of the open deals."""
    is_stale: np.ndarray[tuple[int], np.dtype[np.bool_]]
    """Of each open deal: in its stage for longer than any deal that ever went on from there."""
    made_a_week: float
    """New deals at the present pace."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much deals sell for: those with an amount for that, the others for what is usual."""

    amounts: Floats
    """Of each deal; nought where none is known, or it is in another currency."""
    mean: float
    square: float
    """The mean of the squares."""

    @classmethod
    def of(cls, amounts: Floats, won: Ints) -> Sizes:
        """What is usual, out of what was won for a known amount."""
        known = amounts[won][amounts[won] > 0]
        if not len(known):
            return cls(amounts, 0.0, 0.0)
        return cls(amounts, float(known.mean()), float((known**2).mean()))


def outlook(stays: Stays, amounts: Floats, day: float, ends: Sequence[float]) -> Outlook | None:
    """The forecast on this day for the stretches between it and these days, one after the other.

    None where too few deals tell. Of the stays only what was known on that day is used.
    """
    known = stays.as_of(day)
    since = day - HISTORY_DAYS
    tells = known.made[known.deal] >= since
    won = int((known.to[tells] == known.won).sum())
    if won < LEAST_WINS or won + int((known.to[tells] == known.lost).sum()) < LEAST_SETTLED:
        return None
    chances = chances_of(known, day, since)
    sizes = Sizes.of(amounts, known.wins(since, day))
    days = [max(0, round(end - day)) for end in ends]
    winning = chances.winning(max(days))
    lying = _Lying.of(known, day, chances)
    inflow = _Inflow.of(known, day)
    parts = zip(lying.by_day(chances, winning, days), inflow.by_day(winning, days), strict=True)
    stretches = tuple(_stretch(open_now, coming, inflow, lying, sizes) for open_now, coming in parts)
    return Outlook(stretches, lying.ever(chances), lying.deal, lying.is_stale, WEEK * inflow.a_day)


@dataclass(frozen=True, slots=True)
class _Lying:
    """The deals that lie open, with equal stage and age told once."""

    deal: Ints
    kind: Ints
    """Of each deal, its place in `kinds`."""
    kinds: tuple[tuple[int, int], ...]
    is_stale: np.ndarray[tuple[int], np.dtype[np.bool_]]

    @classmethod
    def of(cls, known: Stays, day: float, chances: Chances) -> _Lying:
        here = known.to == STAYS
        stage, age = known.stage[here], age_in_days(day - known.entered[here])
        pairs, kind = np.unique(np.stack([stage, age], axis=1), axis=0, return_inverse=True)
        kinds = tuple((int(stage), int(age)) for stage, age in pairs)
        stale = np.array([not chances.goes_on(*pair) for pair in kinds], dtype=np.bool_)
        kind = kind.reshape(-1)
        return cls(known.deal[here], kind, kinds, stale[kind] if len(kinds) else np.zeros(0, np.bool_))

    def by_day(self, chances: Chances, winning: Floats, days: Sequence[int]) -> list[Floats]:
        """For each stretch [estimate, deal]: the chance to be won in it."""
        # Ages and stays are rounded to days: on the last day half of them are in time.
        around = [day for end in days for day in (end, max(end - 1, 0))]
        curves = [chances.from_age(stage, age, winning, around) for stage, age in self.kinds]
        found, before = [], np.zeros((GROUPS + 1, len(self.kinds)))
        for place in range(0, len(around), 2):
            until = (
                np.stack([c[:, place : place + 2].mean(axis=1) for c in curves], axis=1) if curves else before
            )
            found.append(np.clip(until - before, 0, 1)[:, self.kind])
            before = until
        return found

    def ever(self, chances: Chances) -> Floats:
        """Of each deal, the chance to be won within a year."""
        first = Chances(chances.leaving[:1], chances.staying[:1])
        winning = first.winning(HISTORY_DAYS)
        ends = [first.from_age(stage, age, winning, [HISTORY_DAYS])[0, 0] for stage, age in self.kinds]
        return np.array(ends, dtype=np.float64)[self.kind] if ends else np.zeros(0)


@dataclass(frozen=True, slots=True)
class _Inflow:
    """New deals at the pace of the last days."""

    a_day: float
    spread: float
    """How much more weeks differ than chance alone would make them; 1 is chance alone."""
    days: float
    """How long the pace was watched."""
    first: Floats
    """The shares of the states they begin in."""

    @classmethod
    def of(cls, known: Stays, day: float) -> _Inflow:
        made = known.made <= day
        days = min(INFLOW_DAYS, max(WEEK, day - known.made[made].min()))
        recent = made & (known.made > day - days)
        weeks = np.bincount(((day - known.made[recent]) // WEEK).astype(np.int64))[: int(days // WEEK)]
        weeks = np.pad(weeks, (0, int(days // WEEK) - len(weeks)))
        spread = float(weeks.var(ddof=1) / weeks.mean()) if len(weeks) > 3 and weeks.mean() else 1.0
        first = np.bincount(known.first[recent], minlength=known.stages + 2).astype(np.float64)
        return cls(int(recent.sum()) / days, max(1.0, spread), days, first / max(first.sum(), 1))

    def by_day(self, winning: Floats, days: Sequence[int]) -> list[Floats]:
        """For each stretch [estimate, day of coming]: the chance of one coming then to be won in it."""
        # Who comes at noon of a day has half of it left, and half a day of rounding goes the other way.
        sold = np.einsum("rsd,s->rd", winning, self.first)
        found, before = [], np.zeros((len(sold), max(days)))
        for end in days:
            until = np.zeros_like(before)
            until[:, :end] = sold[:, :end][:, ::-1]
            found.append(np.clip(until - before, 0, 1))
            before = until
        return found


def _stretch(open_now: Floats, coming: Floats, inflow: _Inflow, lying: _Lying, sizes: Sizes) -> Stretch:
    chance = open_now[0]
    amount = sizes.amounts[lying.deal]
    value, square = np.where(amount > 0, amount, sizes.mean), np.where(amount > 0, amount**2, sizes.square)
    new = inflow.a_day * coming.sum(axis=1)
    wins = open_now.sum(axis=1) + new
    money = open_now @ value + new * sizes.mean
    # Weeks that differ more than by chance make the coming days do so too; and the pace itself is a guess.
    more = (inflow.spread - 1) * inflow.a_day * float((coming[0] ** 2).sum())
    more += inflow.spread * inflow.a_day / inflow.days * float(coming[0].sum()) ** 2
    wins_var = float((chance * (1 - chance)).sum()) + new[0] + more + _jackknife(wins)
    money_var = float((chance * square - (chance * value) ** 2).sum()) + new[0] * sizes.square
    money_var += more * sizes.mean**2 + _jackknife(money)
    return Stretch(_whole(_range(wins[0], wins_var)), _range(money[0], money_var))


def _jackknife(estimates: Floats) -> float:
    """The variance of an estimate, out of those that leave out one group each."""
    without = estimates[1:]
    return float((GROUPS - 1) / GROUPS * ((without - without.mean()) ** 2).sum())


def _range(mean: float, variance: float) -> Range:
    """Four chances in five of a figure that cannot be below nought (a gamma's, after Wilson and Hilferty)."""
    if mean <= 0 or variance <= 0:
        return Range(max(mean, 0.0), max(mean, 0.0), max(mean, 0.0))
    part = variance / (9 * mean**2)
    low, high = (mean * max(0.0, 1 - part + sign * Z_80 * sqrt(part)) ** 3 for sign in (-1, 1))
    return Range(mean, low, high)


def _whole(found: Range) -> Range:
    """Bounds in whole deals that hold as much as the fractions did: each deal reaches half to either side."""
    low, high = max(0, round(found.low + 0.5)), max(0, round(found.high - 0.5))
    return Range(found.expected, min(low, high), max(low, high))
