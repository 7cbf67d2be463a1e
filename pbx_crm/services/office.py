"""What keeps the office's books: the ledger of every day, recordings, and who is to be forgotten."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.day_books import DayBooks
from pbx_crm.services.erasure import Erasure, SweepFiles
from pbx_crm.services.ground import Ground
from pbx_crm.services.recordings import Recordings


@dataclass(frozen=True, slots=True)
class Office:
    """One field a service."""

    day_books: DayBooks
    recordings: Recordings
    erasure: Erasure

    @classmethod
    def on(cls, ground: Ground, sweep_files: SweepFiles) -> Office:
        """The services of the office, standing on this."""
        recordings = Recordings(ground)
        return cls(DayBooks(ground), recordings, Erasure(ground, recordings, sweep_files))
