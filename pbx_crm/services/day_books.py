"""The ledger of a day as a page shows it: each PBX's records against the calls on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from pbx_crm.domain.errors import RecordsUnreadable
from pbx_crm.domain.ledger import DayLedger
from pbx_crm.services.ground import Ground
from pbx_crm.services.ledger import DayRecords, Ledger


@dataclass(frozen=True, slots=True)
class PbxDay:
    """One PBX's part of a day."""

    pbx: str
    ledger: DayLedger
    unreadable: str = ""
    """Why its records could not be read; the ledger is empty then and proves nothing."""

    @property
    def is_closed(self) -> bool:
        """Whether everything the PBX wrote down is accounted for."""
        return not self.unreadable and not self.ledger.missing


class DayBooks:
    """Closes the books of any day; knows no clients, so whoever sets up telephony may look."""

    def __init__(self, ground: Ground) -> None:
        self._ledger = Ledger(ground.database, ground.clock)
        self._ground = ground
        self._zone = ground.installation.zone
        self._records: dict[str, DayRecords] = {}

    def offer(self, records: Mapping[str, DayRecords]) -> None:
        """These PBXes write down what happens."""
        self._records.update(records)

    @property
    def today(self) -> date:
        """The day it is for the company."""
        return self._ground.today

    async def close(self, day: date) -> list[PbxDay]:
        """The day by PBX, those with something missing first; empty if no PBX writes anything down."""
        since, until = (datetime.combine(d, time(), self._zone) for d in (day, day + timedelta(days=1)))
        found = [await self._close(pbx, since, until) for pbx in sorted(self._records)]
        return sorted(found, key=lambda book: book.is_closed)

    async def _close(self, pbx: str, since: datetime, until: datetime) -> PbxDay:
        try:
            return PbxDay(pbx, await self._ledger.close(pbx, self._records[pbx], since, until))
        except RecordsUnreadable as trouble:
            return PbxDay(pbx, DayLedger(()), str(trouble))
