"""The days a report is about: presets, the stretch before to compare with, and the instants they mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from pbx_crm.domain.month_calendar import MonthCalendar

DAYS_A_WEEK = 7


class Preset(StrEnum):
    """Stretches of days named by their distance from today."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    THIS_WEEK = "this_week"
    LAST_WEEK = "last_week"
    LAST_7_DAYS = "last_7_days"
    """Today is the last of them: on a Monday, too, there is something to read."""
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"
    LAST_90_DAYS = "last_90_days"
    """Today is the last of them."""
    THIS_YEAR = "this_year"


@dataclass(frozen=True, slots=True)
class Span:
    """Instants from `since` on, up to and without `until`."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Days:
    """Whole days of somebody's calendar; both ends are in."""

    first: date
    last: date

    @property
    def count(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def __iter__(self) -> Iterator[date]:
        """Each day."""
        return (self.first + timedelta(days=after) for after in range(self.count))

    @property
    def before(self) -> Days:
        """What to compare with: the month before a whole month, else as many days just before."""
        return self.before_by(MonthCalendar.GREGORIAN)

    def before_by(self, calendar: MonthCalendar) -> Days:
        """The same where months are those of the calendar."""
        last = self.first - timedelta(days=1)
        if self == _month_of(self.first, calendar):
            return _month_of(last, calendar)
        return Days(self.first - timedelta(days=self.count), last)

    def span(self, zone: tzinfo) -> Span:
        """The same in instants; a day on which the clocks change has 23 or 25 hours."""
        return Span(start_of(self.first, zone), start_of(self.last + timedelta(days=1), zone))


def days_of(
    preset: Preset, today: date, first_weekday: int, calendar: MonthCalendar = MonthCalendar.GREGORIAN
) -> Days:
    """The days of a preset; weeks begin on `first_weekday`, Monday being 0."""
    week = today - timedelta(days=(today.weekday() - first_weekday) % DAYS_A_WEEK)
    match preset:
        case Preset.TODAY:
            return Days(today, today)
        case Preset.YESTERDAY:
            return Days(today, today).before
        case Preset.THIS_WEEK:
            return Days(week, week + timedelta(days=DAYS_A_WEEK - 1))
        case Preset.LAST_WEEK:
            return Days(week - timedelta(days=DAYS_A_WEEK), week - timedelta(days=1))
        case Preset.LAST_7_DAYS:
            return Days(today - timedelta(days=DAYS_A_WEEK - 1), today)
        case Preset.THIS_MONTH:
            return _month_of(today, calendar)
        case Preset.LAST_MONTH:
            return _month_of(today, calendar).before_by(calendar)
        case Preset.LAST_90_DAYS:
            return Days(today - timedelta(days=89), today)
        case Preset.THIS_YEAR:
            first = calendar.year_of(today)
            return Days(first, calendar.after_year(first) - timedelta(days=1))


def compared(
    days: Days, zone: tzinfo, now: datetime, calendar: MonthCalendar = MonthCalendar.GREGORIAN
) -> Span:
    """The stretch before these days; of days that still run, only as much of it as has passed of them.

    Half a Wednesday is compared with half a Tuesday: by the clock on the wall, also when it was changed
    between the two.
    """
    before = days.before_by(calendar)
    span, earlier = days.span(zone), before.span(zone)
    if not span.since <= now < span.until:
        return earlier
    passed = now.astimezone(zone).replace(tzinfo=None) - datetime.combine(days.first, time.min)
    until = datetime.combine(before.first, time.min) + passed
    return Span(earlier.since, min(earlier.until, until.replace(tzinfo=zone).astimezone(UTC)))


@dataclass(frozen=True, slots=True)
class Parts:
    """A stretch of time as whole days, and what is left of it before and after them."""

    days: Days | None
    edges: tuple[Span, ...]


def parts_of(span: Span, zone: tzinfo) -> Parts:
    """The whole days of this zone in the span; each edge is shorter than a day."""
    first, end = span.since.astimezone(zone).date(), span.until.astimezone(zone).date()
    if start_of(first, zone) < span.since:
        first += timedelta(days=1)
    if first >= end:
        return Parts(None, (span,) if span.since < span.until else ())
    edges = (Span(span.since, start_of(first, zone)), Span(start_of(end, zone), span.until))
    return Parts(
        Days(first, end - timedelta(days=1)), tuple(edge for edge in edges if edge.since < edge.until)
    )


def stretches(days: Iterable[date]) -> list[Days]:
    """These days as stretches without a gap, oldest first."""
    found: list[Days] = []
    for day in sorted(days):
        if found and found[-1].last + timedelta(days=1) == day:
            found[-1] = Days(found[-1].first, day)
        else:
            found.append(Days(day, day))
    return found


def start_of(day: date, zone: tzinfo) -> datetime:
    """The instant at which this day begins in the zone."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _month_of(day: date, calendar: MonthCalendar) -> Days:
    first = calendar.month_of(day)
    return Days(first, calendar.after_month(first) - timedelta(days=1))
