"""What a rule on trial would have done, as every form of a rule shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.passage import Missing

MOST_ROWS = 100


@dataclass(frozen=True, slots=True)
class CaseLine:
    """One thing it would have done."""

    at: datetime
    deal_id: int | None
    """None where there would have been a card and is none."""
    cells: tuple[str, ...]
    mark: str = ""
    """What people made of it, if they did not leave it so."""
    missing: tuple[Missing, ...] = ()
    """What gates on the way asked for in vain."""

    @property
    def stopped_by(self) -> list[Missing]:
        """What of it would have kept the card where it was."""
        return [one for one in self.missing if one.is_binding]


@dataclass(frozen=True, slots=True)
class Sum:
    """What a rule on trial comes to, for plain sentences."""

    moves: bool
    """Whether it moves cards, or does something else with them."""
    cards: int
    undone: int
    """How often people then took back what it would have done."""
    gained: frozenset[int]
    """Cards that only this rule concerns."""
    lost: frozenset[int]
    """Cards that only the rules in force concern."""

    @property
    def lost_first(self) -> Sequence[int]:
        """The newest of these."""
        return sorted(self.lost, reverse=True)[:MOST_ROWS]

    def is_new(self, deal_id: int | None) -> bool:
        """Whether this card is worth a mark: where all are new, none is."""
        return deal_id in self.gained and len(self.gained) < self.cards


@dataclass(frozen=True, slots=True)
class Outlook:
    """The figures of a dry run and its latest cases, in the reader's language."""

    days: int
    figures: Sequence[tuple[str, int]]
    heads: Sequence[str]
    """What the cells of a line are."""
    lines: Sequence[CaseLine]
    names: Mapping[int, str]
    """How each card is called."""
    note: str
    """What was taken as it was, and what left out."""
    told: Sum | None = None

    @property
    def shown(self) -> Sequence[CaseLine]:
        """The latest lines."""
        return self.lines[:MOST_ROWS]

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return max(0, len(self.lines) - MOST_ROWS)
