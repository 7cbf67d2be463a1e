"""What the call log is narrowed to, as it stands in the address: to be shared, kept and gone back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.call_hours import WeekHour
from pbx_crm.domain.call_log import CallFilter, Figure, Place
from pbx_crm.domain.report_period import Days as DayRange
from pbx_crm.domain.report_period import Span, start_of
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.typed_day import day_in

Choice = TypeVar("Choice", bound=StrEnum)
Days = tuple[date | None, date | None]
LONGEST_TEXT = 100
MOST_DAYS = timedelta(days=3660)
FIRST_YEAR, LAST_YEAR = 1980, 9000
"""A day no PBX has seen cannot be moved into another zone either."""
NO_SOURCE = "(none)"
"""In an address: over a line without a source."""
FIRM = "firm"
"""In an address: days as the company's clocks have them."""


class Period(StrEnum):
    """Stretches of days in the reader's zone; today is always the last of them."""

    TODAY = "today"
    WEEK = "week"
    MONTH = "month"
    ALL = "all"

    def first_day(self, today: date) -> date | None:
        """The first day in it; None reaches back for ever."""
        match self:
            case Period.TODAY:
                return today
            case Period.WEEK:
                return today - timedelta(days=6)
            case Period.MONTH:
                return today - timedelta(days=29)
            case Period.ALL:
                return None


@dataclass(frozen=True, slots=True)
class CallQuery:
    """The log's address, understood; what makes no sense in it is left out rather than refused."""

    period: Period = Period.WEEK
    from_day: date | None = None
    to_day: date | None = None
    """The last day that is in. Days named take the place of the period."""
    direction: Direction | None = None
    outcome: Outcome | None = None
    who: int | None = None
    figure: Figure | None = None
    unlinked: bool = False
    waiting: bool = False
    line: int | None = None
    source: str = ""
    region: int | None = None
    in_firm_zone: bool = False
    """Days are the company's, not the reader's."""
    week_hour: WeekHour | None = None
    """Only calls of this hour of the week; without a first day it says nothing."""
    text: str = ""
    before: Place | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> CallQuery:
        """The query in an address."""
        return cls(
            period=choice_of(Period, asked.get("period")) or Period.WEEK,
            from_day=day_of(asked.get("from")),
            to_day=day_of(asked.get("to")),
            direction=choice_of(Direction, asked.get("direction")),
            outcome=choice_of(Outcome, asked.get("outcome")),
            who=number_in(asked.get("who")),
            figure=choice_of(Figure, asked.get("figure")),
            unlinked=asked.get("who") == "nobody",
            waiting=asked.get("waiting") == "1",
            line=number_in(asked.get("line")),
            source=asked.get("source", "")[:LONGEST_TEXT],
            region=number_in(asked.get("region")),
            in_firm_zone=asked.get("zone") == FIRM,
            week_hour=_week_hour(asked.get("hour", "")),
            text=asked.get("q", "").strip()[:LONGEST_TEXT],
            before=_place(asked.get("before")),
        )

    def url(self) -> str:
        """The log's address; what says nothing is left out of it."""
        parts: dict[str, object] = {
            "period": self.period if self.period is not Period.WEEK else None,
            "from": self.from_day,
            "to": self.to_day,
            "direction": self.direction,
            "outcome": self.outcome,
            "who": "nobody" if self.unlinked else self.who,
            "figure": self.figure,
            "waiting": "1" if self.waiting else None,
            "line": self.line,
            "source": self.source,
            "region": self.region,
            "zone": FIRM if self.in_firm_zone else None,
            "hour": self.hour,
            "q": self.text,
            "before": _written(self.before),
        }
        said = urlencode({name: str(value) for name, value in parts.items() if value not in (None, "")})
        return f"/calls?{said}" if said else "/calls"

    @property
    def hour(self) -> str:
        """The hour of the week as it stands in an address, `0-9` for Monday at nine; empty for all."""
        return f"{self.week_hour.weekday}-{self.week_hour.hour}" if self.week_hour else ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything but the period leaves calls out."""
        narrowing = (self.direction, self.outcome, self.who, self.figure, self.source, self.text)
        more = any(one is not None for one in (self.line, self.region, self.week_hour))
        return any(narrowing) or self.unlinked or self.waiting or more

    def days(self, today: date) -> Days:
        """The first and the last day asked for; None is open."""
        if self.from_day or self.to_day:
            return self.from_day, self.to_day
        return self.period.first_day(today), None

    def filter(self, today: date, zone: tzinfo) -> CallFilter:
        """The same in instants: a day begins when the reader's clock says so, also when clocks change."""
        first, last = self.days(today)
        return CallFilter(
            since=start_of(first, zone) if first else None,
            until=start_of(last + timedelta(days=1), zone) if last and last < date.max else None,
            direction=self.direction,
            outcome=self.outcome,
            person_id=self.who,
            figure=self.figure,
            unlinked=self.unlinked,
            not_called_back=self.waiting,
            line_id=self.line,
            source="" if self.source == NO_SOURCE else self.source or None,
            region_id=self.region,
            spans=self._spans(first, last or today, zone),
            text=self.text,
        )

    def _spans(self, first: date | None, last: date, zone: tzinfo) -> tuple[Span, ...] | None:
        if self.week_hour is None or first is None or first > last:
            return None
        return self.week_hour.spans(DayRange(max(first, last - MOST_DAYS), last), zone)


def choice_of(choices: type[Choice], text: str | None) -> Choice | None:
    """The choice of this value; None if there is none."""
    return choices(text) if text in {choice.value for choice in choices} else None


def day_of(text: str | None) -> date | None:
    """The day written so; None for what is no day of a PBX's life."""
    try:
        found = day_in(text or "")
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def _week_hour(text: str) -> WeekHour | None:
    weekday, _, hour = text.partition("-")
    try:
        return WeekHour(int(weekday), int(hour))
    except ValueError:
        return None


def _place(text: str | None) -> Place | None:
    moment, _, call_id = (text or "").partition("~")
    try:
        at = datetime.fromisoformat(moment)
        before = number_in(call_id)
        return Place(at.astimezone(UTC), before) if at.tzinfo and before is not None else None
    except (ValueError, OverflowError):
        return None


def _written(place: Place | None) -> str | None:
    return f"{place.started_at.isoformat()}~{place.call_id}" if place else None
