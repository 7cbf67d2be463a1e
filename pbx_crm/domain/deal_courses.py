"""How far each of many deals came in a funnel, what became of it, and how long it stayed where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

import numpy as np

from pbx_crm.domain.deal_ways import Floats, Ints, Marks, Ways, looked_up
from pbx_crm.domain.funnel import Funnel, Stage, StageKind

NOWHERE = -1
"""The place of a stage that is none of those reported: a lost one, or another funnel's."""
SECOND = 1_000_000


class Part(StrEnum):
    """The deals behind one figure of a stage."""

    ENTERED = "entered"
    PASSED = "passed"
    DROPPED = "dropped"
    OPEN = "open"
    HERE = "here"


@dataclass(frozen=True, slots=True)
class Courses:
    """The deals that have a way, in order of their numbers; stages are told by their places in `order`."""

    order: Sequence[Stage]
    deal: Ints
    """The deal's number."""
    furthest: Ints
    """How far it came; a sale that was taken back is no sale."""
    now_in: Ints
    is_won: Marks
    is_lost: Marks
    lain_in: np.ndarray[tuple[int, int], np.dtype[np.bool_]]
    """[deal, place]"""

    @classmethod
    def of(cls, funnel: Funnel, order: Sequence[Stage], ways: Ways) -> Courses:
        """What these ways come to in the stages reported, the won ones last."""
        places = looked_up(ways.to, {stage.id: place for place, stage in enumerate(order)}, NOWHERE)
        ends = _won(order)
        firsts, lasts = ways.firsts, ways.lasts
        lain_in = np.zeros((len(firsts), len(order)), np.bool_)
        known = places != NOWHERE
        lain_in[_rows(ways)[known], places[known]] = True
        now_in = places[lasts]
        is_won = (now_in != NOWHERE) & ends[now_in]
        # Whoever was in stages of work nowhere counts in the first.
        worked = np.where(known & ~ends[places], places, 0)
        reached = np.maximum.reduceat(worked, firsts) if len(firsts) else worked
        lost = {stage.id: 1 for stage in funnel.stages if stage.kind is StageKind.LOST}
        is_lost = looked_up(ways.to[lasts], lost, 0) == 1
        return cls(
            order, ways.deal[firsts], np.where(is_won, now_in, reached), now_in, is_won, is_lost, lain_in
        )

    def marks(self, part: Part, place: int) -> Marks:
        """Which deals are behind this figure of a stage."""
        # Of several ways of winning a deal ends in one and goes past none.
        is_end = self.order[place].kind is StageKind.WON
        passed: Marks = (self.furthest > place) & (not is_end)
        ended: Marks = self.furthest == place
        match part:
            case Part.ENTERED:
                found = passed | ended
            case Part.PASSED:
                found = passed
            case Part.DROPPED:
                found = ended & self.is_lost
            case Part.OPEN:
                found = ended & ~self.is_lost & ~self.is_won
            case Part.HERE:
                found = self.now_in == place
            case _:
                assert_never(part)
        return found

    def stays(self, ways: Ways, now: int) -> Floats:
        """[deal, place]: seconds the deal was there, all its stays together; of the last until now."""
        until = np.append(ways.at[1:], now)
        until[ways.lasts] = now
        lengths = np.maximum(until - ways.at, 0)
        places = looked_up(ways.to, {stage.id: place for place, stage in enumerate(self.order)}, NOWHERE)
        known = places != NOWHERE
        shape = self.lain_in.shape
        cell = _rows(ways)[known] * shape[1] + places[known]
        # Whole microseconds add up exactly, also as floats.
        sums = np.bincount(cell, weights=lengths[known], minlength=shape[0] * shape[1])
        return sums.reshape(shape) / SECOND


def _won(order: Sequence[Stage]) -> Marks:
    return np.array([stage.kind is StageKind.WON for stage in order], dtype=np.bool_)


def _rows(ways: Ways) -> Ints:
    """For each step, the how-manieth deal with a way it is of."""
    return np.cumsum(np.diff(ways.deal, prepend=-1) != 0) - 1
