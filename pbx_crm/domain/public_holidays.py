"""Public holidays and weekends of a country, as the `holidays` library knows them; no network is asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache

import holidays

SATURDAY_AND_SUNDAY = frozenset({5, 6})


@cache
def countries() -> frozenset[str]:
    """ISO 3166 codes of the countries whose holidays are known."""
    return frozenset(code for code in holidays.list_supported_countries() if len(code) == 2)


@cache
def weekend_of(country: str) -> frozenset[int]:
    """The weekdays off, Monday 0: Friday in Iran; Saturday and Sunday where nothing is known."""
    if country not in countries():
        return SATURDAY_AND_SUNDAY
    return frozenset(holidays.country_holidays(country).weekend)


def holiday_on(country: str, day: date) -> str | None:
    """What is celebrated, in the country's own words; None for a day like any other."""
    return _year(country, day.year)[0].get(day)


def is_worked_weekend(country: str, day: date) -> bool:
    """Whether this weekend day is worked in exchange for a day off, as in China and Russia."""
    return day in _year(country, day.year)[1]


def holidays_in(country: str, year: int) -> Mapping[date, str]:
    """The days off of a year by date; none for a country that is not known."""
    return _year(country, year)[0]


@cache
def _year(country: str, year: int) -> tuple[Mapping[date, str], frozenset[date]]:
    if country not in countries():
        return {}, frozenset()
    known = holidays.country_holidays(country, years=[year])
    return dict(sorted(known.items())), frozenset(known.weekend_workdays)
