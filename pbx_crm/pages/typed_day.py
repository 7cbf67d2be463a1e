"""Days and moments as people type them: 2026-11-21 of a date field, or ۱۴۰۵/۰۸/۳۰ of a Persian reader.

The year tells the calendar: Iran's stands at 1405 now, and nobody plans for the Gregorian 1405.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, time

from pbx_crm.pages import jalali

DAY = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})")
LAST_JALALI_YEAR = 1599


def day_in(text: str) -> date:
    """The day somebody wrote, in any script's digits; ValueError for what is none."""
    written = DAY.fullmatch(text)
    if written is None:
        raise ValueError("not a day")
    year, month, day = (int(part) for part in written.group(1, 3, 4))
    return jalali.gregorian(year, month, day) if year <= LAST_JALALI_YEAR else date(year, month, day)


def moment_in(text: str) -> datetime:
    """The day and the time of day somebody wrote, without a zone; midnight if they wrote a day alone."""
    with suppress(ValueError):
        sent = datetime.fromisoformat(text)
        if sent.year > LAST_JALALI_YEAR:
            return sent.replace(tzinfo=None)
    day, _, clock = text.replace("T", " ").partition(" ")
    written = CLOCK.fullmatch(clock.strip() or "0:00")
    if written is None:
        raise ValueError("not a time of day")
    return datetime.combine(day_in(day), time(int(written.group(1)), int(written.group(2))))


def iso_of(text: str) -> str:
    """The day as date fields send it; what is no day stays as it was typed."""
    try:
        return day_in(text.strip()).isoformat()
    except ValueError:
        return text


def in_jalali(text: str) -> str:
    """The day, and the time after it, in Iran's calendar and Latin digits; what is no day stays as typed."""
    day, space, clock = text.replace("T", " ").partition(" ")
    try:
        return f"{jalali.written(day_in(day))}{space}{clock}"
    except ValueError:
        return text
