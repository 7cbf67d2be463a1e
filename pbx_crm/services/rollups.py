"""Building the kept sums of calls, a day at a time, while calls go on coming in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

from pbx_crm.db import call_days
from pbx_crm.db.engine import Database


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

    def __init__(self, database: Database) -> None:
        self._database = database

    async def rebuild(self, zone_name: str) -> AsyncIterator[Progress]:
        """Makes all sums anew by the days of this zone; tells of each day when it is stored."""
        await self._take_zone(zone_name)
        days = await self._days()
        zone = await self._database.read(call_days.zone)
        for done, day in enumerate(days, 1):
            if zone is not None:
                await self._database.write(call_days.build, day, zone)
            yield Progress(day, done, len(days))

    async def catch_up(self) -> int:
        """Sums up the days of calls that were taken in without; how many days that were."""
        zone, done = await self._database.read(call_days.zone), 0
        while zone and (day := await self._database.read(call_days.first_not_counted, zone)) is not None:
            await self._database.write(call_days.build, day, zone)
            done += 1
        return done

    async def check(self) -> AsyncIterator[Progress]:
        """Adds up every day again and compares; tells of each day."""
        days = await self._days()
        zone = await self._database.read(call_days.zone)
        for done, day in enumerate(days, 1):
            wrong = await self._database.read(call_days.wrong_rows, day, zone) if zone else 0
            yield Progress(day, done, len(days), wrong)

    async def _take_zone(self, zone_name: str) -> None:
        before = await self._database.read(call_days.zone)
        if before is not None and before.key == zone_name:
            return
        for day in await self._days():
            if before is not None:
                await self._database.write(call_days.tear_down, day, before)
        await self._database.write(call_days.change_zone, zone_name)

    async def _days(self) -> list[date]:
        zone = await self._database.read(call_days.zone)
        known = await self._database.read(call_days.days_known, zone) if zone else None
        return list(known) if known else []
