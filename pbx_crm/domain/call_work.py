"""How deals were called: the calls on their cards, each deal by itself and many taken together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pbx_crm.domain.deal_ways import Floats, Ints, Marks
from pbx_crm.domain.funnel_report import LEAST_DEALS

SECOND = 1_000_000
FAR = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class CardCalls:
    """The calls with clients on many cards, in any order; moments as `deal_ways` has them, nought is none."""

    deal: Ints
    """The deal's id."""
    is_ours: Ints
    """1 for a call of ours, else 0."""
    is_missed: Ints
    """1 for one of the client's that nobody answered."""
    is_answered: Ints
    answered_at: Ints
    ended_at: Ints


@dataclass(frozen=True, slots=True)
class Work:
    """How a group of deals was called; a mean or median of too few is None."""

    deals: int
    tries: float | None
    talks: float | None
    callback_seconds: float | None
    """Half of those missed and called back waited no longer."""
    never_called_back: int
    """Missed, and no call back reached them."""


@dataclass(frozen=True, slots=True)
class CallWorks:
    """The calls on each of many cards."""

    tries: Ints
    """Calls of ours to the client, answered or not."""
    talks: Ints
    """Calls with the client that were answered, whoever dialled."""
    was_missed: Marks
    callback_seconds: Floats
    """From the end of the first call of the client's that nobody answered to the first call back that
    reached them; not a number where none was missed or none reached."""

    @classmethod
    def on(cls, deal_ids: Ints, calls: CardCalls) -> CallWorks:
        """What these calls come to for each of these deals, whose ids ascend and who have all of them."""
        number, count = np.searchsorted(deal_ids, calls.deal), len(deal_ids)
        ours, missed, answered = calls.is_ours == 1, calls.is_missed == 1, calls.is_answered == 1
        ended = missed & (calls.ended_at > 0)
        waits_since = _first(number[ended], calls.ended_at[ended], count)
        back = ours & answered & (calls.answered_at > 0)
        back &= calls.answered_at >= waits_since[number]
        reached = _first(number[back], calls.answered_at[back], count)
        return cls(
            np.bincount(number[ours], minlength=count),
            np.bincount(number[answered], minlength=count),
            np.bincount(number[missed], minlength=count) > 0,
            np.where(reached < FAR, (reached - waits_since) / SECOND, np.nan),
        )

    @property
    def together(self) -> Work:
        """How all of them were called."""
        return self.of(np.arange(len(self.tries)))

    @property
    def never_called_back(self) -> Marks:
        """Which were missed without a call back that reached them."""
        return self.was_missed & np.isnan(self.callback_seconds)

    def of(self, rows: Ints) -> Work:
        """How these of them were called, taken together."""
        waited = self.callback_seconds[rows]
        is_back = ~np.isnan(waited)
        tells, tells_back = len(rows) >= LEAST_DEALS, int(is_back.sum()) >= LEAST_DEALS
        return Work(
            deals=len(rows),
            tries=float(self.tries[rows].mean()) if tells else None,
            talks=float(self.talks[rows].mean()) if tells else None,
            callback_seconds=float(np.median(waited[is_back])) if tells_back else None,
            never_called_back=int(self.never_called_back[rows].sum()),
        )


def _first(number: Ints, at: Ints, count: int) -> Ints:
    """The earliest of these moments for each of so many; `FAR` where there is none."""
    found = np.full(count, FAR)
    np.minimum.at(found, number, at)
    return found
