"""The forecast by months, what past months would have been forecast as, and what no forecast can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum

import numpy as np

from pbx_crm.domain.deal_stays import Floats, ForecastDeal, Stays, day_number, stays_of
from pbx_crm.domain.forecast import Outlook, Range, outlook
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.report_period import start_of
from pbx_crm.domain.report_table import Cell, ReportTable

COMING_MONTHS = 3
"""The present one is the first of them."""
PAST_MONTHS = 6


class Pile(StrEnum):
    """Open deals that are looked at apart from the months."""

    NO_DATE = "no_date"
    """Nobody said when it should close."""
    PASSED = "passed"
    """The day it should have closed is over."""
    STALE = "stale"
    """Longer in its stage than any deal that ever went on from there; no forecast counts on it."""


@dataclass(frozen=True, slots=True)
class Heap:
    """Open deals taken together; sums are of those in the funnel's currency."""

    ids: tuple[int, ...]
    amount: Decimal
    """If all were won."""
    weighted: Decimal
    """Each by its chance to be won within a year."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the reader's calendar."""

    first: date
    since: datetime
    until: datetime

    @property
    def key(self) -> str:
        """`2026-11`."""
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class ComingMonth:
    """What is won already in a month, what is still expected, and what sellers dated into it."""

    month: Month
    won: int
    won_amount: Decimal
    wins: Range
    """Still to come; of a month that runs, in the rest of it."""
    amount: Range
    dated: Heap


@dataclass(frozen=True, slots=True)
class PastMonth:
    """What would have been forecast on the first of a month, and what came."""

    month: Month
    wins: Range
    amount: Range
    """By the amounts as they are now."""
    won: int
    won_amount: Decimal

    @property
    def is_hit(self) -> bool:
        """Whether what came lay within the bounds."""
        return self.wins.low <= self.won <= self.wins.high


@dataclass(frozen=True, slots=True)
class ForecastReport:
    """The forecast of one funnel; without months where too few deals tell."""

    funnel: Funnel
    months: tuple[ComingMonth, ...]
    past: tuple[PastMonth, ...]
    """Oldest first; months before which too few deals told are left out."""
    piles: Mapping[Pile, Heap]
    made_a_week: float

    @property
    def hits(self) -> int:
        """Past months within their bounds."""
        return sum(month.is_hit for month in self.past)

    def heap(self, key: str) -> Heap | None:
        """The deals of a pile, or of a month by its key."""
        heaps = {month.month.key: month.dated for month in self.months}
        return (heaps | {pile.value: heap for pile, heap in self.piles.items()}).get(key)

    def table(self) -> ReportTable:
        """A row a month, past and coming, and one for each pile."""
        figures = ("won", "expected", "low", "high", "won_amount", "expected_amount")
        columns = ("row", "month", *figures, "low_amount", "high_amount", "deals", "amount", "weighted")
        past = (_row("past", p.month, p.won, p.wins, p.won_amount, p.amount, None) for p in self.past)
        coming = (_row("month", m.month, m.won, m.wins, m.won_amount, m.amount, m.dated) for m in self.months)
        piles = ((pile.value, None, *(None,) * 8, *_of_heap(heap)) for pile, heap in self.piles.items())
        rows = (*past, *coming, *piles)
        return ReportTable((*columns, "currency"), tuple((*row, self.funnel.currency) for row in rows))


def _row(
    kind: str, month: Month, won: int, wins: Range, won_amount: Decimal, amount: Range, heap: Heap | None
) -> tuple[Cell, ...]:
    counts = (won, round(wins.expected, 1), int(wins.low), int(wins.high))
    sums = (f"{won_amount:f}", *(f"{money(value):f}" for value in (amount.expected, amount.low, amount.high)))
    return (kind, month.key, *counts, *sums, *(_of_heap(heap) if heap else (None,) * 3))


def _of_heap(heap: Heap) -> tuple[Cell, ...]:
    return len(heap.ids), f"{heap.amount:f}", f"{heap.weighted:f}"


def money(value: float) -> Decimal:
    """A reckoned sum in whole units: an estimate has no cents."""
    return Decimal(round(value))


def forecast(funnel: Funnel, deals: Sequence[ForecastDeal], now: datetime, zone: tzinfo) -> ForecastReport:
    """The forecast on this moment; months are those of the zone."""
    own = [deal.amount if deal.currency == funnel.currency else Decimal(0) for deal in deals]
    stays, amounts = stays_of(deals, funnel), np.array([float(amount) for amount in own])
    today = now.astimezone(zone).date()
    months = [_month(today, ahead, zone) for ahead in range(COMING_MONTHS)]
    found = outlook(stays, amounts, day_number(now), [day_number(month.until) for month in months])
    if found is None:
        return ForecastReport(funnel, (), (), {}, 0.0)
    heaps = _Heaps(deals, own, found, today)
    return ForecastReport(
        funnel,
        tuple(
            _coming(month, stays, own, now, stretch.wins, stretch.amount, heaps)
            for month, stretch in zip(months, found.stretches, strict=True)
        ),
        tuple(_past(stays, amounts, own, [_month(today, -back, zone) for back in range(PAST_MONTHS, 0, -1)])),
        {pile: heaps.of_pile(pile) for pile in Pile},
        found.made_a_week,
    )


def _month(today: date, ahead: int, zone: tzinfo) -> Month:
    number = today.year * 12 + today.month - 1 + ahead
    first, following = (date(n // 12, n % 12 + 1, 1) for n in (number, number + 1))
    return Month(first, start_of(first, zone), start_of(following, zone))


def _coming(
    month: Month,
    stays: Stays,
    own: Sequence[Decimal],
    now: datetime,
    wins: Range,
    amount: Range,
    heaps: _Heaps,
) -> ComingMonth:
    won = stays.wins(day_number(month.since), day_number(now))
    return ComingMonth(month, len(won), _sum(own[n] for n in won), wins, amount, heaps.of_month(month))


def _past(
    stays: Stays, amounts: Floats, own: Sequence[Decimal], months: Iterable[Month]
) -> Iterable[PastMonth]:
    for month in months:
        since, until = day_number(month.since), day_number(month.until)
        found = outlook(stays, amounts, since, [until])
        if found is not None:
            won = stays.wins(since, until)
            (stretch,) = found.stretches
            yield PastMonth(month, stretch.wins, stretch.amount, len(won), _sum(own[n] for n in won))


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


class _Heaps:
    """The open deals, put together by what is known of when they close."""

    def __init__(
        self, deals: Sequence[ForecastDeal], own: Sequence[Decimal], found: Outlook, today: date
    ) -> None:
        self._deals, self._own, self._today = deals, own, today
        self._chance = dict(zip(found.open.tolist(), found.chance.tolist(), strict=True))
        self._stale = set(found.open[found.is_stale].tolist())

    def of_pile(self, pile: Pile) -> Heap:
        """The deals of the pile."""
        if pile is Pile.STALE:
            return self._heap(sorted(self._stale))
        return self._heap([number for number in self._living if self._pile(number) is pile])

    def of_month(self, month: Month) -> Heap:
        """The deals whose sellers expect them to close in this month, on a day still to come."""
        return self._heap([n for n in self._living if self._pile(n) is None and self._falls(n, month)])

    @property
    def _living(self) -> list[int]:
        return [number for number in self._chance if number not in self._stale]

    def _falls(self, number: int, month: Month) -> bool:
        day = self._deals[number].expected_close
        return day is not None and (day.year, day.month) == (month.first.year, month.first.month)

    def _pile(self, number: int) -> Pile | None:
        day = self._deals[number].expected_close
        if day is None:
            return Pile.NO_DATE
        return Pile.PASSED if day < self._today else None

    def _heap(self, numbers: Sequence[int]) -> Heap:
        weighted = sum(float(self._own[number]) * self._chance[number] for number in numbers)
        return Heap(
            tuple(self._deals[number].id for number in numbers),
            _sum(self._own[number] for number in numbers),
            money(weighted),
        )
