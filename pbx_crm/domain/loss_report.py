"""Losses: where deals were lost, why, by whom, from which source and region, of what size; how called.

A lost deal counts on the day it was lost, in the stage it lay in then (docs/reports.md). What stands beside
it is arithmetic over the calls on its card: a loss after one try is another loss than one after five talks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from statistics import fmean, median

import numpy as np

from pbx_crm.domain.amount_band import BAND_NAMES, AmountBand, band_of
from pbx_crm.domain.deal_ways import Ints, Ways
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.funnel_report import LEAST_DEALS, Share, share
from pbx_crm.domain.region import NOWHERE, Region
from pbx_crm.domain.report_table import Cell, ReportTable


class Dimension(StrEnum):
    """What lost deals can be told apart by."""

    STAGE = "stage"
    REASON = "reason"
    SELLER = "seller"
    SOURCE = "source"
    REGION = "region"
    BAND = "band"


@dataclass(frozen=True, slots=True)
class CallWork:
    """The calls on a deal's card."""

    tries: int = 0
    """Calls of ours to the client, answered or not."""
    talks: int = 0
    """Calls with the client that were answered, whoever dialled."""
    was_missed: bool = False
    callback_seconds: float | None = None
    """From the end of the first call of the client's that nobody answered to the first call back that
    reached them; None where none was missed or none reached."""


@dataclass(frozen=True, slots=True)
class LostDeal:
    """A deal that was lost."""

    id: int
    stage_id: int
    reason_id: int | None
    reason: str
    owner_id: int
    owner: str
    source: str
    amount: Decimal
    currency: str
    work: CallWork
    region: Region | None = None
    """None: nothing is known of where the client is."""

    @property
    def band(self) -> AmountBand:
        """How large it would have been."""
        return band_of(self.amount)


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
class Mark:
    """One value of a dimension: its key in an address, and its name."""

    key: str
    name: str
    """Empty where there is none: no source, no reason."""


@dataclass(frozen=True, slots=True)
class LossGroup:
    """The lost deals of one value."""

    mark: Mark
    deals: tuple[LostDeal, ...]
    amount: Decimal
    """In the funnel's currency; deals in others count, their amounts do not."""
    share: Share | None
    """Of all losses; None if these are too few."""
    work: Work

    @property
    def is_small(self) -> bool:
        """Whether it is a sample to be careful with."""
        return len(self.deals) < LEAST_DEALS


@dataclass(frozen=True, slots=True)
class LossReport:
    """Everything lost in a stretch of time, beside how what was won had been called."""

    funnel: Funnel
    deals: tuple[LostDeal, ...]
    won: Work

    @property
    def work(self) -> Work:
        """How all that was lost had been called."""
        return work_of([deal.work for deal in self.deals])

    @property
    def amount(self) -> Decimal:
        """Of all of it, in the funnel's currency."""
        return self._amount(self.deals)

    def groups(self, dimension: Dimension) -> tuple[LossGroup, ...]:
        """The values of a dimension, stages and bands in their order, the others by number of deals."""
        found: dict[Mark, list[LostDeal]] = defaultdict(list)
        for deal in self.deals:
            found[self.mark(deal, dimension)].append(deal)
        groups = [self._group(mark, deals) for mark, deals in found.items()]
        return tuple(sorted(groups, key=self._order(dimension)))

    def mark(self, deal: LostDeal, dimension: Dimension) -> Mark:
        """The deal's value in this dimension."""
        match dimension:
            case Dimension.STAGE:
                stage = self.funnel.stage(deal.stage_id)
                return Mark(str(deal.stage_id), stage.name if stage else "")
            case Dimension.REASON:
                return Mark(str(deal.reason_id or 0), deal.reason)
            case Dimension.SELLER:
                return Mark(str(deal.owner_id), deal.owner)
            case Dimension.SOURCE:
                return Mark(deal.source, deal.source)
            case Dimension.REGION:
                return _region_mark(deal.region)
            case Dimension.BAND:
                return Mark(deal.band.value, BAND_NAMES[deal.band])

    def cells(self, rows: Dimension, columns: Dimension) -> Counter[tuple[str, str]]:
        """How many deals lie in each crossing of two dimensions, by their keys."""
        return Counter((self.mark(deal, rows).key, self.mark(deal, columns).key) for deal in self.deals)

    def only(self, stage_id: int | None, reason_id: int | None) -> tuple[LostDeal, ...]:
        """The deals lost in this stage for this reason; None narrows nothing, reason 0 is none given."""
        return tuple(
            deal
            for deal in self.deals
            if stage_id in (None, deal.stage_id) and reason_id in (None, deal.reason_id or 0)
        )

    def table(self) -> ReportTable:
        """A row for every crossing of all dimensions in which something was lost."""
        found: dict[tuple[Mark, ...], list[LostDeal]] = defaultdict(list)
        for deal in self.deals:
            found[tuple(self.mark(deal, dimension) for dimension in Dimension)].append(deal)
        places = {stage.id: place for place, stage in enumerate(self.funnel.stages)}
        ordered = sorted(found.items(), key=lambda entry: places.get(entry[1][0].stage_id, -1))
        figures = ("deals", "amount", "currency", "tries", "talks", "callback_seconds", "never_called_back")
        columns = (*(dimension.value for dimension in Dimension), *figures, "few")
        return ReportTable(columns, tuple(self._row(marks, deals) for marks, deals in ordered))

    def _row(self, marks: Sequence[Mark], deals: Sequence[LostDeal]) -> tuple[Cell, ...]:
        *names, band = marks
        work = work_of([deal.work for deal in deals])
        return (
            *(mark.name for mark in names),
            band.key,
            len(deals),
            f"{self._amount(deals):f}",
            self.funnel.currency,
            *(
                None if value is None else round(value, 1)
                for value in (work.tries, work.talks, work.callback_seconds)
            ),
            work.never_called_back,
            "few" if len(deals) < LEAST_DEALS else "",
        )

    def _group(self, mark: Mark, deals: Sequence[LostDeal]) -> LossGroup:
        part = share(len(deals), len(self.deals))
        work = work_of([deal.work for deal in deals])
        return LossGroup(mark, tuple(deals), self._amount(deals), part, work)

    def _amount(self, deals: Sequence[LostDeal]) -> Decimal:
        own = self.funnel.currency
        return sum((deal.amount for deal in deals if deal.currency == own), Decimal(0))

    def _order(self, dimension: Dimension) -> Callable[[LossGroup], tuple[int, str]]:
        if dimension is Dimension.STAGE:
            places = {str(stage.id): place for place, stage in enumerate(self.funnel.stages)}
            return lambda group: (places.get(group.mark.key, -1), "")
        if dimension is Dimension.BAND:
            bands = [band.value for band in AmountBand]
            return lambda group: (bands.index(group.mark.key), "")
        return lambda group: (-len(group.deals), group.mark.name)


def _region_mark(region: Region | None) -> Mark:
    if region is None:
        return Mark(str(NOWHERE), "")
    return Mark(str(region.id), region.place.name or region.place.country)


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


def stages_lost_in(ways: Ways, count: int, funnel: Funnel) -> Ints:
    """Of so many lost deals the stages they lay in before; of those made as lost the funnel's first.

    Undone moves never were, and from one closed stage to another no deal goes through a stage of work.
    """
    closed = [stage.id for stage in funnel.stages if stage.kind.is_closed]
    worked = ways.where(~np.isin(ways.to, closed))
    found = np.full(count, funnel.unsorted.id)
    found[worked.deal[worked.lasts]] = worked.to[worked.lasts]
    return found
