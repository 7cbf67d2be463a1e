"""Dates as a Persian reader writes them: the calendar of Iran, whose months begin with the seasons."""

from __future__ import annotations

from datetime import date

import jdatetime

MONTHS = (
    *("فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور"),
    *("مهر", "آبان", "آذر", "دی", "بهمن", "اسفند"),
)


def year_of(day: date) -> int:
    """The year in Iran's calendar."""
    return _date(day)[0]


def short(day: date) -> str:
    """`30 آبان`, in Latin digits."""
    _, month, number = _date(day)
    return f"{number} {MONTHS[month - 1]}"


def full(day: date) -> str:
    """`30 آبان 1405`, in Latin digits."""
    return f"{short(day)} {year_of(day)}"


def written(day: date) -> str:
    """`1405/08/30`, as it is typed, in Latin digits."""
    return "{:04}/{:02}/{:02}".format(*_date(day))


def gregorian(year: int, month: int, day: int) -> date:
    """The same day in our calendar; ValueError where Iran's has no such day."""
    found: date = jdatetime.date(year, month, day).togregorian()
    return found


def _date(day: date) -> tuple[int, int, int]:
    local = jdatetime.date.fromgregorian(date=day)
    return local.year, local.month, local.day
