"""Working calendars as the house keeps them: a week, a country's holidays, own days, quiet hours.

The first calendar is the house's. A line may name another; a line that names none has the house's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from itertools import pairwise
from zoneinfo import ZoneInfo

from pbx_crm.domain.installation import Installation
from pbx_crm.domain.public_holidays import countries, weekend_of
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.time_zones import time_zones
from pbx_crm.domain.working_time import DAY_MINUTES, Hours, Quiet, Week, WorkingTime, always

LONGEST_NAME = 100
MOST_SPANS = 6
HOUSE_NAME = N_("The house")
NINE_TO_SIX = (Hours(9 * 60, 18 * 60),)
NIGHT = Quiet(21 * 60, 8 * 60)


@dataclass(frozen=True, slots=True, order=True)
class OwnDay:
    """A day that is not as the week and the country say."""

    day: date
    is_open: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Calendar:
    """One calendar; `id` is None for one that is not stored."""

    id: int | None
    name: str
    time_zone: str
    """IANA name; opening and closing are by its clock."""
    country: str | None
    """ISO 3166 code of the public holidays; None for none."""
    week: Week
    quiet: Quiet | None = None
    days: tuple[OwnDay, ...] = ()

    @property
    def working_time(self) -> WorkingTime:
        """The same for counting with."""
        return WorkingTime(
            ZoneInfo(self.time_zone),
            self.week,
            self.country,
            frozenset(own.day for own in self.days if not own.is_open),
            frozenset(own.day for own in self.days if own.is_open),
            self.quiet,
        )


def usual_calendar(installation: Installation, name: str) -> Calendar:
    """What a new installation starts with: nine to six but on the weekend of its country."""
    weekend = weekend_of(installation.region)
    week = tuple(() if weekday in weekend else NINE_TO_SIX for weekday in range(7))
    country = installation.region if installation.region in countries() else None
    return Calendar(None, name, installation.time_zone, country, week, NIGHT)


class WorkingTimes:
    """The working time of every line; nothing set up means that every hour is worked."""

    def __init__(self, calendars: Sequence[Calendar], by_line: Mapping[int, int]) -> None:
        """`calendars` with the house's first; `by_line` tells a line's calendar by their ids."""
        self._times = {calendar.id: calendar.working_time for calendar in calendars}
        self._by_line = by_line
        self.house: WorkingTime = next(iter(self._times.values()), always(UTC))

    def of_line(self, line_id: int | None) -> WorkingTime:
        """The working time of those who answer the line; the house's for calls of no line."""
        return self._times.get(self._by_line.get(line_id or 0), self.house)

    def groups(self) -> Iterator[tuple[WorkingTime, bool, tuple[int, ...]]]:
        """Every working time with the lines that have it; the house's, last, with those that do not."""
        own = {line: time for line, key in self._by_line.items() if (time := self._times.get(key))}
        for time in {id(time): time for time in own.values() if time is not self.house}.values():
            yield time, True, tuple(sorted(line for line, one in own.items() if one is time))
        yield self.house, False, tuple(sorted(line for line, one in own.items() if one is not self.house))


def reasons_against(calendar: Calendar) -> dict[str, str]:
    """By field why the calendar cannot be; nothing for a good one."""
    reasons = {}
    if not 1 <= len(calendar.name) <= LONGEST_NAME:
        reasons["name"] = N_("A name is 1 to 100 characters.")
    if calendar.time_zone not in time_zones():
        reasons["time_zone"] = N_("There is no such time zone.")
    if calendar.country is not None and calendar.country not in countries():
        reasons["country"] = N_("No holidays are known of this country.")
    if not any(calendar.week):
        reasons["hours_0"] = N_("Somebody must be at work some day.")
    return reasons


def hours_in(text: str) -> tuple[Hours, ...]:
    """The hours of a day as people write them, `9-13, 14:00-18:30`; ValueError for what is none."""
    spans = [_span(part) for part in text.replace("–", "-").replace("،", ",").split(",") if part.strip()]
    ordered = sorted(Hours(begin, end) for begin, end in spans)
    overlap = any(first.end > second.begin for first, second in pairwise(ordered))
    if overlap or len(ordered) > MOST_SPANS:
        raise ValueError("hours overlap, or are too many")
    return tuple(ordered)


def quiet_in(text: str) -> Quiet | None:
    """Quiet hours as people write them, `21-8`; None if left empty, ValueError for what is none."""
    if not text.strip():
        return None
    begin, end = _span(text.replace("–", "-"))
    if begin == end:
        raise ValueError("quiet hours of no length")
    return Quiet(begin, end % DAY_MINUTES)


def _span(text: str) -> tuple[int, int]:
    begin, dash, end = text.partition("-")
    if not dash:
        raise ValueError("no span of hours")
    return _minute(begin), _minute(end)


def _minute(text: str) -> int:
    hour, _, minute = text.strip().partition(":")
    if not hour.isdecimal() or not (minute or "0").isdecimal() or len(hour) > 2 or len(minute) > 2:
        raise ValueError("no time of day")
    found = int(hour) * 60 + int(minute or 0)
    if int(minute or 0) > 59 or found > DAY_MINUTES:
        raise ValueError("no time of day")
    return found


def written(spans: Iterable[Hours | Quiet]) -> str:
    """Hours as they may be typed again."""
    return ", ".join(f"{_clock(span.begin)}-{_clock(span.end)}" for span in spans)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
