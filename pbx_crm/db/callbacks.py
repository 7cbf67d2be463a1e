"""Wishes to call a client: made by a missed call, a rule or a person, fulfilled by talking with them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, update

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.prepared import fetch, write_rows
from pbx_crm.db.tables import calls, tasks
from pbx_crm.db.tasks import add, change, task_from
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import CALL_BACK_CAUSE, Task, TaskKind, coming_again

CAUSE = CALL_BACK_CAUSE
AHEAD = timedelta(hours=12)
"""A call set for later than so long after a conversation is another one, and stays."""
# A message id: the pages show it in the reader's language.
CALLED = N_("Talked on the phone")


REPEATING = select(tasks).where(
    tasks.c.contact_id.in_(bindparam("clients", expanding=True)),
    tasks.c.kind == TaskKind.CALL,
    tasks.c.repeat.is_not(None),
    tasks.c.done_at.is_(None),
)
OPEN_ON = select(tasks.c.deal_id).where(
    tasks.c.deal_id.in_(bindparam("deal_ids", expanding=True)),
    tasks.c.done_at.is_(None),
    tasks.c.cause.startswith(CAUSE),
)
LAST_TALKS = (
    select(calls.c.contact_id, func.max(calls.c.answered_at, type_=UtcTime()))
    .where(calls.c.contact_id.in_(bindparam("contact_ids", expanding=True)))
    .where(calls.c.started_at >= bindparam("since"), calls.c.answered_at.is_not(None))
    .where(calls.c.id.not_in(bindparam("besides", expanding=True)))
    .group_by(calls.c.contact_id)
)
FULFIL = (
    update(tasks)
    .where(
        tasks.c.contact_id == bindparam("client"),
        or_(
            tasks.c.cause.startswith(CAUSE),
            and_(tasks.c.kind == TaskKind.CALL, tasks.c.due_at <= bindparam("ahead")),
        ),
        # What comes again is closed one by one, for each leaves a task behind.
        tasks.c.repeat.is_(None),
        tasks.c.done_at.is_(None),
        tasks.c.created_at <= bindparam("answered_at"),
    )
    .values(done_at=bindparam("answered_at"), result=CALLED, version=tasks.c.version + 1)
)


def add_all(tx: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes automatic tasks; a cause that led to a task before adds none. One statement."""
    insert_missing(tx, tasks, list(rows))


def open_on(tx: Connection, deal_ids: Collection[int]) -> set[int]:
    """Which of these deals have a wish to call back that nobody has fulfilled. One statement."""
    if not deal_ids:
        return set()
    return {deal_id for (deal_id,) in fetch(tx, OPEN_ON, {"deal_ids": list(deal_ids)})}


def last_talks(
    tx: Connection, contact_ids: Collection[int], since: datetime, *, besides: Collection[int]
) -> dict[int, datetime]:
    """When somebody last got to talk with these clients, in calls begun since then; at most one
    statement.

    The calls `besides` do not count: their answer is being taken back.
    """
    if not contact_ids:
        return {}
    asked = {"contact_ids": list(contact_ids), "since": since, "besides": list(besides)}
    return dict(fetch(tx, LAST_TALKS, asked))


def fulfil(tx: Connection, conversations: Iterable[Mapping[str, Any]]) -> None:
    """Closes what waited for a talk with these: each names `client` (a contact's id) and `answered_at`.

    A missed call waits for any conversation; a call that a person or a rule set, for one from half a day
    before its time on.
    """
    write_rows(tx, FULFIL, [{**talk, "ahead": talk["answered_at"] + AHEAD} for talk in conversations])


def fulfil_repeating(
    tx: Connection, conversations: Sequence[Mapping[str, Any]], zone: Callable[[], tzinfo]
) -> None:
    """The same for calls that come again; the next of each is set. One statement if there are none."""
    if not conversations:
        return
    found = fetch(tx, REPEATING, {"clients": [talk["client"] for talk in conversations]})
    for row in found:
        task = task_from(dict(zip(tasks.columns.keys(), row, strict=True)))
        fitting = [at for at in _moments(conversations, task) if task.due_at <= at + AHEAD]
        if fitting:
            change(tx, task, done_at=fitting[0], result=CALLED)
            if (following := coming_again(task, fitting[0], zone())) is not None:
                add(tx, following)


def _moments(conversations: Sequence[Mapping[str, Any]], task: Task) -> list[datetime]:
    mine = (talk["answered_at"] for talk in conversations if talk["client"] == task.contact_id)
    return sorted(at for at in mine if task.created_at <= at)
