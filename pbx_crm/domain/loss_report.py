"""Losses: where deals were lost, why, by whom, from which source and region, of what size; how called.

A lost deal counts on the day it was lost, in the stage it lay in then (docs/reports.md). What stands beside
it is arithmetic over the calls on its card: a loss after one try is another loss than one after five talks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import numpy as np

from pbx_crm.domain.amount_band import BAND_NAMES, AmountBand
from pbx_crm.domain.call_work import CallWorks, Work
from pbx_crm.domain.deal_ways import Ints, Marks, Ways, alike
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.funnel_report import LEAST_DEALS, Share, share
from pbx_crm.domain.region import Region
from pbx_crm.domain.report_table import Cell, ReportTable
from pbx_crm.domain.whole_money import UNITS, total

BANDS = tuple(AmountBand)
LEAST = np.array([int(band.least * UNITS) for band in BANDS])


class Dimension(StrEnum):
    """What lost deals can be told apart by."""

    STAGE = "stage"
    REASON = "reason"
    SELLER = "seller"
    SOURCE = "source"
    REGION = "region"
    BAND = "band"


@dataclass(frozen=True, slots=True)
class Mark:
    """One value of a dimension: its key in an address, and its name."""

    key: str
    name: str
    """Empty where there is none: no source, no reason."""


@dataclass(frozen=True, slots=True, eq=False)
class LostDeals:
    """Deals that were lost, ascending by id, as columns; nought stands for none."""

    ids: Ints
    stage: Ints
    """The id of the stage each was lost in."""
    reason: Ints
    owner: Ints
    source: Ints
    """Its place in `sources`."""
    region: Ints
    amounts: Ints
    """As they are now (`whole_money`), each in its deal's currency."""
    is_own: Marks
    """Whether that is the funnel's currency."""
    works: CallWorks
    reasons: Mapping[int, str]
    owners: Mapping[int, str]
    sources: Sequence[str]
    regions: Mapping[int, Region]

    def __len__(self) -> int:
        return len(self.ids)

    def keys(self, dimension: Dimension) -> Ints:
        """A number for each deal's value in this dimension."""
        match dimension:
            case Dimension.STAGE:
                return self.stage
            case Dimension.REASON:
                return self.reason
            case Dimension.SELLER:
                return self.owner
            case Dimension.SOURCE:
                return self.source
            case Dimension.REGION:
                return self.region
            case Dimension.BAND:
                return np.searchsorted(LEAST, self.amounts, "right") - 1

    def mark(self, dimension: Dimension, key: int, funnel: Funnel) -> Mark:
        """The value that such a number stands for."""
        match dimension:
            case Dimension.STAGE:
                stage = funnel.stage(key)
                return Mark(str(key), stage.name if stage else "")
            case Dimension.REASON:
                return Mark(str(key), self.reasons.get(key, ""))
            case Dimension.SELLER:
                return Mark(str(key), self.owners.get(key, ""))
            case Dimension.SOURCE:
                return Mark(self.sources[key], self.sources[key])
            case Dimension.REGION:
                region = self.regions.get(key)
                return Mark(str(key), (region.place.name or region.place.country) if region else "")
            case Dimension.BAND:
                band = BANDS[key]
                return Mark(band.value, BAND_NAMES[band])

    def amount(self, rows: Ints) -> Decimal:
        """Of these of them in the funnel's currency; deals in others count, their amounts do not."""
        return total(self.amounts[rows[self.is_own[rows]]])


# No two are compared as a whole: arrays have no equality that is one answer.
@dataclass(frozen=True, slots=True, eq=False)
class LossGroup:
    """The lost deals of one value."""

    mark: Mark
    ids: Ints
    amount: Decimal
    """In the funnel's currency."""
    share: Share | None
    """Of all losses; None if these are too few."""
    work: Work

    @property
    def is_small(self) -> bool:
        """Whether it is a sample to be careful with."""
        return len(self.ids) < LEAST_DEALS


@dataclass(frozen=True, slots=True, eq=False)
class LossReport:
    """Everything lost in a stretch of time, beside how what was won had been called."""

    funnel: Funnel
    deals: LostDeals
    won: Work

    @property
    def work(self) -> Work:
        """How all that was lost had been called."""
        return self.deals.works.together

    @property
    def amount(self) -> Decimal:
        """Of all of it, in the funnel's currency."""
        return self.deals.amount(np.arange(len(self.deals)))

    def groups(self, dimension: Dimension) -> tuple[LossGroup, ...]:
        """The values of a dimension, stages and bands in their order, the others by number of deals."""
        keys = self.deals.keys(dimension)
        groups = [
            self._group(self.deals.mark(dimension, int(keys[rows[0]]), self.funnel), rows)
            for rows in alike([keys])
        ]
        return tuple(sorted(groups, key=self._order(dimension)))

    def cells(self, rows: Dimension, columns: Dimension) -> Counter[tuple[str, str]]:
        """How many deals lie in each crossing of two dimensions, by their keys."""
        down, across = self.deals.keys(rows), self.deals.keys(columns)
        return Counter(
            {
                (
                    self.deals.mark(rows, int(down[cell[0]]), self.funnel).key,
                    self.deals.mark(columns, int(across[cell[0]]), self.funnel).key,
                ): len(cell)
                for cell in alike([down, across])
            }
        )

    def only(self, stage_id: int | None, reason_id: int | None, *, never_called_back: bool = False) -> Ints:
        """The deals lost in this stage for this reason; None narrows nothing, reason 0 is none given."""
        deals = self.deals
        kept = np.ones(len(deals), np.bool_)
        if stage_id is not None:
            kept &= deals.stage == stage_id
        if reason_id is not None:
            kept &= deals.reason == reason_id
        if never_called_back:
            kept &= deals.works.never_called_back
        return deals.ids[kept]

    def table(self) -> ReportTable:
        """A row for every crossing of all dimensions in which something was lost."""
        keys = [self.deals.keys(dimension) for dimension in Dimension]
        places = {stage.id: place for place, stage in enumerate(self.funnel.stages)}
        found = sorted(
            alike(keys), key=lambda rows: (places.get(int(self.deals.stage[rows[0]]), -1), int(rows[0]))
        )
        figures = ("deals", "amount", "currency", "tries", "talks", "callback_seconds", "never_called_back")
        columns = (*(dimension.value for dimension in Dimension), *figures, "few")
        return ReportTable(columns, tuple(self._row(keys, rows) for rows in found))

    def _row(self, keys: Sequence[Ints], rows: Ints) -> tuple[Cell, ...]:
        *names, band = (
            self.deals.mark(dimension, int(column[rows[0]]), self.funnel)
            for dimension, column in zip(Dimension, keys, strict=True)
        )
        work = self.deals.works.of(rows)
        return (
            *(mark.name for mark in names),
            band.key,
            len(rows),
            f"{self.deals.amount(rows):f}",
            self.funnel.currency,
            *(
                None if value is None else round(value, 1)
                for value in (work.tries, work.talks, work.callback_seconds)
            ),
            work.never_called_back,
            "few" if len(rows) < LEAST_DEALS else "",
        )

    def _group(self, mark: Mark, rows: Ints) -> LossGroup:
        deals = self.deals
        part = share(len(rows), len(deals))
        return LossGroup(mark, deals.ids[rows], deals.amount(rows), part, deals.works.of(rows))

    def _order(self, dimension: Dimension) -> Callable[[LossGroup], tuple[int, str]]:
        if dimension is Dimension.STAGE:
            places = {str(stage.id): place for place, stage in enumerate(self.funnel.stages)}
            return lambda group: (places.get(group.mark.key, -1), "")
        if dimension is Dimension.BAND:
            return lambda group: (BANDS.index(AmountBand(group.mark.key)), "")
        return lambda group: (-len(group.ids), group.mark.name)


def stages_lost_in(ways: Ways, count: int, funnel: Funnel) -> Ints:
    """Of so many lost deals the stages they lay in before; of those made as lost the funnel's first.

    Undone moves never were, and from one closed stage to another no deal goes through a stage of work.
    """
    closed = [stage.id for stage in funnel.stages if stage.kind.is_closed]
    worked = ways.where(~np.isin(ways.to, closed))
    found = np.full(count, funnel.unsorted.id)
    found[worked.deal[worked.lasts]] = worked.to[worked.lasts]
    return found
