"""What a board shows: columns of cards with their counts and sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.task import TaskKind, Urgency

CARDS_AT_FIRST = 30
MOST_CARDS = 150
"""Beyond this a column is read as a list: a browser draws so many in a blink, and no person scans more."""


@dataclass(frozen=True, slots=True)
class BoardView:
    """Which board: a funnel, for the head perhaps one seller's cards, and the order of dates."""

    funnel_id: int | None = None
    owner_id: int | None = None
    oldest_first: bool = False


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


@dataclass(frozen=True, slots=True)
class Column:
    """One stage: its newest cards, and the count and sums of all that lie in it."""

    stage: Stage
    cards: tuple[Card, ...]
    deals: int
    sums: tuple[tuple[str, Decimal], ...]
    """(currency, amount), nothing for an empty column."""
    shown: int

    @property
    def can_show_more(self) -> bool:
        """Whether more cards lie here than are shown, and the column may grow."""
        return self.deals > len(self.cards) and self.shown < MOST_CARDS

    @property
    def is_cut(self) -> bool:
        """Whether cards remain that only the list shows."""
        return self.deals > len(self.cards) and self.shown >= MOST_CARDS

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

    @property
    def deals(self) -> int:
        """Deals in the columns where there is still something to win."""
        return sum(column.deals for column in self.columns if not column.stage.kind.is_closed)

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
