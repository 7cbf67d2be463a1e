"""Robots at work: what comes due is done once, to the right card, and can be taken back."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from pbx_crm.db import calendars, contacts, deals, robots
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import advices, deal_events, jobs, robot_runs, stages, tasks
from pbx_crm.db.tables import contacts as contact_rows
from pbx_crm.db.tables import deals as deal_rows
from pbx_crm.domain.calendar import Calendar
from pbx_crm.domain.deal import ActorKind, MoveRequest, NothingToUndo, Priority
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.person import Role
from pbx_crm.domain.robot import MOST_AN_HOUR, Heir, Occasion, Robot
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.working_time import Hours, Quiet
from pbx_crm.services.moves import Moves
from pbx_crm.services.robots import Robots
from pbx_crm.services.tasks import Tasks
from pbx_crm.services.triggers import Triggers
from tests import builders
from tests.builders import NOW
from tests.company import Company, topics
from tests.turned_clock import TurnedClock

DAY = timedelta(days=1)
OFFICE = ((Hours(9 * 60, 18 * 60),),) * 5 + ((),) * 2


class House:
    """A company with robots and a clock that is turned by hand."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.database = database
        self.clock = TurnedClock()
        self.robots = Robots(database, self.company.live, self.clock)
        self.tasks = Tasks(database, self.company.live, self.clock)
        self.moves = Moves(database, self.company.live, self.clock)
        self.funnel = self.company.funnel

    async def robot(self, **settings: Any) -> Robot:
        """A robot that is switched on now."""
        new = Robot(None, self.funnel.id, **{"name": "robot", "hours": 2, **settings})
        robot_id = await self.database.write(robots.add, new)
        await self.robots.switch(self.company.olga, robot_id, True)
        return await self.database.read(robots.get, robot_id)

    async def deal(self, stage: int = 1, **more: Any) -> int:
        """Anna's card, made now."""
        owner = more.pop("owner", self.company.anna)

        def make(tx: Transaction) -> int:
            return builders.deal(tx, self.funnel, owner, stage=stage, at=self.clock(), **more)

        return await self.database.write(make)

    async def later(self, **delta: float) -> int:
        """So much later the robots look; how many cards they act on."""
        self.clock.go_on(timedelta(**delta))
        return await self.robots.sweep()

    async def move(self, deal_id: int, stage: int) -> Any:
        scope = self.company.olga.scope
        deal = await self.database.read(deals.get, deal_id, scope)
        key = f"{deal_id}-{deal.version}"
        request = MoveRequest(self.funnel.stages[stage].id, deal.version, key, reason="so")
        return await self.moves.move(self.company.olga, deal_id, request)

    async def fields(self, deal_id: int) -> dict[str, Any]:
        return await self.company.one(deal_rows, id=deal_id)


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


async def test_a_card_that_lies_idle_for_two_hours_gets_a_task_once(house: House) -> None:
    await house.robot(task_kind=TaskKind.CALL, task_title="Ask how it stands", task_minutes=30)
    deal_id = await house.deal()
    assert await house.later(minutes=119) == 0
    anna = house.company.listen(house.company.anna)
    assert await house.later(minutes=1) == 1
    task = await house.company.one(tasks)
    assert (task["kind"], task["owner_id"], task["title"]) == (
        TaskKind.CALL,
        house.company.anna.id,
        "Ask how it stands",
    )
    assert task["due_at"] == house.clock() + timedelta(minutes=30)
    assert {f"deal-{deal_id}", "tasks"} <= topics(anna)
    for _ in range(3):
        assert await house.later(hours=5) == 0
    assert len(await house.company.rows(tasks)) == 1


async def test_what_it_did_stands_in_the_history_with_name_and_reason(house: House) -> None:
    await house.robot(name="Waker", priority=Priority.HIGH, task_kind=TaskKind.CALL)
    await house.deal()
    await house.later(hours=2)
    events = await house.company.rows(deal_events)
    words = [in_words(event["details"]) for event in events]
    assert words == [
        "the robot “Waker” changed the priority; nothing had happened for 2 working hours",
        "the robot “Waker” set a task; nothing had happened for 2 working hours",
    ]


async def test_a_sign_of_life_begins_the_wait_anew(house: House) -> None:
    await house.robot(priority=Priority.LOW)
    deal_id = await house.deal()
    house.clock.go_on(timedelta(minutes=100))
    await house.database.write(deals.touch, deal_id, house.clock())
    assert await house.later(minutes=60) == 0
    assert await house.later(minutes=60) == 1
    await house.database.write(deals.touch, deal_id, house.clock())
    assert await house.later(hours=2) == 1, "idle again is another occasion"


async def test_what_a_robot_does_is_no_sign_of_life(house: House) -> None:
    await house.robot(name="first", priority=Priority.LOW)
    await house.robot(name="second", hours=3, task_kind=TaskKind.CALL)
    await house.deal()
    assert await house.later(hours=2) == 1
    assert await house.later(hours=1) == 1


async def test_a_card_in_its_stage_for_long_enough_is_handed_on_in_turn(house: House) -> None:
    await house.robot(occasion=Occasion.ENTERED, stage_id=house.funnel.stages[2].id, heir=Heir.ROTA)
    ids = [await house.deal(1) for _ in range(3)]
    for deal_id in ids:
        await house.move(deal_id, 2)
    assert await house.later(hours=2) == 3
    owners = [(await house.fields(deal_id))["owner_id"] for deal_id in ids]
    boris, clara = house.company.boris.id, house.company.clara.id
    assert owners == [boris, clara, boris], "Anna has them already"
    event = (await house.company.rows(deal_events, kind="owner"))[0]
    assert event["details"]["actor"] == ActorKind.ROBOT
    assert "it entered its stage 2 working hours before" in in_words(event["details"])


async def test_a_card_goes_to_who_has_the_fewest(house: House) -> None:
    for owner in (house.company.boris, house.company.boris, house.company.clara):
        await house.deal(owner=owner)
    await house.robot(heir=Heir.FEWEST, stage_id=house.funnel.stages[2].id)
    deal_id = await house.deal(2)
    await house.later(hours=2)
    assert (await house.fields(deal_id))["owner_id"] == house.company.clara.id


async def test_a_card_goes_to_its_clients_own_seller_and_stays_where_there_is_none(house: House) -> None:
    client, stranger = await house.company.client("Vector"), await house.company.client("Orbita")
    clara = update(contact_rows).where(contact_rows.c.id == client)
    await house.database.write(lambda tx: tx.execute(clara.values(responsible_id=house.company.clara.id)))
    assert await house.database.read(contacts.name_of, client) == "Vector"
    await house.robot(heir=Heir.RESPONSIBLE)
    known, unknown, nobody = [
        await house.deal(contact_id=contact_id) for contact_id in (client, stranger, None)
    ]
    await house.later(hours=2)
    owners = [(await house.fields(deal_id))["owner_id"] for deal_id in (known, unknown, nobody)]
    assert owners == [house.company.clara.id, house.company.anna.id, house.company.anna.id]


async def test_a_card_without_a_next_step_gets_one(house: House) -> None:
    await house.robot(occasion=Occasion.STEPLESS, task_kind=TaskKind.CALL)
    planned, bare = await house.deal(), await house.deal()
    anna = house.company.anna
    await house.tasks.add_to_deal(anna, planned, TaskKind.CALL, NOW + DAY)
    assert await house.later(hours=2) == 1
    (made,) = await house.company.rows(tasks, deal_id=bare)
    house.clock.go_on(timedelta(hours=6))
    (task,) = await house.company.rows(tasks, deal_id=planned)
    await house.tasks.finish(anna, task["id"], house_zone())
    await house.tasks.finish(anna, made["id"], house_zone())
    assert await house.later(minutes=119) == 0, "since the step was done, not since the last talk"
    assert await house.later(minutes=1) == 2


def house_zone() -> Any:
    """Any zone will do where nothing comes again."""
    return NOW.tzinfo


async def test_an_overdue_task_is_told_to_the_head_but_no_robots_own(house: House) -> None:
    await house.robot(name="teller", occasion=Occasion.OVERDUE, tells_head=True)
    await house.robot(name="waker", occasion=Occasion.ENTERED, hours=1, task_kind=TaskKind.CALL)
    deal_id = await house.deal()
    await house.tasks.add_to_deal(house.company.anna, deal_id, TaskKind.OFFER, NOW + timedelta(hours=1))
    assert await house.later(hours=1) == 1, "the waker"
    assert await house.later(hours=1) == 0
    assert await house.later(hours=1) == 1, "the teller"
    advice = await house.company.one(advices)
    assert (advice["deal_id"], advice["for_head"], advice["name"]) == (deal_id, True, "teller")
    assert await house.later(days=3) == 0, "the waker's own task is late by now"


async def test_a_date_that_is_near_is_told_once_for_each_date(house: House) -> None:
    await house.robot(occasion=Occasion.CLOSE_DATE, hours=3, priority=Priority.HIGH)
    deal_id = await house.deal()

    async def expect(day: str) -> None:
        change = update(deal_rows).where(deal_rows.c.id == deal_id).values(expected_close=day)
        await house.database.write(lambda tx: tx.execute(change))

    await expect("2026-11-25")
    assert await house.later(hours=1) == 0
    assert await house.later(days=1) == 1
    assert await house.later(days=1) == 0
    await expect("2026-11-26")
    assert await house.later(hours=1) == 1
    await expect("2026-11-20")
    assert await house.later(hours=1) == 0, "a date that is past is near no more"


async def test_each_stage_may_say_how_long_a_card_may_lie_idle(house: House) -> None:
    limit = update(stages).where(stages.c.id == house.funnel.stages[2].id).values(idle_hours=5)
    await house.database.write(lambda tx: tx.execute(limit))
    await house.robot(hours=0, advice="Go on")
    limited = await house.deal(2)
    await house.deal(1)
    assert await house.later(hours=4) == 0
    assert await house.later(hours=1) == 1
    advice = await house.company.one(advices)
    assert (advice["deal_id"], advice["why"]["hours"]) == (limited, 5)


async def test_working_hours_are_counted_and_the_weekend_is_not(house: House) -> None:
    calendar = Calendar(None, "House", "Europe/Moscow", None, OFFICE)
    await house.database.write(calendars.add, calendar)
    await house.robot(priority=Priority.LOW)
    await house.deal()  # on Saturday afternoon
    assert await house.later(days=1, hours=17, minutes=59) == 0
    assert await house.later(hours=1) == 0
    assert await house.later(hours=2, minutes=1) == 1, "Monday, eleven in Moscow"


async def test_nobody_is_disturbed_in_quiet_hours_but_a_priority_is_set(house: House) -> None:
    quiet = Quiet(17 * 60, 20 * 60)
    week = ((Hours(0, 1440),),) * 7
    await house.database.write(calendars.add, Calendar(None, "House", "Europe/Moscow", None, week, quiet))
    await house.robot(name="loud", advice="Go on")
    await house.robot(name="still", priority=Priority.LOW)
    await house.deal()
    assert await house.later(hours=2) == 1
    assert await house.company.rows(advices) == []
    assert await house.later(hours=2, minutes=59) == 0
    assert await house.later(minutes=1) == 1


async def test_switched_on_it_leaves_alone_what_had_come_due_before(house: House) -> None:
    old = await house.deal()
    await house.later(hours=10)
    await house.robot(priority=Priority.LOW)
    young = await house.deal()
    assert await house.later(hours=2) == 1
    assert [run["deal_id"] for run in await house.company.rows(robot_runs)] == [young]
    assert (await house.fields(old))["priority"] == Priority.NORMAL


async def test_after_an_outage_it_catches_up_but_floods_nobody(house: House) -> None:
    await house.robot(advice="Go on")
    for _ in range(MOST_AN_HOUR + 7):
        await house.deal()
    mine = await house.deal(owner=house.company.boris)
    assert await house.later(days=2) == MOST_AN_HOUR + 1
    assert mine in [run["deal_id"] for run in await house.company.rows(robot_runs)]
    assert await house.later(minutes=30) == 0
    assert await house.later(minutes=31) == 7
    await house.deal()
    assert await house.later(days=8) == 0, "what is that old nobody needs to be told"


async def test_a_move_undone_at_once_leads_to_nothing(house: House) -> None:
    await house.robot(
        occasion=Occasion.ENTERED,
        hours=0,
        stage_id=house.funnel.stages[2].id,
        webhook_url="https://x.example",
    )
    deal_id = await house.deal(1)
    house.clock.go_on(timedelta(minutes=1))
    moved = await house.move(deal_id, 2)
    assert await house.later(seconds=10) == 0
    await house.moves.undo(house.company.olga, deal_id, moved.move.id, "undo")
    assert await house.later(minutes=5) == 0
    await house.move(deal_id, 2)
    assert await house.later(seconds=15) == 1
    job = await house.company.one(jobs)
    assert job["due_at"] == house.clock() + timedelta(seconds=15)
    assert job["payload"]["body"]["deal"]["id"] == deal_id


@pytest.mark.parametrize("stage", [-1, -2], ids=["lost", "won"])
async def test_a_closed_card_is_left_alone_unless_its_stage_is_named(house: House, stage: int) -> None:
    await house.robot(name="idle", priority=Priority.LOW)
    await house.robot(
        name="after",
        occasion=Occasion.ENTERED,
        stage_id=house.funnel.stages[stage].id,
        task_kind=TaskKind.FEEDBACK,
    )
    await house.deal(stage)
    assert await house.later(hours=2) == 1
    assert (await house.company.one(tasks))["kind"] == TaskKind.FEEDBACK


async def test_each_act_is_taken_back_by_itself(house: House) -> None:
    settings = {"task_kind": TaskKind.CALL, "priority": Priority.HIGH, "heir": Heir.PERSON}
    more = {"owner_id": house.company.boris.id, "advice": "Go on", "tells_head": True}
    await house.robot(**settings, **more)
    deal_id = await house.deal()
    await house.later(hours=2)
    triggers = Triggers(house.database, house.company.live, house.clock)
    events = await house.company.rows(deal_events)
    assert len(events) == 5
    for event in events:
        await triggers.take_back(house.company.olga, deal_id, event["id"])
        with pytest.raises(NothingToUndo):
            await triggers.take_back(house.company.olga, deal_id, event["id"])
    deal = await house.fields(deal_id)
    assert (deal["owner_id"], deal["priority"]) == (house.company.anna.id, Priority.NORMAL)
    assert await house.company.rows(tasks) == await house.company.rows(advices) == []
    assert await house.later(minutes=1) == 0, "taken back is not asked again"


async def test_the_new_owner_gets_the_task(house: House) -> None:
    await house.robot(heir=Heir.PERSON, owner_id=house.company.clara.id, task_kind=TaskKind.CALL)
    await house.deal()
    await house.later(hours=2)
    assert (await house.company.one(tasks))["owner_id"] == house.company.clara.id


async def test_a_robot_with_other_terms_begins_anew_and_one_switched_off_stops(house: House) -> None:
    robot = await house.robot(priority=Priority.LOW)
    await house.deal()
    house.clock.go_on(timedelta(hours=1))
    await house.robots.save(house.company.olga, replace(robot, hours=1))
    assert await house.later(minutes=1) == 0, "due before its new terms held"
    await house.deal()
    await house.robots.switch(house.company.olga, robot.id or 0, False)
    assert await house.later(hours=1) == 0


async def test_a_person_without_a_role_is_never_drawn(house: House) -> None:
    await house.database.write(builders.person, "Peter", Role.NONE)
    await house.robot(heir=Heir.FEWEST)
    for _ in range(4):
        await house.deal()
    await house.later(hours=2)
    owners = {deal["owner_id"] for deal in await house.company.rows(deal_rows)}
    assert owners <= {house.company.boris.id, house.company.clara.id}


async def test_two_processes_that_look_at_once_act_once(house: House) -> None:
    await house.robot(task_kind=TaskKind.CALL)
    for _ in range(5):
        await house.deal()
    house.clock.go_on(timedelta(hours=2))
    twin = Robots(house.database, house.company.live, house.clock)
    acts = await asyncio.gather(*(one.sweep() for one in (house.robots, twin, house.robots, twin)))
    assert sum(acts) == 5
    assert len(await house.company.rows(tasks)) == 5
