"""A seller's day: who waits for a call back, what is overdue, what is due when, which deals lack a step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import groupby
from typing import Generic, TypeVar

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.task import Task
from pbx_crm.domain.wrap_up import WrapUpOutcome

Row = TypeVar("Row", covariant=True)


@dataclass(frozen=True, slots=True)
class Subject:
    """The deal that a row of the day is about; a task on a card one no longer sees has none."""

    deal_id: int
    client: str
    number: str | None
    title: str
    priority: Priority
    stage: str
    hue: int
    what_to_do: str
    """The stage's text for the seller."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A client who rang in vain."""

    since: datetime
    rang: int
    """Calls of the client since then, the first included, that nobody answered."""
    tries: int
    """Calls to the client since then that did not get through."""


@dataclass(frozen=True, slots=True)
class TaskRow:
    """Something to do, or done."""

    task: Task
    owner_name: str
    subject: Subject | None
    waiting: Waiting | None = None


@dataclass(frozen=True, slots=True)
class Stepless:
    """An open deal without a next step: the quiet way to lose it."""

    subject: Subject
    owner_name: str
    active_at: datetime
    """When something last happened with it."""


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A talk of which nobody has said yet how it went."""

    call_id: int
    person_id: int
    """Who talked last: only they can say."""
    owner_name: str
    ended_at: datetime
    talk_seconds: float
    subject: Subject
    outcomes: tuple[WrapUpOutcome, ...]


@dataclass(frozen=True, slots=True)
class Section(Generic[Row]):
    """Some rows of a kind, and how many there are in all."""

    rows: tuple[Row, ...] = ()
    total: int = 0

    @property
    def left_out(self) -> int:
        """How many there are beyond those shown."""
        return self.total - len(self.rows)


@dataclass(frozen=True, slots=True)
class Day:
    """The calendar day that `now` lies in, for somebody in `zone`."""

    now: datetime
    zone: tzinfo

    @property
    def start(self) -> datetime:
        """Its first moment."""
        return self._midnight(0)

    @property
    def end(self) -> datetime:
        """The first moment of the next day."""
        return self._midnight(1)

    def _midnight(self, days: int) -> datetime:
        local = self.now.astimezone(self.zone).date() + timedelta(days=days)
        return datetime.combine(local, datetime.min.time(), self.zone).astimezone(self.now.tzinfo)


@dataclass(frozen=True, slots=True)
class Today:
    """The whole page, its sections in the order in which they are worked off."""

    day: Day
    missed: Section[TaskRow]
    unfinished: Section[Unfinished]
    overdue: Section[TaskRow]
    due: Section[TaskRow]
    stepless: Section[Stepless]
    done: Section[TaskRow]
    of_person: int | None
    """Whose day it is; None for everybody's."""

    @property
    def waits(self) -> int:
        """How many tasks wait until the day's end."""
        return self.missed.total + self.overdue.total + self.due.total

    @property
    def next(self) -> TaskRow | Stepless | None:
        """What to begin with: the topmost row that leads to a card."""
        tasks = (row for section in (self.missed, self.overdue, self.due) for row in section.rows)
        candidates: Iterable[TaskRow | Stepless] = (*tasks, *self.stepless.rows)
        return next((row for row in candidates if row.subject is not None), None)

    def hours(self) -> Iterator[tuple[datetime, list[TaskRow]]]:
        """What is due today, by the hour; each hour by its first moment."""
        for hour, rows in groupby(self.due.rows, key=self._hour):
            yield hour, list(rows)

    def _hour(self, row: TaskRow) -> datetime:
        # Zones with half hours exist: the hour is that of the viewer's own clock.
        return row.task.due_at.astimezone(self.day.zone).replace(minute=0, second=0, microsecond=0)
