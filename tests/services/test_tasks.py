"""What sellers plan: done once, put off and taken back, by whom it belongs to and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pbx_crm.db import tasks as task_rows
from pbx_crm.db.engine import Database
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.task import PutOff, Repeat, Task, TaskKind, TaskWentOn
from pbx_crm.services.tasks import Tasks
from tests import builders
from tests.builders import EVERYTHING, NOW
from tests.office import Workplace

HOUR = timedelta(hours=1)


class Desk(Workplace):
    """Anna's deal, and what is planned for it."""

    deal_id: int

    async def prepare(self) -> None:
        """The deal is there."""
        self.tasks = Tasks(self.database, self.live, self.clock)
        self.deal_id = await self.database.write(
            lambda tx: builders.deal(tx, self.funnel, self.anna, stage=1)
        )

    async def planned(self, title: str = "", repeat: Repeat | None = None, remind: int | None = None) -> Task:
        """Anna is to send an offer within the hour."""
        due = self.clock() + HOUR
        await self.tasks.add_to_deal(
            self.anna, self.deal_id, TaskKind.OFFER, due, title, repeat=repeat, remind_minutes=remind
        )
        return (await self.all())[0]

    async def all(self) -> list[Task]:
        """The deal's tasks, the open ones first."""
        return await self.database.read(task_rows.of_deal, self.deal_id, EVERYTHING)

    async def is_due(self) -> datetime:
        """When its first task is due."""
        return (await self.all())[0].due_at


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = await Desk.on(database)
    await made.prepare()
    return made


async def test_a_task_done_twice_was_done_the_first_time_and_comes_again_once(desk: Desk) -> None:
    task = await desk.planned(repeat=Repeat.DAY)
    first = await desk.tasks.finish(desk.anna, task.id, UTC)
    desk.clock.go_on(HOUR)
    second = await desk.tasks.finish(desk.anna, task.id, UTC)
    assert second.version == first.version, "a second time changes nothing"
    open_again, done = await desk.all()
    assert (done.id, done.done_at) == (task.id, NOW)
    assert open_again.due_at == task.due_at + timedelta(days=1)


async def test_undo_takes_the_task_back_with_what_it_led_to(desk: Desk) -> None:
    task = await desk.planned(repeat=Repeat.WEEK, remind=15)
    step = await desk.tasks.finish(desk.anna, task.id, UTC)
    await desk.tasks.note_result(desk.anna, task.id, "")
    with pytest.raises(TaskWentOn):
        await desk.tasks.take_back(desk.anna, task.id, step.version, task.due_at)
    await desk.tasks.take_back(desk.anna, task.id, step.version + 1, task.due_at)
    (back,) = await desk.all()
    assert (back.done_at, back.due_at, back.result) == (None, task.due_at, "")
    assert back.remind_at == task.due_at - timedelta(minutes=15)


async def test_undo_leaves_alone_what_somebody_did_meanwhile(desk: Desk) -> None:
    task = await desk.planned()
    step = await desk.tasks.put_off(desk.anna, task.id, PutOff.HOUR, UTC)
    await desk.tasks.put_off(desk.olga, task.id, PutOff.HOUR, UTC)
    with pytest.raises(TaskWentOn):
        await desk.tasks.take_back(desk.anna, task.id, step.version, task.due_at)
    assert await desk.is_due() == task.due_at + 2 * HOUR


async def test_what_is_put_off_reminds_later_too_and_what_is_done_is_not_put_off(desk: Desk) -> None:
    task = await desk.planned(remind=15)
    await desk.tasks.put_off(desk.anna, task.id, PutOff.HOUR, UTC)
    (later,) = await desk.all()
    assert (later.due_at, later.remind_at) == (NOW + 2 * HOUR, NOW + 2 * HOUR - timedelta(minutes=15))
    done = await desk.tasks.finish(desk.anna, task.id, UTC)
    again = await desk.tasks.put_off(desk.anna, task.id, PutOff.TOMORROW, UTC)
    assert again.version == done.version
    assert await desk.is_due() == NOW + 2 * HOUR


async def test_a_result_belongs_to_what_is_done(desk: Desk) -> None:
    task = await desk.planned()
    await desk.tasks.note_result(desk.anna, task.id, "They took it")
    assert (await desk.all())[0].result == ""
    await desk.tasks.finish(desk.anna, task.id, UTC)
    await desk.tasks.note_result(desk.anna, task.id, "x" * 1000)
    assert (await desk.all())[0].result == "x" * 1000
    with pytest.raises(BadInput):
        await desk.tasks.note_result(desk.anna, task.id, "x" * 1001)


async def test_another_sellers_task_is_as_if_it_were_not_there(desk: Desk) -> None:
    task = await desk.planned()
    for touched in (
        desk.tasks.finish(desk.boris, task.id, UTC),
        desk.tasks.put_off(desk.boris, task.id, PutOff.HOUR, UTC),
        desk.tasks.take_back(desk.boris, task.id, task.version, NOW),
        desk.tasks.note_result(desk.boris, task.id, "mine"),
        desk.tasks.add_to_deal(desk.boris, desk.deal_id, TaskKind.CALL, NOW),
    ):
        with pytest.raises(NotFound):
            await touched
    assert await desk.all() == [task]


async def test_what_the_head_plans_is_the_owners_to_do(desk: Desk) -> None:
    heard: list[frozenset[str]] = []
    desk.live.subscribe(desk.anna, heard.append)
    await desk.tasks.add_to_deal(desk.olga, desk.deal_id, TaskKind.MEETING, NOW + HOUR)
    (task,) = await desk.all()
    assert task.owner_id == desk.anna.id
    assert heard == [{"tasks", f"deal-{desk.deal_id}", f"stage-{desk.stage(1)}"}]


@pytest.mark.parametrize(
    ("title", "remind", "wrong"), [("x" * 201, None, "title"), ("", 16, "remind"), ("", -15, "remind")]
)
async def test_what_cannot_be_planned_is_named_and_nothing_is_kept(
    desk: Desk, title: str, remind: int | None, wrong: str
) -> None:
    with pytest.raises(BadInput) as refused:
        await desk.planned(title, remind=remind)
    assert set(refused.value.reasons) == {wrong}
    assert await desk.all() == []
    assert (await desk.planned("x" * 200)).title == "x" * 200


async def test_whoever_sees_the_card_may_do_its_task(desk: Desk) -> None:
    for who in (desk.anna, desk.olga):
        task = await desk.planned()
        await desk.tasks.finish(who, task.id, UTC)
    assert all(task.done_at for task in await desk.all())
