"""Working time: when the house is at work, and how long a stretch of time is in working hours.

Opening and closing are times of the wall clock, so a day on which the clocks change is an hour longer or
shorter where that hour lies within it; moments passed in and given back are aware, and any zone will do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache

from pbx_crm.domain.public_holidays import holiday_on, is_worked_weekend

DAY_MINUTES = 24 * 60
FAR = 800
"""Days that are looked at for a working one; a house closed for longer has no working time to count."""


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """From one minute of the day to another, counted from midnight; the second is not in it."""

    begin: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.begin < self.end <= DAY_MINUTES:
            raise ValueError(f"hours from minute {self.begin} to {self.end}")

    def on(self, day: date, zone: tzinfo) -> tuple[datetime, datetime]:
        """The two moments on that day, in UTC."""
        return _moment(day, self.begin, zone), _moment(day, self.end, zone)


Week = tuple[tuple[Hours, ...], ...]
"""Monday first; each day its hours in order, none for a day off."""


@lru_cache(maxsize=1_000)
def _moment(day: date, minute: int, zone: tzinfo, fold: int = 0) -> datetime:
    # Every call asks when something is due, and today opens and closes at the same moments for all of them.
    days, rest = divmod(minute, DAY_MINUTES)
    local = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60, fold=fold), zone)
    return local.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nothing automatic disturbs anybody, over midnight if they end before they begin."""

    begin: int
    end: int

    def holds(self, minute: int) -> bool:
        """Whether this minute of the day is a quiet one."""
        if self.begin <= self.end:
            return self.begin <= minute < self.end
        return minute >= self.begin or minute < self.end


@dataclass(frozen=True, slots=True)
class WorkingTime:
    """The hours of a house, or of those who answer one line of it."""

    zone: tzinfo
    week: Week
    country: str | None = None
    """ISO 3166 code; its public holidays are days off. None: no holidays but the own ones."""
    closed: frozenset[date] = frozenset()
    """Own days off."""
    opened: frozenset[date] = frozenset()
    """Days at work although they would be off."""
    quiet: Quiet | None = None

    @property
    def _usual(self) -> tuple[Hours, ...]:
        return next((hours for hours in self.week if hours), ())

    def hours_on(self, day: date) -> tuple[Hours, ...]:
        """The hours of that day; a weekend that is worked has those of the first day of the week."""
        if day in self.opened:
            return self.week[day.weekday()] or self._usual
        if day in self.closed:
            return ()
        if self.country is not None:
            if holiday_on(self.country, day) is not None:
                return ()
            if is_worked_weekend(self.country, day):
                return self.week[day.weekday()] or self._usual
        return self.week[day.weekday()]

    def is_open(self, at: datetime) -> bool:
        """Whether somebody works at that moment."""
        return any(begin <= at < end for begin, end in self._spans_from(at, days=1))

    def next_open(self, at: datetime) -> datetime:
        """That moment if it is a working one, else the next that is; itself if none is in sight."""
        for begin, end in self._spans_from(at):
            if at < end:
                return max(begin, at)
        return at

    def after(self, at: datetime, worked: timedelta) -> datetime:
        """The moment when so much working time has gone by since then; `worked` is not negative."""
        left = worked
        for begin, end in self._spans_from(at):
            begin = max(begin, at)
            if end > begin and left <= end - begin:
                return begin + left
            left -= max(end - begin, timedelta(0))
        return at + worked

    def due(self, at: datetime, within: timedelta) -> datetime:
        """When what is to be done within so long is due, always in working time.

        Minutes and hours are worked ones; from a day on they are the calendar's, moved to when
        somebody is there.
        """
        return self.after(at, within) if within < timedelta(days=1) else self.next_open(at + within)

    def before(self, at: datetime, worked: timedelta) -> datetime:
        """The last moment since which so much working time has gone by until then."""
        left = worked
        if not left:
            return at
        for begin, end in self._spans_back_from(at):
            end = min(end, at)
            if end > begin and left <= end - begin:
                return end - left
            left -= max(end - begin, timedelta(0))
        return at - worked

    def between(self, since: datetime, until: datetime) -> timedelta:
        """How much of this stretch is working time; nothing if it ends before it begins."""
        total = timedelta(0)
        for begin, end in self._spans_from(since, days=max((until - since).days, 0) + 2):
            total += max(min(end, until) - max(begin, since), timedelta(0))
        return total

    def is_quiet(self, at: datetime) -> bool:
        """Whether nothing automatic should disturb anybody now."""
        local = at.astimezone(self.zone)
        return self.quiet is not None and self.quiet.holds(local.hour * 60 + local.minute)

    def undisturbing(self, at: datetime) -> datetime:
        """That moment, or the end of the quiet hours it lies in."""
        if self.quiet is None or not self.is_quiet(at):
            return at
        today = at.astimezone(self.zone).date()
        # Where clocks are put back the end may be shown twice, and be over once already.
        shown = ((today + timedelta(days=days), fold) for days in (0, 1) for fold in (0, 1))
        ends = (_moment(day, self.quiet.end, self.zone, fold) for day, fold in shown)
        return next(end for end in ends if end > at)

    def _spans_from(self, at: datetime, days: int = FAR) -> Iterator[tuple[datetime, datetime]]:
        # Yesterday's hours may reach to midnight, which is today where clocks are put on then.
        first = at.astimezone(self.zone).date() - timedelta(days=1)
        for number in range(days + 2):
            yield from self._spans_on(first + timedelta(days=number))

    def _spans_back_from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        last = at.astimezone(self.zone).date() + timedelta(days=1)
        for number in range(FAR):
            yield from reversed(self._spans_on(last - timedelta(days=number)))

    def _spans_on(self, day: date) -> list[tuple[datetime, datetime]]:
        spans = (hours.on(day, self.zone) for hours in self.hours_on(day))
        # Where the clocks leap over the beginning alone, nothing is left of the hours.
        return [(begin, end) for begin, end in spans if begin < end]


def always(zone: tzinfo) -> WorkingTime:
    """Every hour is a working hour: where nobody has set a calendar up."""
    return WorkingTime(zone, ((Hours(0, DAY_MINUTES),),) * 7)
