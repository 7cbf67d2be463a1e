"""What robots plan calls for: a stage entered, a meeting tomorrow, the head's own try."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from pbx_crm.db import robots
from pbx_crm.db import tasks as task_rows
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deal_events, tasks
from pbx_crm.domain.dialling import NoPhone, NotByClick, TooManyDials
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.robot import Occasion
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.domain.voice_call import (
    VoiceState,
    Why,
)
from pbx_crm.domain.voice_message import MessageInUse
from pbx_crm.services import trigger_acts
from pbx_crm.services.ground import Ground
from pbx_crm.services.voice_messages import VoiceMessages
from tests.services.voice_desk import CLIENT, HOUSE, MINUTE, Desk


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.house.furnish()
    return made


@pytest.fixture
def appointment(desk: Desk) -> Appointment:
    return Appointment(desk)


async def test_a_robot_plans_a_call_for_a_stage_entered_which_a_seller_takes_back(desk: Desk) -> None:
    deal_id = await desk.house.deal(CLIENT)
    desk.clock.go_on(MINUTE)
    assert await desk.robots.sweep() == 1
    assert await desk.robots.sweep() == 0
    (planned,) = await desk.house.everything()
    told = await desk.house.told(deal_id)
    assert in_words(told[0]) == (
        "the robot “Caller” wants the client called with the message “Welcome”; "
        "it entered its stage 0 working hours before"
    )
    event = (await desk.company.rows(deal_events, kind="robot"))[0]
    await desk.database.write(trigger_acts.take_back, desk.company.anna, deal_id, event["id"], desk.clock())
    assert await desk.calls.sweep() == 0
    assert (await desk.house.everything())[0]["why_not"] == Why.TAKEN_BACK
    assert planned["state"] == VoiceState.PLANNED


class Appointment:
    """A card with a meeting, and the robot that calls a day before."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def agreed(self, due: timedelta) -> None:
        """The card's meeting is due so long from now."""
        robot = await self.desk.database.read(robots.get, self.desk.house.robot_id)
        before = replace(robot, occasion=Occasion.MEETING, hours=24, stage_id=None)
        await self.desk.database.write(robots.change, before)
        deal_id = await self.desk.house.deal(CLIENT)
        now = self.desk.clock()
        new = NewTask(TaskKind.MEETING, self.desk.company.anna.id, now + due, now, deal_id)
        await self.desk.database.write(task_rows.add, new)

    async def hours_later(self, hours: float) -> int:
        """So much later the robots look, and whoever calls; how many calls are made."""
        self.desk.clock.go_on(timedelta(hours=hours))
        await self.desk.robots.sweep()
        return await self.desk.calls.sweep()

    async def moved_by(self, delta: timedelta) -> None:
        """The meeting is put off."""
        query = update(tasks).values(due_at=tasks.c.due_at + delta)
        row = await self.desk.company.one(tasks)
        query = update(tasks).values(due_at=row["due_at"] + delta)
        await self.desk.database.write(lambda tx: tx.execute(query))


async def test_a_day_before_a_meeting_the_client_is_called_once(appointment: Appointment) -> None:
    await appointment.agreed(timedelta(hours=49))
    assert await appointment.hours_later(24) == 0
    assert await appointment.hours_later(1.5) == 1
    assert await appointment.hours_later(1) == 0


async def test_a_meeting_that_was_moved_is_called_about_a_day_before_its_new_time(
    appointment: Appointment,
) -> None:
    await appointment.agreed(timedelta(hours=49))
    appointment.desk.caller.is_there = False
    await appointment.hours_later(25.5)
    await appointment.moved_by(timedelta(days=1))
    appointment.desk.caller.is_there = True
    assert await appointment.hours_later(0.1) == 0
    assert [row["why_not"] for row in await appointment.desk.house.everything()] == [Why.WENT_ON]
    assert await appointment.hours_later(24) == 1


async def test_who_has_just_agreed_on_a_meeting_is_not_called_about_it(appointment: Appointment) -> None:
    await appointment.agreed(timedelta(hours=3))
    assert await appointment.hours_later(0.1) == 0
    assert [row["why_not"] for row in await appointment.desk.house.everything()] == [Why.TOO_SOON]


async def test_a_meeting_that_was_held_is_called_about_no_more(appointment: Appointment) -> None:
    await appointment.agreed(timedelta(hours=49))
    now = appointment.desk.clock()
    await appointment.desk.database.write(lambda tx: tx.execute(update(tasks).values(done_at=now)))
    assert await appointment.hours_later(26) == 0


async def test_the_head_tries_a_message_on_their_own_phone_once_a_click(desk: Desk) -> None:
    anna = desk.company.anna
    for _ in range(2):
        await desk.calls.try_out(anna, desk.house.message_id, "click")
    ((extension, wish),) = desk.caller.tried
    assert (extension, wish.keys) == ("101", "129")
    for key in ("second", "third"):
        await desk.calls.try_out(anna, desk.house.message_id, key)
    with pytest.raises(TooManyDials):
        await desk.calls.try_out(anna, desk.house.message_id, "fourth")
    with pytest.raises(NoPhone):
        await desk.calls.try_out(desk.company.olga, desk.house.message_id, "no phone")
    desk.caller.is_there = False
    with pytest.raises(NotByClick):
        await desk.calls.try_out(anna, desk.house.message_id, "away")


async def test_a_message_stays_while_a_robot_calls_with_it(desk: Desk) -> None:
    messages = VoiceMessages(Ground(desk.database, desk.company.live, desk.clock, HOUSE, {}))
    with pytest.raises(MessageInUse):
        await messages.drop(desk.company.olga, desk.house.message_id)
    await desk.robots.drop(desk.company.olga, desk.house.robot_id)
    await messages.drop(desk.company.olga, desk.house.message_id)
    assert (await messages.shelf()).messages == []
