"""What sellers do with tasks: set the next step, finish it, put it off, take that back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from pbx_crm.db import contact_edits, deals, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import (
    REMINDERS,
    NewTask,
    PutOff,
    Repeat,
    Task,
    TaskKind,
    TaskWentOn,
    cause_of_next,
    coming_again,
    put_off,
    remind_at,
)
from pbx_crm.domain.today import Day, Today
from pbx_crm.services import todays
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

LONGEST_TITLE = 200
LONGEST_RESULT = 1000


@dataclass(frozen=True, slots=True)
class TaskStep:
    """What somebody did to a task, and all that is needed to take it back."""

    task: Task
    """As it was before."""
    version: int
    """What the step left; another one means that the task went on since."""


class Tasks:
    """Every method is one transaction; the deal's card and its column are told afterwards."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def add_to_deal(
        self,
        viewer: Person,
        deal_id: int,
        kind: TaskKind,
        due_at: datetime,
        title: str = "",
        repeat: Repeat | None = None,
        remind_minutes: int | None = None,
    ) -> None:
        """The deal's owner has this to do until then; BadInput for too long a title or another reminder."""
        if len(title) > LONGEST_TITLE:
            raise BadInput(reasons={"title": N_("At most 200 characters.")})
        if remind_minutes not in (None, *REMINDERS):
            raise BadInput(reasons={"remind": N_("This is none of the choices.")})
        new = NewTask(
            kind,
            viewer.id,
            due_at,
            self._clock(),
            title=title,
            repeat=repeat,
            remind_minutes=remind_minutes,
            remind_at=remind_at(due_at, remind_minutes),
        )
        self._tell(*await self._database.write(_add, viewer, deal_id, new))

    async def day(self, viewer: Person, of_person: int | None, zone: tzinfo) -> Today:
        """The day of this person, or of everybody (None) for a head; a seller always gets their own."""
        return await self._database.read(todays.read, viewer, of_person, Day(self._clock(), zone))

    async def finish(self, viewer: Person, task_id: int, zone: tzinfo) -> TaskStep:
        """The task is done, and comes again if it is one that does; a second time changes nothing."""
        task, stage_id = await self._database.write(finish, viewer, task_id, self._clock(), zone)
        self._tell(task, stage_id)
        return _step(task)

    async def note_result(self, viewer: Person, task_id: int, result: str) -> None:
        """What came of a task that is done; BadInput for far too much."""
        if len(result) > LONGEST_RESULT:
            raise BadInput(reasons={"result": N_("At most 1000 characters.")})
        self._tell(*await self._database.write(_note_result, viewer, task_id, result))

    async def put_off(self, viewer: Person, task_id: int, by: PutOff, zone: tzinfo) -> TaskStep:
        """The task is due later; "tomorrow" is that of `zone`. A task that is done stays as it is."""
        task, stage_id = await self._database.write(_put_off, viewer, task_id, by, self._clock(), zone)
        self._tell(task, stage_id)
        return _step(task)

    async def take_back(self, viewer: Person, task_id: int, version: int, due_at: datetime) -> None:
        """The task is open and due then, as it was before it was finished or put off; TaskWentOn."""
        self._tell(*await self._database.write(_take_back, viewer, task_id, version, due_at))

    def _tell(self, task: Task | NewTask, stage_id: int | None) -> None:
        topics = {"tasks"}
        if stage_id is not None:
            topics |= {f"deal-{task.deal_id}", f"stage-{stage_id}"}
        self._live.tell(topics, {task.owner_id})


def _step(before: Task) -> TaskStep:
    # A task that was done already was left alone.
    return TaskStep(before, before.version + (before.done_at is None))


def _add(tx: Transaction, viewer: Person, deal_id: int, new: NewTask) -> tuple[NewTask, int | None]:
    deal = deals.get(tx, deal_id, viewer.scope)
    if new.kind is TaskKind.CALL and contact_edits.wants_no_calls(tx, deal.contact_id):
        raise BadInput(reasons={"kind": N_("This client does not want to be called.")})
    owned = replace(new, owner_id=deal.owner_id, deal_id=deal.id, contact_id=deal.contact_id)
    tasks.add(tx, owned)
    deals.touch(tx, deal.id, new.created_at)
    return owned, deal.stage_id


def finish(
    tx: Transaction, viewer: Person, task_id: int, now: datetime, zone: tzinfo
) -> tuple[Task, int | None]:
    """The task as it was before it was done, and where its deal lies; see `Tasks.finish`."""
    task = tasks.lock(tx, task_id, viewer.scope)
    if task.done_at is None:
        tasks.change(tx, task, done_at=now)
        if (following := coming_again(task, now, zone)) is not None:
            tasks.add(tx, following)
    return task, _stage_of(tx, task, viewer)


def _note_result(tx: Transaction, viewer: Person, task_id: int, result: str) -> tuple[Task, int | None]:
    task = tasks.lock(tx, task_id, viewer.scope)
    if task.done_at is not None:
        tasks.change(tx, task, result=result)
    return task, _stage_of(tx, task, viewer)


def _put_off(
    tx: Transaction, viewer: Person, task_id: int, by: PutOff, now: datetime, zone: tzinfo
) -> tuple[Task, int | None]:
    task = tasks.lock(tx, task_id, viewer.scope)
    if task.done_at is None:
        due_at = put_off(task.due_at, by, now, zone)
        tasks.change(tx, task, due_at=due_at, remind_at=remind_at(due_at, task.remind_minutes))
    return task, _stage_of(tx, task, viewer)


def _take_back(
    tx: Transaction, viewer: Person, task_id: int, version: int, due_at: datetime
) -> tuple[Task, int | None]:
    task = tasks.lock(tx, task_id, viewer.scope)
    if task.version != version:
        raise TaskWentOn(task_id=task_id)
    reminder = remind_at(due_at, task.remind_minutes)
    tasks.change(tx, task, done_at=None, result="", due_at=due_at, remind_at=reminder)
    tasks.drop_caused(tx, cause_of_next(task))
    return task, _stage_of(tx, task, viewer)


def _stage_of(tx: Transaction, task: Task, viewer: Person) -> int | None:
    if task.deal_id is None:
        return None
    # A review task may lie on a card that its owner no longer sees.
    return deals.stage_of(tx, task.deal_id, viewer.scope)
