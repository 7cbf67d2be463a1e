"""Lost deals told one by one, and what their calls come to counted one by one: the slow answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, median

import numpy as np

from pbx_crm.domain.call_work import CallWorks, Work
from pbx_crm.domain.funnel_report import LEAST_DEALS
from pbx_crm.domain.loss_report import LostDeals
from pbx_crm.domain.whole_money import UNITS


@dataclass(frozen=True, slots=True)
class CallWork:
    """The calls on a deal's card."""

    tries: int = 0
    talks: int = 0
    was_missed: bool = False
    callback_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LostDeal:
    """A deal that was lost."""

    id: int
    stage_id: int
    reason_id: int | None
    owner_id: int
    source: str
    amount: Decimal
    currency: str
    work: CallWork


def work_of(works: Sequence[CallWork]) -> Work:
    """How these deals were called, taken together."""
    tells = len(works) >= LEAST_DEALS
    called_back = [work.callback_seconds for work in works if work.callback_seconds is not None]
    return Work(
        deals=len(works),
        tries=fmean(work.tries for work in works) if tells else None,
        talks=fmean(work.talks for work in works) if tells else None,
        callback_seconds=median(called_back) if len(called_back) >= LEAST_DEALS else None,
        never_called_back=sum(work.was_missed and work.callback_seconds is None for work in works),
    )


def works_of(works: Sequence[CallWork]) -> CallWorks:
    """The same as the program takes them."""
    waited = [np.nan if work.callback_seconds is None else work.callback_seconds for work in works]
    return CallWorks(
        np.array([work.tries for work in works], dtype=np.int64),
        np.array([work.talks for work in works], dtype=np.int64),
        np.array([work.was_missed for work in works], dtype=np.bool_),
        np.array(waited, dtype=np.float64),
    )


def columns_of(deals: Sequence[LostDeal], reasons: dict[int, str] | None = None) -> LostDeals:
    """The deals as the program takes them; the funnel's currency is the euro."""
    sources = sorted({deal.source for deal in deals})

    def column(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, dtype=np.int64)

    return LostDeals(
        ids=column(*(deal.id for deal in deals)),
        stage=column(*(deal.stage_id for deal in deals)),
        reason=column(*(deal.reason_id or 0 for deal in deals)),
        owner=column(*(deal.owner_id for deal in deals)),
        source=column(*(sources.index(deal.source) for deal in deals)),
        region=column(*(0 for _ in deals)),
        amounts=column(*(int(deal.amount * UNITS) for deal in deals)),
        is_own=np.array([deal.currency == "EUR" for deal in deals], dtype=np.bool_),
        works=works_of([deal.work for deal in deals]),
        reasons=reasons or {},
        owners={},
        sources=sources,
        regions={},
    )
