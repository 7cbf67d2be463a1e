"""Closes a day: is every call the PBX wrote down accounted for?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pbx_crm.db import calls, gaps
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.ledger import DayLedger, WrittenDown, close_day
from pbx_crm.services.clock import Clock


class DayRecords(Protocol):
    """What one PBX writes down."""

    def between(self, since: datetime, until: datetime) -> Sequence[WrittenDown]:
        """Every Linkedid that began in this time. Blocks; may raise RecordsUnreadable."""


class Ledger:
    """Compares the PBX's records with the calls on record; changes nothing."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def close(self, pbx: str, records: DayRecords, since: datetime, until: datetime) -> DayLedger:
        """The ledger of the calls that began in this time."""
        written = await asyncio.to_thread(records.between, since, until)
        return await self._database.read(_close, pbx, written, self._clock())


def _close(tx: Transaction, pbx: str, written: Sequence[WrittenDown], now: datetime) -> DayLedger:
    names = {one.linkedid for one in written} | {one.call.linkedid for one in written if one.call is not None}
    stored = calls.stored_many(tx, pbx, sorted(names))
    births = calls.births(tx, {row["deal_id"] for row in stored.values() if row["deal_id"] is not None})
    return close_day(written, stored, births, gaps.not_filled(tx, pbx), now)
