"""What keeps the office's books: the ledger of every day, the recordings of calls."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.day_books import DayBooks
from pbx_crm.services.ground import Ground
from pbx_crm.services.recordings import Recordings


@dataclass(frozen=True, slots=True)
class Office:
    """One field a service."""

    day_books: DayBooks
    recordings: Recordings

    @classmethod
    def on(cls, ground: Ground) -> Office:
        """The services of the office, standing on this."""
        return cls(day_books=DayBooks(ground), recordings=Recordings(ground))
