"""Working calendars as a head or an admin keeps them."""

from __future__ import annotations

from datetime import date, datetime

from pbx_crm.db import audit, calendars
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.calendar import LONGEST_NAME, Calendar, OwnDay, reasons_against
from pbx_crm.domain.errors import BadInput, Conflict, NotFound
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.services.clock import Clock


class HouseCalendarStays(Conflict):
    """The house's calendar can be changed, not removed."""


class Calendars:
    """A changed calendar holds for what is counted from then on; tasks that are set keep their times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def view(self) -> list[Calendar]:
        """Every calendar, the house's first."""
        return await self._database.read(calendars.load)

    async def save(self, actor: Person, calendar: Calendar) -> int:
        """Adds the calendar, or changes the one with its id; BadInput names each wrong value."""
        if reasons := reasons_against(calendar):
            raise BadInput(reasons=reasons)
        return await self._database.write(_save, actor, calendar, self._clock())

    async def drop(self, actor: Person, calendar_id: int) -> None:
        """Lines that had it have the house's from now on; HouseCalendarStays, NotFound."""
        await self._database.write(_drop, actor, calendar_id, self._clock())

    async def put_day(self, actor: Person, calendar_id: int, own: OwnDay) -> None:
        """That day is off, or worked, whatever the week says."""
        if len(own.name) > LONGEST_NAME:
            raise BadInput(reasons={"day_name": N_("At most 100 characters.")})
        await self._database.write(_put_day, actor, calendar_id, own, self._clock())

    async def drop_day(self, actor: Person, calendar_id: int, day: date) -> None:
        """That day is again as any other."""
        await self._database.write(_drop_day, actor, calendar_id, day, self._clock())


def _get(tx: Transaction, calendar_id: int) -> Calendar:
    found = next((one for one in calendars.load(tx) if one.id == calendar_id), None)
    if found is None:
        raise NotFound(calendar_id=calendar_id)
    return found


def _save(tx: Transaction, actor: Person, calendar: Calendar, now: datetime) -> int:
    if calendar.id is None:
        calendar_id, act = calendars.add(tx, calendar), "calendar added"
    else:
        calendars.change(tx, calendar)
        calendar_id, act = calendar.id, "calendar changed"
    audit.note(tx, now, actor.id, act, f"calendar-{calendar_id}", details={"name": calendar.name})
    return calendar_id


def _drop(tx: Transaction, actor: Person, calendar_id: int, now: datetime) -> None:
    gone = _get(tx, calendar_id)
    if calendars.load(tx)[0].id == calendar_id:
        raise HouseCalendarStays(calendar_id=calendar_id)
    calendars.drop(tx, calendar_id)
    audit.note(tx, now, actor.id, "calendar dropped", f"calendar-{calendar_id}", details={"name": gone.name})


def _put_day(tx: Transaction, actor: Person, calendar_id: int, own: OwnDay, now: datetime) -> None:
    _get(tx, calendar_id)
    calendars.put_day(tx, calendar_id, own)
    act = "day opened" if own.is_open else "day closed"
    audit.note(tx, now, actor.id, act, f"calendar-{calendar_id}", details={"day": own.day.isoformat()})


def _drop_day(tx: Transaction, actor: Person, calendar_id: int, day: date, now: datetime) -> None:
    _get(tx, calendar_id)
    calendars.drop_day(tx, calendar_id, day)
    details = {"day": day.isoformat()}
    audit.note(tx, now, actor.id, "own day dropped", f"calendar-{calendar_id}", details=details)
