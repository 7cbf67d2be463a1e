"""What a board shows: columns of cards with their counts and sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from enum import StrEnum

from pbx_crm.domain.balance import Hint, hints_of
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.region import Place
from pbx_crm.domain.task import TaskKind, Urgency

CARDS_AT_FIRST = 30
MOST_CARDS = 150
"""Beyond this a column is read as a list: a browser draws so many in a blink, and no person scans more."""


class Order(StrEnum):
    """How the cards of a column follow each other."""

    NEWEST = "newest"
    OLDEST = "oldest"
    URGENT = "urgent"
    """Overdue, then today, then no next step, then later; among these by priority."""


class Period(StrEnum):
    """Since when a card may have come into its stage, at the earliest."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"

    def since(self, now: datetime, zone: tzinfo) -> datetime:
        """The first moment of the period's first day, by the wall clock of `zone`."""
        days = {Period.TODAY: 0, Period.WEEK: 6, Period.MONTH: 29, Period.QUARTER: 89}[self]
        return _midnight(now, zone, -days)


def _midnight(now: datetime, zone: tzinfo, days: int) -> datetime:
    day = now.astimezone(zone).date() + timedelta(days=days)
    return datetime.combine(day, datetime.min.time(), zone).astimezone(now.tzinfo)


@dataclass(frozen=True, slots=True)
class BoardView:
    """Which board: a funnel, which of its cards, and their order."""

    funnel_id: int | None = None
    owner_id: int | None = None
    source: str = ""
    step: Urgency | None = None
    period: Period | None = None
    order: Order = Order.NEWEST

    @property
    def filters(self) -> int:
        """How many filters beside the seller's are set."""
        return sum(map(bool, (self.source, self.step, self.period)))


@dataclass(frozen=True, slots=True)
class CardFilter:
    """Which cards of a column are meant, in moments rather than in words."""

    now: datetime
    day_ends: datetime
    owner_id: int | None = None
    source: str = ""
    step: Urgency | None = None
    since: datetime | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the kept totals tell how many these are."""
        return not (self.source or self.step or self.since)


def filter_of(view: BoardView, now: datetime, zone: tzinfo) -> CardFilter:
    """The filter of a view at this moment, for somebody whose day is that of `zone`."""
    since = view.period.since(now, zone) if view.period else None
    return CardFilter(now, _midnight(now, zone, 1), view.owner_id, view.source, view.step, since)


@dataclass(frozen=True, slots=True)
class Step:
    """The next step of a deal."""

    urgency: Urgency
    kind: TaskKind | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One deal on the board."""

    id: int
    stage_id: int
    version: int
    client: str
    """Whose deal it is: the client's or company's name; empty where only a number is known."""
    number: str | None
    title: str
    source: str
    amount: Decimal
    currency: str
    priority: Priority
    owner_id: int
    owner_name: str
    stage_since: datetime
    step: Step
    on_call_since: datetime | None
    place: Place | None = None
    """Where the client is."""
    gated: tuple[int, ...] = ()
    """Stages further on whose own gate is not confirmed for this card."""


@dataclass(frozen=True, slots=True)
class Column:
    """One stage: its newest cards, and the count and sums of all that lie in it."""

    stage: Stage
    cards: tuple[Card, ...]
    deals: int
    sums: tuple[tuple[str, Decimal], ...]
    """(currency, amount), nothing for an empty column."""
    shown: int
    is_folded: bool = False
    """Whether the viewer folded it: then it shows no cards."""

    @property
    def can_show_more(self) -> bool:
        """Whether more cards lie here than are shown, and the column may grow."""
        return not self.is_folded and self.deals > len(self.cards) and self.shown < MOST_CARDS

    @property
    def is_cut(self) -> bool:
        """Whether cards remain that only the list shows."""
        return not self.is_folded and self.deals > len(self.cards) and self.shown >= MOST_CARDS

    @property
    def next_shown(self) -> int:
        """How many the column shows after "show more"."""
        return min(self.shown + CARDS_AT_FIRST, MOST_CARDS)


@dataclass(frozen=True, slots=True)
class Board:
    """A funnel's columns as one viewer sees them."""

    view: BoardView
    funnel: Funnel
    funnels: tuple[Funnel, ...]
    columns: tuple[Column, ...]
    shows_owner: bool
    sources: tuple[str, ...] = ()
    """Where the clients of the viewer's deals come from, for the filter."""

    @property
    def deals(self) -> int:
        """Deals in the columns where there is still something to win."""
        return sum(column.deals for column in self.columns if not column.stage.kind.is_closed)

    @property
    def hints(self) -> list[Hint]:
        """What to do about the funnel's balance; nothing where a filter hides a part of it."""
        if self.view.filters:
            return []
        stages = [column.stage for column in self.columns]
        return hints_of(stages, {column.stage.id: column.deals for column in self.columns})

    @property
    def sums(self) -> tuple[tuple[str, Decimal], ...]:
        """(currency, amount) over the columns where there is still something to win."""
        totals: dict[str, Decimal] = {}
        for column in self.columns:
            if not column.stage.kind.is_closed:
                for currency, amount in column.sums:
                    totals[currency] = totals.get(currency, Decimal(0)) + amount
        return tuple(sorted(totals.items()))


def shown_from(wanted: int) -> int:
    """How many cards a column may show for this wish: at least the first ones, never more than the most."""
    return max(CARDS_AT_FIRST, min(wanted, MOST_CARDS))
