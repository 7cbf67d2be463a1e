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

    @property
    def shown(self) -> Sequence[CaseLine]:
        """The latest lines."""
        return self.lines[:MOST_ROWS]

    @property
    def more(self) -> int:
        """How many lines are not shown."""
        return max(0, len(self.lines) - MOST_ROWS)
