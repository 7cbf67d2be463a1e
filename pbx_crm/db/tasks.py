"""Tasks as rows. A viewer sees their own and those of the deals they see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select, update

from pbx_crm.db.contact_edits import wants_no_calls
from pbx_crm.db.scoped import tasks_in
from pbx_crm.db.tables import tasks
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope
from pbx_crm.domain.task import CALL_BACK_CAUSE, NewTask, Repeat, Task, TaskKind

MOST = 200


def add(tx: Connection, new: NewTask) -> int | None:
    """The new task's id; None if its cause has led to a task before.

    No rule calls a client who asked not to be called; one who called in vain is waiting for it.
    """
    by_rule = new.cause is not None and not new.cause.startswith(CALL_BACK_CAUSE)
    if by_rule and new.kind is TaskKind.CALL and wants_no_calls(tx, new.contact_id):
        return None
    return insert_new(tx, tasks, asdict(new))


def lock(tx: Connection, task_id: int, scope: Scope) -> Task:
    """The task, held until this transaction ends; NotFound outside the viewer's scope."""
    query = select(tasks).where(tasks.c.id == task_id, tasks_in(scope)).with_for_update()
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(task_id=task_id)
    return task_from(dict(row))


def of_deal(tx: Connection, deal_id: int, scope: Scope) -> list[Task]:
    """The deal's tasks: open ones first by due time, then the done ones, latest first."""
    query = select(tasks).where(tasks.c.deal_id == deal_id, tasks_in(scope)).limit(MOST)
    found = [
        task_from(dict(row)) for row in tx.execute(query.order_by(tasks.c.due_at, tasks.c.id)).mappings()
    ]
    done = sorted((task for task in found if task.done_at), key=lambda task: str(task.done_at), reverse=True)
    return [task for task in found if task.done_at is None] + done


def listed(
    tx: Connection, scope: Scope, *, open_only: bool, after: tuple[datetime, int] | None, size: int
) -> list[Task]:
    """At most `size` tasks due later than the place, the soonest due first."""
    query = select(tasks).where(tasks_in(scope))
    if open_only:
        query = query.where(tasks.c.done_at.is_(None))
    if after is not None:
        due_at, task_id = after
        at_once = and_(tasks.c.due_at == due_at, tasks.c.id > task_id)
        query = query.where(or_(tasks.c.due_at > due_at, at_once))
    query = query.order_by(tasks.c.due_at, tasks.c.id).limit(size)
    return [task_from(dict(row)) for row in tx.execute(query).mappings()]


def change(tx: Connection, task: Task, **values: Any) -> None:
    """Writes these fields and counts the version on; the task must be locked."""
    query = update(tasks).where(tasks.c.id == task.id)
    tx.execute(query.values(**values, version=task.version + 1))


def drop_caused(tx: Connection, cause: str) -> bool:
    """Whether there was an open task that this cause had led to; it is gone, one that is done stays."""
    query = delete(tasks).where(tasks.c.cause == cause, tasks.c.done_at.is_(None))
    return tx.execute(query).rowcount == 1


def hand_over(tx: Connection, deal_id: int, from_id: int, to_id: int) -> None:
    """The open tasks that one person has on this deal become another's."""
    mine = (tasks.c.deal_id == deal_id, tasks.c.owner_id == from_id, tasks.c.done_at.is_(None))
    tx.execute(update(tasks).where(*mine).values(owner_id=to_id))


def task_from(row: Mapping[str, Any]) -> Task:
    """The task in a whole row of the table."""
    repeat = Repeat(row["repeat"]) if row["repeat"] else None
    return Task(**{**row, "kind": TaskKind(row["kind"]), "repeat": repeat})


def is_caused(tx: Connection, cause: str) -> bool:
    """Whether this cause has led to a task."""
    return tx.execute(select(tasks.c.id).where(tasks.c.cause == cause)).first() is not None
