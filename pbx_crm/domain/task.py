"""Tasks: what a seller promised to do, and how urgent that is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum


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
    cause: str | None


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
    # By the wall clock: across a change of summer time ten o'clock stays ten o'clock.
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    time_of_day = due_at.astimezone(zone).time()
    return datetime.combine(tomorrow, time_of_day, zone).astimezone(now.tzinfo)
