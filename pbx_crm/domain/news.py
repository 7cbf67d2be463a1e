"""The bell: what others, rules and finished work did for somebody while they looked elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

KEPT = timedelta(days=14)
"""What is older is no news; it still stands in the history of its deal."""

MOST = 20


class NewsKind(StrEnum):
    """What happened."""

    HANDED = "handed"
    """A deal is the reader's now."""
    MISSED = "missed"
    """A client rang in vain, and calling back is the reader's."""
    NOTE = "note"
    """Somebody else wrote on a deal of theirs, or to them by `@name`."""
    HINT = "hint"
    IMPORT = "import"


@dataclass(frozen=True, slots=True)
class News:
    """One line, which opens its object."""

    kind: NewsKind
    at: datetime
    object_id: int
    """The deal's id; of an import its own."""
    who: str = ""
    """Who did it; empty for a rule."""
    text: str = ""
    name: str = ""
    """What the deal or the list is called."""


@dataclass(frozen=True, slots=True)
class Bell:
    """The newest lines, newest first, and how many of them were not seen yet."""

    lines: tuple[News, ...]
    seen_at: datetime | None

    @property
    def unseen(self) -> int:
        """How many lines are new."""
        return sum(1 for line in self.lines if self.is_new(line))

    def is_new(self, line: News) -> bool:
        """Whether the reader has not marked it read."""
        return self.seen_at is None or line.at > self.seen_at


def newest(*parts: list[News]) -> tuple[News, ...]:
    """The newest lines of all parts together."""
    lines = [line for part in parts for line in part]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:MOST])
