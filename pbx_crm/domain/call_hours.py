"""Incoming calls by weekday and hour of the clock on the wall: when people call, and when nobody is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from pbx_crm.domain.report_period import DAYS_A_WEEK, Days, Span
from pbx_crm.domain.report_table import ReportTable

HOURS_A_DAY = 24
LEAST_CALLS = 10
"""Below this no percentage is told."""
USUAL_HOURS = (8, 18)
"""Shown even without a call."""


@dataclass(frozen=True, slots=True, order=True)
class WeekHour:
    """An hour of a week; Monday is 0."""

    weekday: int
    hour: int

    def __post_init__(self) -> None:
        if not (0 <= self.weekday < DAYS_A_WEEK and 0 <= self.hour < HOURS_A_DAY):
            raise ValueError(f"hour {self.hour} of weekday {self.weekday}")

    def spans(self, days: Days, zone: tzinfo) -> tuple[Span, ...]:
        """Each time this hour comes in these days: none where the clocks leap over it, two hours long where
        it comes twice.
        """
        found = []
        for day in days:
            if day.weekday() == self.weekday:
                begin = datetime.combine(day, time(self.hour), zone)
                # By the wall clock: adding to an aware time does not look at its zone.
                end = begin + timedelta(hours=1)
                found.append(Span(begin.astimezone(UTC), end.astimezone(UTC)))
        return tuple(span for span in found if span.since < span.until)


@dataclass(frozen=True, slots=True)
class HourCounts:
    """Calls of one hour of the week."""

    answered: int = 0
    missed: int = 0

    @property
    def calls(self) -> int:
        """Answered or not."""
        return self.answered + self.missed

    @property
    def missed_percent(self) -> float | None:
        """Of all; None below the sample floor."""
        return 100 * self.missed / self.calls if self.calls >= LEAST_CALLS else None


@dataclass(frozen=True, slots=True)
class CallHours:
    """All hours of the week that had calls."""

    cells: Mapping[WeekHour, HourCounts]

    def at(self, weekday: int, hour: int) -> HourCounts:
        """The calls of this hour."""
        return self.cells.get(WeekHour(weekday, hour), HourCounts())

    @property
    def hours(self) -> range:
        """From the first hour worth showing to the last."""
        known = [cell.hour for cell in self.cells] + list(USUAL_HOURS)
        return range(min(known), max(known) + 1)

    def table(self) -> ReportTable:
        """A row for each hour of the week that had calls, Monday first; 0 is Monday."""
        return ReportTable(
            ("weekday", "hour", "answered", "missed", "missed_percent"),
            tuple(
                (
                    cell.weekday,
                    cell.hour,
                    counts.answered,
                    counts.missed,
                    None if counts.missed_percent is None else round(counts.missed_percent, 1),
                )
                for cell, counts in sorted(self.cells.items())
            ),
        )


def hour_of(at: datetime, zone: tzinfo) -> datetime:
    """When the hour of the zone's clock in which this moment lies began; an hour that comes twice, twice."""
    local = at.astimezone(zone)
    return local.replace(minute=0, second=0, microsecond=0).astimezone(UTC)


def are_alike(zone: tzinfo, other: tzinfo, span: Span) -> bool:
    """Whether an hour of one clock is always an hour of the other's, and the span made of whole ones."""
    ends = (span.since, span.until)
    if any(hour_of(end, other) != end for end in ends):
        return False
    if str(zone) == str(other):
        return True
    days = (span.until - span.since).days
    moments = [span.since + timedelta(days=day) for day in range(days + 1)] + [span.until]
    return all(_is_whole(at.astimezone(clock).utcoffset()) for at in moments for clock in (zone, other))


def _is_whole(offset: timedelta | None) -> bool:
    return offset is not None and not offset % timedelta(hours=1)


def by_week_hour(counted: Iterable[tuple[datetime, int, int]], zone: tzinfo) -> CallHours:
    """Of (moment, answered, missed) what each hour of the zone's week comes to."""
    answered: Counter[WeekHour] = Counter()
    missed: Counter[WeekHour] = Counter()
    for moment, of_answered, of_missed in counted:
        local = moment.astimezone(zone)
        cell = WeekHour(local.weekday(), local.hour)
        answered[cell] += of_answered
        missed[cell] += of_missed
    cells = {cell: HourCounts(answered[cell], missed[cell]) for cell in answered.keys() | missed.keys()}
    return CallHours({cell: counts for cell, counts in cells.items() if counts.calls})
