"""Reminders: asked for with the task, shown when it is time, silent at night, gone once seen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db import calendars
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import tasks
from pbx_crm.domain.calendar import Calendar
from pbx_crm.domain.working_time import Hours, Quiet
from tests import builders
from tests.builders import NOW
from tests.site import Browser, Crm


@pytest.fixture
async def anna(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.anna)


@pytest.fixture
async def deal_id(crm: Crm) -> int:
    """Anna's deal with Vector."""

    def make(tx: Transaction) -> int:
        funnel = builders.funnel(tx)
        return builders.deal(tx, funnel, crm.cast.anna, contact_id=builders.contact(tx, "Vector"))

    return await crm.database.write(make)


async def set_task(browser: Browser, deal_id: int, **more: str) -> int:
    """A call at six in the evening in Moscow, three hours from now."""
    data = {"kind": "call", "due_at": "2026-11-21T18:00", "title": "About fibre", **more}
    return (await browser.post(f"/deals/{deal_id}/tasks", data=data)).status


async def shown(browser: Browser) -> str:
    return await (await browser.get("/reminders")).text()


async def test_a_reminder_shows_when_it_is_time_and_until_it_is_seen(
    crm: Crm, anna: Browser, deal_id: int
) -> None:
    await set_task(anna, deal_id, remind="60")
    crm.clock.now = NOW + timedelta(minutes=119)
    assert "About fibre" not in await shown(anna)
    crm.clock.now = NOW + timedelta(minutes=120)
    assert "Vector" in await shown(anna)
    task_id = (await crm.database.read(lambda tx: tx.execute(tasks.select()).one())).id
    answer = await anna.post(f"/reminders/{task_id}/seen", headers={"HX-Request": "true"})
    assert "About fibre" not in await answer.text()
    assert "About fibre" not in await shown(anna)


async def test_a_task_that_is_put_off_reminds_again(crm: Crm, anna: Browser, deal_id: int) -> None:
    await set_task(anna, deal_id, remind="15")
    crm.clock.now = NOW + timedelta(hours=3)
    task_id = (await crm.database.read(lambda tx: tx.execute(tasks.select()).one())).id
    await anna.post(f"/reminders/{task_id}/seen")
    await anna.post(f"/today/tasks/{task_id}/later", data={"by": "hour"})
    crm.clock.now = NOW + timedelta(hours=3, minutes=44)
    assert "About fibre" not in await shown(anna)
    crm.clock.now = NOW + timedelta(hours=3, minutes=45)
    assert "About fibre" in await shown(anna)


async def test_in_quiet_hours_nothing_is_shown_and_nothing_lost(
    crm: Crm, anna: Browser, deal_id: int
) -> None:
    quiet = Calendar(None, "House", "Europe/Moscow", None, ((Hours(0, 1440),),) * 7, Quiet(17 * 60, 19 * 60))
    await crm.database.write(calendars.add, quiet)
    await set_task(anna, deal_id, remind="15")
    crm.clock.now = NOW + timedelta(hours=3)
    assert "About fibre" not in await shown(anna)
    crm.clock.now = NOW + timedelta(hours=4)
    assert "About fibre" in await shown(anna)


async def test_nobody_else_is_reminded_and_a_done_task_is_not(crm: Crm, anna: Browser, deal_id: int) -> None:
    await set_task(anna, deal_id, remind="0")
    crm.clock.now = NOW + timedelta(hours=5)
    for other in (crm.cast.boris, crm.cast.olga):
        assert "About fibre" not in await shown(await crm.browser(other))
    task_id = (await crm.database.read(lambda tx: tx.execute(tasks.select()).one())).id
    await anna.post(f"/today/tasks/{task_id}/done")
    assert "About fibre" not in await shown(anna)


async def test_a_repeating_task_keeps_its_reminder(crm: Crm, anna: Browser, deal_id: int) -> None:
    await set_task(anna, deal_id, remind="15", repeat="day")
    task_id = (await crm.database.read(lambda tx: tx.execute(tasks.select()).one())).id
    await anna.post(f"/today/tasks/{task_id}/done")
    again = await crm.database.read(lambda tx: tx.execute(tasks.select().where(tasks.c.id > task_id)).one())
    assert again.due_at - again.remind_at == timedelta(minutes=15)


@pytest.mark.parametrize("remind", ["7", "-1", "soon"])
async def test_another_lead_than_those_offered_is_refused(
    crm: Crm, anna: Browser, deal_id: int, remind: str
) -> None:
    assert await set_task(anna, deal_id, remind=remind) == 422
    assert await crm.database.read(lambda tx: tx.execute(tasks.select()).all()) == []


async def test_the_step_set_from_the_board_may_remind_too(crm: Crm, anna: Browser, deal_id: int) -> None:
    data = {"kind": "meeting", "due_at": "2026-11-21T18:00", "remind": "1440"}
    await anna.post(f"/deals/{deal_id}/step", data=data)
    task = await crm.database.read(lambda tx: tx.execute(tasks.select()).one())
    assert task.due_at - task.remind_at == timedelta(days=1)
