"""Who had which phone when, and who may own cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PhoneSpan:
    """An extension in one person's hands for a time."""

    extension: str
    person_id: int
    valid_from: datetime
    valid_to: datetime | None = None

    def covers(self, moment: datetime) -> bool:
        """Whether it was theirs at that moment."""
        return self.valid_from <= moment and (self.valid_to is None or moment < self.valid_to)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who had which phone when, and who may own cards."""

    spans: Mapping[str, tuple[PhoneSpan, ...]] = field(default_factory=dict)
    sellers: tuple[int, ...] = ()
    """Active people who work with client data, heads included, in a fixed order."""
    heads: tuple[int, ...] = ()
    turns: Mapping[str, int] = field(default_factory=dict)
    """Who was last in each rota."""

    def at(self, extension: str | None, moment: datetime) -> int | None:
        """Whose phone it was at that moment; None if it was linked to nobody."""
        # Asked a dozen times a call, so in plain steps.
        if extension:
            for span in self.spans.get(extension, ()):
                if span.covers(moment):
                    return span.person_id
        return None

    def owner_at(self, extension: str | None, moment: datetime) -> int | None:
        """The same, if that person may own cards."""
        person_id = self.at(extension, moment)
        return person_id if person_id in self.sellers else None

    def next_in(self, rota: str, people: Iterable[int]) -> int | None:
        """Whose turn it is among these; None if none of them may own cards."""
        able = sorted(person_id for person_id in set(people) if person_id in self.sellers)
        last = self.turns.get(rota, 0)
        return next((person_id for person_id in able if person_id > last), able[0] if able else None)
