"""Tasks: what a seller promised to do, and how urgent that is."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from pbx_crm.domain.errors import Conflict

CALL_BACK_CAUSE = "callback:"
"""How the cause of a task begins that a missed call has made."""


class TaskKind(StrEnum):
    """What is to be done."""

    CALL = "call"
    REVIEW = "review"
    OFFER = "offer"
    PAYMENT = "payment"
    FEEDBACK = "feedback"
    MEETING = "meeting"
    OTHER = "other"


class PutOff(StrEnum):
    """The two ways to put a task off with one click."""

    HOUR = "hour"
    TOMORROW = "tomorrow"


class Repeat(StrEnum):
    """How often a task comes again once it is done."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


REMINDERS = (0, 15, 60, 24 * 60)
"""How many minutes before a task is due its owner may ask to be reminded."""


class TaskWentOn(Conflict):
    """This cannot be undone any more: the task went on since."""


class Urgency(StrEnum):
    """The next step of a deal at a glance; a deal without one is the quiet way to lose it."""

    OVERDUE = "overdue"
    TODAY = "today"
    LATER = "later"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class NewTask:
    """A task to be written down."""

    kind: TaskKind
    owner_id: int
    due_at: datetime
    created_at: datetime
    deal_id: int | None = None
    contact_id: int | None = None
    call_id: int | None = None
    title: str = ""
    repeat: Repeat | None = None
    remind_minutes: int | None = None
    remind_at: datetime | None = None
    cause: str | None = None
    """Names what led to an automatic task; one cause makes one task."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as it stands."""

    id: int
    kind: TaskKind
    owner_id: int
    deal_id: int | None
    contact_id: int | None
    call_id: int | None
    title: str
    due_at: datetime
    created_at: datetime
    done_at: datetime | None
    result: str
    repeat: Repeat | None
    version: int
    cause: str | None
    remind_minutes: int | None = None
    """How long before the due time to remind its owner; None for not at all."""
    remind_at: datetime | None = None
    """When to remind; None if that has been seen."""


def remind_at(due_at: datetime, minutes: int | None) -> datetime | None:
    """When to remind of something due then; None for not at all."""
    return None if minutes is None else due_at - timedelta(minutes=minutes)


def coming_again(task: Task, now: datetime, zone: tzinfo) -> NewTask | None:
    """What a task that is done leads to if it is one that comes again."""
    if task.repeat is None:
        return None
    due_at = next_due(task.due_at, task.repeat, now, zone)
    return NewTask(
        task.kind,
        task.owner_id,
        due_at,
        now,
        deal_id=task.deal_id,
        contact_id=task.contact_id,
        title=task.title,
        repeat=task.repeat,
        remind_minutes=task.remind_minutes,
        remind_at=remind_at(due_at, task.remind_minutes),
        cause=cause_of_next(task),
    )


def cause_of_next(task: Task) -> str:
    """What the task that comes after this one is known by."""
    return f"repeat:{task.id}"


def urgency(due_at: datetime | None, now: datetime, zone: tzinfo) -> Urgency:
    """How urgent a step due then is for somebody whose day is that of `zone`."""
    if due_at is None:
        return Urgency.NONE
    if due_at < now:
        return Urgency.OVERDUE
    is_today = due_at.astimezone(zone).date() == now.astimezone(zone).date()
    return Urgency.TODAY if is_today else Urgency.LATER


def put_off(due_at: datetime, by: PutOff, now: datetime, zone: tzinfo) -> datetime:
    """When the task is due instead: an hour on from now or later, or tomorrow at the same time of day."""
    if by is PutOff.HOUR:
        return max(due_at, now) + timedelta(hours=1)
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return _same_time(due_at, tomorrow, zone)


def next_due(due_at: datetime, repeat: Repeat, now: datetime, zone: tzinfo) -> datetime:
    """When a task that comes again is due next: the first time that is neither past nor this one.

    A month on from the 31st is the month's last day.
    """
    first = due_at.astimezone(zone).date()
    for times in range(1, _times_missed(first, repeat, now.astimezone(zone).date()) + 2):
        following = _same_time(due_at, _on(first, repeat, times), zone)
        if following > now:
            return following
    return following


def _times_missed(first: date, repeat: Repeat, today: date) -> int:
    shortest = {Repeat.DAY: 1, Repeat.WEEK: 7, Repeat.MONTH: 28}[repeat]
    return max(0, (today - first).days) // shortest + 1


def _on(first: date, repeat: Repeat, times: int) -> date:
    if repeat is not Repeat.MONTH:
        return first + timedelta(days=times * (1 if repeat is Repeat.DAY else 7))
    years, month = divmod(first.month - 1 + times, 12)
    year = first.year + years
    return date(year, month + 1, min(first.day, calendar.monthrange(year, month + 1)[1]))


def _same_time(due_at: datetime, day: date, zone: tzinfo) -> datetime:
    # By the wall clock: across a change of summer time ten o'clock stays ten o'clock.
    return datetime.combine(day, due_at.astimezone(zone).time(), zone).astimezone(due_at.tzinfo)
