"""The moves of many deals as arrays, and the ways the deals went by them.

A way is the moves that stand: an undone one is left out, and so is the one that undid it. Moments are
microseconds since 1970, which tell apart what the database does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Moves:
    """Moves as they are stored, in any order."""

    deal: Ints
    """The deal's id."""
    id: Ints
    """A later move of a deal has a higher one."""
    to: Ints
    """The stage's id."""
    at: Ints
    undoes: Ints
    """The id of the deal's move that it takes back; nought for none."""


@dataclass(frozen=True, slots=True)
class Ways:
    """The steps of many deals: deal by deal, and of each in order."""

    deal: Ints
    """The deal's number, from 0."""
    to: Ints
    at: Ints

    @classmethod
    def of(cls, deal_ids: Ints, moves: Moves) -> Ways:
        """The ways of these deals, numbered as their ids ascend; moves of others are left out."""
        number = np.searchsorted(deal_ids, moves.deal)
        number[number == len(deal_ids)] = 0
        mine = deal_ids[number] == moves.deal if len(deal_ids) else np.zeros(len(number), np.bool_)
        stands = np.flatnonzero(mine & (moves.undoes == 0) & ~_undone(number, moves))
        order = stands[np.lexsort((moves.id[stands], number[stands]))]
        return cls(number[order], moves.to[order], moves.at[order])

    @property
    def firsts(self) -> Ints:
        """The places of the first steps, one for each deal that has any."""
        return np.flatnonzero(np.diff(self.deal, prepend=-1))

    @property
    def lasts(self) -> Ints:
        """The places of the last steps, in the same order."""
        return np.flatnonzero(np.diff(self.deal, append=-1))

    def where(self, kept: Marks) -> Ways:
        """These steps alone."""
        return Ways(self.deal[kept], self.to[kept], self.at[kept])

    def first_where(self, wanted: Marks) -> Ints:
        """The place of the first such step of each deal that has any step; of one without such its last."""
        if not len(wanted):
            return np.zeros(0, np.int64)
        places = np.where(wanted, np.arange(len(wanted)), len(wanted))
        first = np.minimum.reduceat(places, self.firsts)
        return np.where(first < len(wanted), first, self.lasts)


def _undone(number: Ints, moves: Moves) -> Marks:
    """Which of these were taken back by another move of the same deal."""
    undoing = np.flatnonzero(moves.undoes)
    if not len(undoing):
        return np.zeros(len(number), np.bool_)
    most = max(int(moves.id.max()), int(moves.undoes.max())) + 1
    return np.isin(number * most + moves.id, number[undoing] * most + moves.undoes[undoing])


def looked_up(keys: Ints, values: Mapping[int, int], missing: int = -1) -> Ints:
    """What stands for each of these keys, which are few and different."""
    known, place = np.unique(keys, return_inverse=True)
    return np.array([values.get(key, missing) for key in known.tolist()], dtype=np.int64)[place.reshape(-1)]


def moment_of(at: datetime) -> int:
    """The moment as arrays have it."""
    return (at - BEGIN) // MICROSECOND


def alike(keys: Sequence[Ints]) -> list[Ints]:
    """The rows of each combination of keys, ascending."""
    if not len(keys[0]):
        return []
    order = np.lexsort(list(keys))
    differs = np.any([np.diff(column[order]) != 0 for column in keys], axis=0)
    return np.split(order, np.flatnonzero(differs) + 1)
