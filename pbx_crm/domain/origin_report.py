"""Where clients come from, where they are, where they call: calls, deals, what was won, what it cost.

One arithmetic for three reports: rows are sources, lines or regions. Calls are those of the time; deals
those made in the time, followed until now, so that won, lost and open ones add up to those made
(docs/reports.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from pbx_crm.domain.funnel_report import Share, share
from pbx_crm.domain.region import Place
from pbx_crm.domain.report_table import Cell, ReportTable

CENT = Decimal("0.01")
NO_LINE = 0
"""In place of a line's id: over none."""


class OriginKind(StrEnum):
    """What the rows are."""

    SOURCE = "source"
    LINE = "line"
    REGION = "region"


class Made(StrEnum):
    """What became of the deals made in the time."""

    ALL = "made"
    OPEN = "open"
    LOST = "lost"
    WON = "won"


@dataclass(frozen=True, slots=True)
class Origin:
    """A source, a line or a region."""

    key: str
    """The source itself, or the line's or region's id; `0` is none."""
    name: str
    """Empty where there is none; of a region the English one."""
    number: str = ""
    """What is dialled to reach a line."""
    place: Place | None = None
    """Of a region."""

    @property
    def is_exact(self) -> bool:
        """Whether it says more than the country somebody is in."""
        return self.place is not None and not self.place.is_country


@dataclass(frozen=True, slots=True)
class CallSums:
    """Incoming calls of a row."""

    answered: int = 0
    missed: int = 0
    incoming: int | None = None
    """Also those that still go on; None for one seller, whom a call may have rung and not concerned."""

    @property
    def ended(self) -> int:
        """Answered or missed."""
        return self.answered + self.missed

    @property
    def missed_share(self) -> Share | None:
        """Of those that are over; None below the sample floor."""
        return share(self.missed, self.ended)


@dataclass(frozen=True, slots=True)
class DealSums:
    """Deals of a row that were made in the time."""

    open: int = 0
    lost: int = 0
    won: int = 0
    amounts: tuple[tuple[str, Decimal], ...] = ()
    """What was won, by currency in alphabetical order."""

    @property
    def made(self) -> int:
        """All of them."""
        return self.open + self.lost + self.won

    @property
    def won_share(self) -> Share | None:
        """Of the decided ones; None below the sample floor."""
        return share(self.won, self.won + self.lost)

    def of(self, made: Made) -> int:
        """One of its figures."""
        return {Made.ALL: self.made, Made.OPEN: self.open, Made.LOST: self.lost, Made.WON: self.won}[made]


@dataclass(frozen=True, slots=True)
class OriginRow:
    """A source, a line or a region with everything that came of it."""

    origin: Origin | None
    """None stands for all."""
    calls: CallSums
    deals: DealSums
    cost: Decimal | None = None
    """What was paid for it in these days; None where nothing is entered, or nothing can be told."""

    @property
    def cost_per_deal(self) -> Decimal | None:
        """For each deal made; None without a cost or a deal."""
        return _per(self.cost, self.deals.made)

    @property
    def cost_per_won(self) -> Decimal | None:
        """For each of them that is won; None without a cost or a sale."""
        return _per(self.cost, self.deals.won)


@dataclass(frozen=True, slots=True)
class OriginReport:
    """All rows, the fullest first, and what they add up to."""

    kind: OriginKind
    rows: tuple[OriginRow, ...]
    total: OriginRow
    currency: str
    """Of the costs."""

    @property
    def vague(self) -> Share | None:
        """How much of the calls and deals tells no more than a country; None below the sample floor."""
        told = [(row.origin, row.deals.made + row.calls.answered + row.calls.missed) for row in self.rows]
        vague = sum(count for origin, count in told if origin and not origin.is_exact)
        return share(vague, sum(count for _, count in told))

    @property
    def is_empty(self) -> bool:
        """Whether nothing came from anywhere."""
        calls, deals = self.total.calls, self.total.deals
        return not (calls.answered or calls.missed or calls.incoming or deals.made or self.total.cost)

    def same(self, row: OriginRow) -> OriginRow:
        """The row here of another report's row; empty where nothing came."""
        if row.origin is None:
            return self.total
        calls = CallSums(incoming=None if row.calls.incoming is None else 0)
        nothing = OriginRow(row.origin, calls, DealSums())
        return next((mine for mine in self.rows if mine.origin == row.origin), nothing)

    def table(self) -> ReportTable:
        """A row for each origin and currency of what was won; counts stand in the first of them."""
        number = "country" if self.kind is OriginKind.REGION else "number"
        columns = (
            *(self.kind.value, number, "incoming", "answered", "missed", "missed_percent"),
            *("deals", "open", "lost", "won", "won_percent", "won_for", "currency"),
            *("cost", "cost_per_deal", "cost_per_won", "cost_currency"),
        )
        return ReportTable(
            columns, tuple(cells for row in (*self.rows, self.total) for cells in self._of(row))
        )

    def _of(self, row: OriginRow) -> Iterable[tuple[Cell, ...]]:
        calls, deals = row.calls, row.deals
        name, number = _named(row.origin)
        first, *further = deals.amounts or (("", Decimal(0)),)
        costs = (row.cost, row.cost_per_deal, row.cost_per_won)
        yield (
            *(name, number, calls.incoming, calls.answered, calls.missed),
            *(_percent(calls.missed_share), deals.made, deals.open, deals.lost, deals.won),
            *(_percent(deals.won_share), f"{first[1]:f}", first[0]),
            *(None if cost is None else f"{cost.quantize(CENT):f}" for cost in costs),
            self.currency if row.cost is not None else None,
        )
        for currency, amount in further:
            # A second currency of the same row: only its sum, else the counts would be added twice.
            yield (name, number, *[None] * 9, f"{amount:f}", currency, *[None] * 4)


def origin_report(
    kind: OriginKind,
    known: Iterable[Origin],
    calls: Mapping[str, CallSums],
    deals: Mapping[str, DealSums],
    costs: Mapping[str, Decimal] | None,
    currency: str,
    *,
    is_company: bool,
) -> OriginReport:
    """The report over what was counted by key; `costs` is None where costs say nothing of the figures."""
    no_calls = CallSums(incoming=0 if is_company else None)
    names = {origin.key: origin for origin in known}
    keys = calls.keys() | deals.keys() | (costs or {}).keys()
    rows = [
        OriginRow(
            names.get(key, Origin(key, key if kind is OriginKind.SOURCE else "")),
            calls.get(key, no_calls),
            deals.get(key, DealSums()),
            costs.get(key) if costs is not None else None,
        )
        for key in keys
    ]
    ordered = tuple(sorted(rows, key=_fullest_first))
    return OriginReport(kind, ordered, _total(ordered, costs is not None), currency)


def _fullest_first(row: OriginRow) -> tuple[int, int, str, str]:
    names = (row.origin.name.casefold(), row.origin.key) if row.origin else ("", "")
    return (-row.deals.made, -(row.calls.answered + row.calls.missed), *names)


def _total(rows: Iterable[OriginRow], has_costs: bool) -> OriginRow:
    found = list(rows)
    told = [row.calls.incoming for row in found if row.calls.incoming is not None]
    amounts: dict[str, Decimal] = {}
    for row in found:
        for currency, amount in row.deals.amounts:
            amounts[currency] = amounts.get(currency, Decimal(0)) + amount
    costs = [row.cost for row in found if row.cost is not None]
    return OriginRow(
        None,
        CallSums(
            sum(row.calls.answered for row in found),
            sum(row.calls.missed for row in found),
            sum(told) if told else None,
        ),
        DealSums(
            sum(row.deals.open for row in found),
            sum(row.deals.lost for row in found),
            sum(row.deals.won for row in found),
            tuple(sorted(amounts.items())),
        ),
        sum(costs, Decimal(0)) if has_costs and costs else None,
    )


def _named(origin: Origin | None) -> tuple[str, str]:
    """The name, and the number of a line or the country of a region."""
    if origin is None:
        return "all", ""
    return origin.name, origin.place.country if origin.place else origin.number


def _per(cost: Decimal | None, count: int) -> Decimal | None:
    return cost / count if cost is not None and count else None


def _percent(known: Share | None) -> float | None:
    return round(known.percent, 1) if known else None
