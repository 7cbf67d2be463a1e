"""The forecast by months, what past months would have been forecast as, and what no forecast can hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import assert_never

from pbx_crm.domain.deal_stays import History, Stays, day_number, stays_of
from pbx_crm.domain.deal_ways import Floats, Ints, Marks
from pbx_crm.domain.forecast import Outlook, Range, outlook
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.month_calendar import MonthCalendar
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.report_table import Cell, ReportTable
from pbx_crm.domain.whole_money import UNITS, total

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


# No two are compared as a whole: arrays have no equality that is one answer.
@dataclass(frozen=True, slots=True, eq=False)
class Heap:
    """Open deals taken together; sums are of those in the funnel's currency."""

    ids: Ints
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
    last: date
    calendar: MonthCalendar

    @property
    def key(self) -> str:
        """`2026-11`; of Iran's calendar `1405-08`."""
        return PlanPeriod(self.first, calendar=self.calendar).key


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
    won_ids: Ints
    """The deals that are won already."""


@dataclass(frozen=True, slots=True)
class PastMonth:
    """What would have been forecast on the first of a month, and what came."""

    month: Month
    wins: Range
    amount: Range
    """By the amounts as they are now."""
    won: int
    won_amount: Decimal
    won_ids: Ints

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

    def won_in(self, key: str) -> Ints | None:
        """The deals won in the month of this key, be it past or coming; None where no such month is told."""
        months: tuple[ComingMonth | PastMonth, ...] = (*self.past, *self.months)
        return next((month.won_ids for month in months if month.month.key == key), None)

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


def forecast(
    funnel: Funnel,
    deals: History,
    now: datetime,
    zone: tzinfo,
    calendar: MonthCalendar = MonthCalendar.GREGORIAN,
) -> ForecastReport:
    """The forecast on this moment; months are those of the zone and the calendar."""
    amounts = deals.amounts / float(UNITS)
    stays = stays_of(deals.ways, len(deals.ids), funnel)
    today = now.astimezone(zone).date()
    around = PlanPeriod.at(PeriodKind.MONTH, today, calendar)
    months = [_month(one, zone) for one in _following(around, COMING_MONTHS)]
    gone = [_month(one, zone) for one in _preceding(around, PAST_MONTHS)]
    found = outlook(stays, amounts, day_number(now), [day_number(month.until) for month in months])
    if found is None:
        return ForecastReport(funnel, (), (), {}, 0.0)
    heaps = _Heaps.of(deals, amounts, found, today)
    return ForecastReport(
        funnel,
        tuple(
            _coming(month, stays, deals, now, stretch.wins, stretch.amount, heaps)
            for month, stretch in zip(months, found.stretches, strict=True)
        ),
        tuple(_past(stays, amounts, deals, gone)),
        {pile: heaps.of_pile(pile) for pile in Pile},
        found.made_a_week,
    )


def _following(month: PlanPeriod, count: int) -> list[PlanPeriod]:
    found = [month]
    while len(found) < count:
        found.append(found[-1].next)
    return found


def _preceding(month: PlanPeriod, count: int) -> list[PlanPeriod]:
    """Oldest first, the month itself not among them."""
    found = [month.before]
    while len(found) < count:
        found.insert(0, found[0].before)
    return found


def _month(period: PlanPeriod, zone: tzinfo) -> Month:
    span = period.days.span(zone)
    return Month(period.first, span.since, span.until, period.days.last, period.calendar)


def _coming(
    month: Month,
    stays: Stays,
    deals: History,
    now: datetime,
    wins: Range,
    amount: Range,
    heaps: _Heaps,
) -> ComingMonth:
    won = stays.wins(day_number(month.since), day_number(now))
    dated = heaps.of_month(month)
    return ComingMonth(month, len(won), total(deals.amounts[won]), wins, amount, dated, deals.ids[won])


def _past(stays: Stays, amounts: Floats, deals: History, months: Iterable[Month]) -> Iterable[PastMonth]:
    for month in months:
        since, until = day_number(month.since), day_number(month.until)
        found = outlook(stays, amounts, since, [until])
        if found is not None:
            won = stays.wins(since, until)
            (stretch,) = found.stretches
            sold = total(deals.amounts[won])
            yield PastMonth(month, stretch.wins, stretch.amount, len(won), sold, deals.ids[won])


@dataclass(frozen=True, slots=True)
class _Heaps:
    """The open deals, put together by what is known of when they close."""

    ids: Ints
    amounts: Ints
    weighted: Floats
    close: Ints
    is_stale: Marks
    today: int

    @classmethod
    def of(cls, deals: History, amounts: Floats, found: Outlook, today: date) -> _Heaps:
        """Those that this outlook found open."""
        here = found.open
        weighted = amounts[here] * found.chance
        return cls(
            deals.ids[here], deals.amounts[here], weighted, deals.close[here], found.is_stale, _day(today)
        )

    def of_pile(self, pile: Pile) -> Heap:
        """The deals of the pile."""
        match pile:
            case Pile.STALE:
                return self._heap(self.is_stale)
            case Pile.NO_DATE:
                return self._heap(~self.is_stale & (self.close == 0))
            case Pile.PASSED:
                return self._heap(~self.is_stale & (self.close > 0) & (self.close < self.today))
            case _:
                assert_never(pile)

    def of_month(self, month: Month) -> Heap:
        """The deals whose sellers expect them to close in this month, on a day still to come."""
        falls = (self.close >= _day(month.first)) & (self.close <= _day(month.last))
        return self._heap(~self.is_stale & falls & (self.close >= self.today))

    def _heap(self, which: Marks) -> Heap:
        weighted = float(self.weighted[which].sum())
        return Heap(self.ids[which], total(self.amounts[which]), money(weighted))


def _day(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day
