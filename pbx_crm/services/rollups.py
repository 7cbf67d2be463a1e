"""Building what is kept of the calls of past days, while calls go on coming in and add themselves up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import structlog

from pbx_crm.db import call_days, client_days
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import StoreUnavailable
from pbx_crm.services.clock import Clock, utc_now

log = structlog.get_logger(__name__)

ROUND_SECONDS = 60.0
"""How often one looks for calls that came in without being added up, such as a history read by another
process, and for days that are over."""
PUT_AT_ONCE = 200
FEW = 2_000
"""So many calls are added one by one before it is quicker to add up a whole day anew."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A day that is done."""

    day: date
    done: int
    days: int
    wrong_rows: int = 0
    """Sums of this day that were not what its calls add up to; told by a check only."""


class Rollups:
    """A day is a transaction of its own, and before and after it every report says the same."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    async def rebuild(self, zone_name: str) -> AsyncIterator[Progress]:
        """Makes all sums anew by the days of this zone; tells of each day when it is stored."""
        await self._take_zone(zone_name)
        days = await self._days()
        zone = await self._database.read(call_days.zone)
        for done, day in enumerate(days, 1):
            if zone is not None:
                await self._database.write(call_days.build, day, zone)
            yield Progress(day, done, len(days))
        if zone is not None:
            await self._database.write(client_days.forget_all)
            await self._keep_clients(zone)

    async def keep_up(self) -> None:
        """Catches up every minute, for good."""
        while True:
            try:
                await self.catch_up()
            except StoreUnavailable as error:
                log.warning("calls are not added up; reports count them one by one", why=str(error))
            await asyncio.sleep(ROUND_SECONDS)

    async def catch_up(self) -> None:
        """Puts into the sums every call that is over and not in them, and keeps the clients of past days."""
        zone = await self._database.read(call_days.zone)
        if zone is None:
            return
        while len(waiting := await self._database.read(call_days.not_counted, FEW)) == FEW:
            _, began = waiting[0]
            await self._database.write(call_days.build, began.astimezone(zone).date(), zone)
        for first in range(0, len(waiting), PUT_AT_ONCE):
            some = [call_id for call_id, _ in waiting[first : first + PUT_AT_ONCE]]
            await self._database.write(call_days.put_in, some)
        await self._keep_clients(zone)

    async def _keep_clients(self, zone: ZoneInfo) -> None:
        for day in await self._database.read(client_days.to_make, zone, self._clock()):
            await self._database.write(client_days.make, day, zone)

    async def check(self) -> AsyncIterator[Progress]:
        """Adds up every day again and compares; tells of each day."""
        days = await self._days()
        zone = await self._database.read(call_days.zone)
        for done, day in enumerate(days, 1):
            wrong = await self._database.read(_wrong_rows, day, zone) if zone else 0
            yield Progress(day, done, len(days), wrong)

    async def _take_zone(self, zone_name: str) -> None:
        before = await self._database.read(call_days.zone)
        if before is not None and before.key == zone_name:
            return
        for day in await self._days():
            if before is not None:
                await self._database.write(call_days.tear_down, day, before)
        await self._database.write(_change_zone, zone_name)

    async def _days(self) -> list[date]:
        zone = await self._database.read(call_days.zone)
        known = await self._database.read(call_days.days_known, zone) if zone else None
        return list(known) if known else []


def _wrong_rows(tx: Transaction, day: date, zone: ZoneInfo) -> int:
    return call_days.wrong_rows(tx, day, zone) + client_days.wrong_rows(tx, day, zone)


def _change_zone(tx: Transaction, zone_name: str) -> None:
    client_days.forget_all(tx)
    call_days.change_zone(tx, zone_name)
