"""What sellers do with tasks: set the next step, finish it, put it off."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, tzinfo

from pbx_crm.db import deals, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import NewTask, PutOff, Task, TaskKind, put_off
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

LONGEST_TITLE = 200


class Tasks:
    """Every method is one transaction; the deal's card and its column are told afterwards."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def add_to_deal(
        self, viewer: Person, deal_id: int, kind: TaskKind, due_at: datetime, title: str = ""
    ) -> None:
        """The deal's owner has this to do until then; BadInput for too long a title."""
        if len(title) > LONGEST_TITLE:
            raise BadInput(reasons={"title": N_("At most 200 characters.")})
        new = NewTask(kind, viewer.id, due_at, self._clock(), title=title)
        self._tell(*await self._database.write(_add, viewer, deal_id, new))

    async def finish(self, viewer: Person, task_id: int, result: str = "") -> None:
        """The task is done; a second time changes nothing."""
        self._tell(*await self._database.write(_finish, viewer, task_id, self._clock(), result))

    async def put_off(self, viewer: Person, task_id: int, by: PutOff, zone: tzinfo) -> None:
        """The task is due later; "tomorrow" is that of `zone`. A task that is done stays as it is."""
        self._tell(*await self._database.write(_put_off, viewer, task_id, by, self._clock(), zone))

    def _tell(self, task: Task | NewTask, stage_id: int | None) -> None:
        topics = {"tasks"}
        if stage_id is not None:
            topics |= {f"deal-{task.deal_id}", f"stage-{stage_id}"}
        self._live.tell(topics, {task.owner_id})


def _add(tx: Transaction, viewer: Person, deal_id: int, new: NewTask) -> tuple[NewTask, int | None]:
    deal = deals.get(tx, deal_id, viewer.scope)
    owned = replace(new, owner_id=deal.owner_id, deal_id=deal.id, contact_id=deal.contact_id)
    tasks.add(tx, owned)
    deals.touch(tx, deal.id, new.created_at)
    return owned, deal.stage_id


def _finish(
    tx: Transaction, viewer: Person, task_id: int, now: datetime, result: str
) -> tuple[Task, int | None]:
    task = tasks.lock(tx, task_id, viewer.scope)
    tasks.finish(tx, task_id, now, result)
    return task, _stage_of(tx, task, viewer)


def _put_off(
    tx: Transaction, viewer: Person, task_id: int, by: PutOff, now: datetime, zone: tzinfo
) -> tuple[Task, int | None]:
    task = tasks.lock(tx, task_id, viewer.scope)
    if task.done_at is None:
        tasks.postpone(tx, task_id, put_off(task.due_at, by, now, zone))
    return task, _stage_of(tx, task, viewer)


def _stage_of(tx: Transaction, task: Task, viewer: Person) -> int | None:
    if task.deal_id is None:
        return None
    # A review task may lie on a card that its owner no longer sees.
    return deals.stage_of(tx, task.deal_id, viewer.scope)
