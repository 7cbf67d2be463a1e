"""Dates as a Persian reader writes them: the calendar of Iran, whose months begin with the seasons."""

from __future__ import annotations

from datetime import date

from pbx_crm.domain.month_calendar import MonthCalendar

LATIN_MONTHS = (
    *("Farvardin", "Ordibehesht", "Khordad", "Tir", "Mordad", "Shahrivar"),
    *("Mehr", "Aban", "Azar", "Dey", "Bahman", "Esfand"),
)
"""For whoever does not read Persian and works in Iran."""
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


def month(day: date) -> str:
    """`آبان 1405`, in Latin digits."""
    year, number, _ = _date(day)
    return f"{MONTHS[number - 1]} {year}"


def latin_month(day: date) -> str:
    """`Aban 1405`."""
    year, number, _ = _date(day)
    return f"{LATIN_MONTHS[number - 1]} {year}"


def quarter(day: date) -> tuple[int, int]:
    """(year, number of the quarter)."""
    year, number, _ = _date(day)
    return year, (number + 2) // 3


def written(day: date) -> str:
    """`1405/08/30`, as it is typed, in Latin digits."""
    return "{:04}/{:02}/{:02}".format(*_date(day))


def gregorian(year: int, month: int, day: int) -> date:
    """The same day in our calendar; ValueError where Iran's has no such day."""
    return MonthCalendar.JALALI.day(year, month, day)


def _date(day: date) -> tuple[int, int, int]:
    return MonthCalendar.JALALI.parts(day)
