"""Working calendars as rows; the first is the house's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import calendar_days, calendars, lines
from pbx_crm.db.upsert import insert_new, put
from pbx_crm.domain.calendar import HOUSE_NAME, Calendar, OwnDay, WorkingTimes, usual_calendar
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.working_time import Hours, Quiet

TAKEN = N_("There is a calendar of this name already.")
ALL = select(calendars).order_by(calendars.c.id)
DAYS = select(calendar_days).order_by(calendar_days.c.day)
OF_LINES = select(lines.c.id, lines.c.calendar_id).where(lines.c.calendar_id.is_not(None))


def load(tx: Connection) -> list[Calendar]:
    """Every calendar, the house's first. Two statements."""
    days: defaultdict[int, list[OwnDay]] = defaultdict(list)
    for calendar_id, day, is_open, name in fetch(tx, DAYS):
        days[calendar_id].append(OwnDay(date.fromisoformat(day), bool(is_open), name))
    names = calendars.columns.keys()
    rows = (dict(zip(names, row, strict=True)) for row in fetch(tx, ALL))
    return [_calendar(row, tuple(days[row["id"]])) for row in rows]


def _calendar(row: Mapping[str, Any], days: tuple[OwnDay, ...]) -> Calendar:
    week = tuple(tuple(Hours(begin, end) for begin, end in spans) for spans in row["week"])
    begin, end = row["quiet_begin"], row["quiet_end"]
    quiet = Quiet(begin, end) if begin is not None and end is not None else None
    return Calendar(row["id"], row["name"], row["time_zone"], row["country"], week, quiet, days)


def working_times(tx: Connection) -> WorkingTimes:
    """The working time of every line. Three statements."""
    return WorkingTimes(load(tx), {line_id: calendar_id for line_id, calendar_id in fetch(tx, OF_LINES)})


def first(tx: Connection, installation: Installation) -> None:
    """A house without any calendar gets that of its region."""
    if not fetch(tx, ALL):
        add(tx, usual_calendar(installation, HOUSE_NAME))


def add(tx: Connection, new: Calendar) -> int:
    """The new calendar's id; BadInput for a name that is taken."""
    calendar_id = insert_new(tx, calendars, _values(new))
    if calendar_id is None:
        raise BadInput(reasons={"name": TAKEN})
    return calendar_id


def change(tx: Connection, calendar: Calendar) -> None:
    """Writes the calendar, its own days apart; NotFound for one that is not stored, BadInput as in `add`."""
    query = update(calendars).where(calendars.c.id == calendar.id)
    try:
        with tx.begin_nested():
            changed = tx.execute(query.values(**_values(calendar)))
    except IntegrityError as error:
        raise BadInput(reasons={"name": TAKEN}) from error
    if changed.rowcount != 1:
        raise NotFound(calendar_id=calendar.id)


def _values(calendar: Calendar) -> dict[str, Any]:
    quiet = calendar.quiet
    return {
        "name": calendar.name,
        "time_zone": calendar.time_zone,
        "country": calendar.country,
        "week": [[[hours.begin, hours.end] for hours in spans] for spans in calendar.week],
        "quiet_begin": quiet.begin if quiet else None,
        "quiet_end": quiet.end if quiet else None,
    }


def drop(tx: Connection, calendar_id: int) -> None:
    """The calendar is gone; lines that had it have the house's from now on."""
    tx.execute(update(lines).where(lines.c.calendar_id == calendar_id).values(calendar_id=None))
    tx.execute(delete(calendars).where(calendars.c.id == calendar_id))


def put_day(tx: Connection, calendar_id: int, own: OwnDay) -> None:
    """That day is as told from now on, whatever was told of it before."""
    row = {"calendar_id": calendar_id, "day": own.day.isoformat(), "is_open": own.is_open, "name": own.name}
    put(tx, calendar_days, [row], ["calendar_id", "day"])


def drop_day(tx: Connection, calendar_id: int, day: date) -> None:
    """That day is again as the week and the country say."""
    which = (calendar_days.c.calendar_id == calendar_id, calendar_days.c.day == day.isoformat())
    tx.execute(delete(calendar_days).where(*which))
