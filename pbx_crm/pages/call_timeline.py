"""A call's legs as bars on one time axis, for an SVG whose width is a thousand units."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.call_log import CallStory, LegLine

WIDTH = 1000
NARROWEST = 6.0
"""Units: a ring of a fraction of a second still leaves a mark."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of one leg."""

    kind: str
    """`ring` or `talk`."""
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """A leg with its bars and its moments in seconds since the call began."""

    leg: LegLine
    bars: tuple[Bar, ...]
    rang_after: float | None
    answered_after: float | None
    """Seconds from its own ring to its answer."""
    talk_seconds: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """All legs of a call on one axis."""

    seconds: float
    rows: tuple[TimelineRow, ...]


def timeline_of(story: CallStory, now: datetime) -> Timeline:
    """The call's legs from its start to its end; to `now` while it goes on."""
    start, end = story.row.started_at, story.row.ended_at or now
    moments = [moment for leg in story.legs for moment in (leg.ended_at, leg.started_at) if moment]
    # Some legs outlive the client's channel by a moment; nothing is drawn beyond the edge.
    end = max([end, *moments])
    axis = _Axis(start, max((end - start).total_seconds(), 1.0))
    return Timeline(axis.seconds, tuple(_row(leg, axis, end) for leg in story.legs))


@dataclass(frozen=True, slots=True)
class _Axis:
    start: datetime
    seconds: float

    def bar(self, kind: str, since: datetime, until: datetime) -> Bar:
        x = max(0.0, self._at(since))
        return Bar(kind, round(x, 1), round(max(self._at(until) - x, NARROWEST), 1))

    def _at(self, moment: datetime) -> float:
        return (moment - self.start).total_seconds() / self.seconds * WIDTH


def _row(leg: LegLine, axis: _Axis, end: datetime) -> TimelineRow:
    bars = []
    if leg.rang_at is not None:
        bars.append(axis.bar("ring", leg.rang_at, leg.answered_at or leg.ended_at or end))
    bars += [axis.bar("talk", since, until or end) for since, until in leg.talks]
    return TimelineRow(
        leg,
        tuple(bars),
        (leg.rang_at - axis.start).total_seconds() if leg.rang_at else None,
        (leg.answered_at - leg.rang_at).total_seconds() if leg.rang_at and leg.answered_at else None,
        sum(((until or end) - since).total_seconds() for since, until in leg.talks),
    )
