"""Reminders: what a person asked to be told of ahead of time, until they have seen it."""

from __future__ import annotations

from datetime import datetime

from pbx_crm.db import calendars, tasks, todays
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.person import Person
from pbx_crm.domain.today import Section, TaskRow
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


class Reminders:
    """They are shown, not sent; in the house's quiet hours none is, and none is lost by that."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def due(self, viewer: Person) -> Section[TaskRow]:
        """The viewer's own open tasks whose time to be reminded has come, the earliest first."""
        return await self._database.read(_due, viewer, self._clock())

    async def seen(self, viewer: Person, task_id: int) -> None:
        """This task is not reminded of again unless it is put off; NotFound."""
        await self._database.write(_seen, viewer, task_id)
        self._live.tell({"tasks"}, {viewer.id})


def _due(tx: Transaction, viewer: Person, now: datetime) -> Section[TaskRow]:
    found = todays.to_remind(tx, viewer.scope, viewer.id, now)
    if found.rows and calendars.working_times(tx).house.is_quiet(now):
        return Section()
    return found


def _seen(tx: Transaction, viewer: Person, task_id: int) -> None:
    task = tasks.lock(tx, task_id, viewer.scope)
    if task.remind_at is not None:
        tasks.change(tx, task, remind_at=None)
