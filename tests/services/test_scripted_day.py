"""A whole day by the clock: three sellers, forty clients, 120 calls, triggers and robots at work.

Forty clients live through one of four stories, each begun six minutes after the one before. What happened
to a client is told in minutes since the first call, so that all clients of a story must tell the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from pbx_crm.db import robots, triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deal_events, deals, stage_moves, tasks
from pbx_crm.domain.call import Direction, Fact
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.robot import Occasion, Robot
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, Trigger
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.robots import Robots
from tests.builders import NOW
from tests.company import PBX, Company
from tests.stories import Story, told_together
from tests.turned_clock import TurnedClock

MORNING = NOW.replace(hour=6)
CLIENTS = 40
BETWEEN = timedelta(minutes=6)
EVENING = timedelta(hours=10)
SELLERS = ("101", "102", "103")


def number_of(client: int) -> str:
    return f"+7916{client:07}"


def calls_of(client: int) -> Iterator[Story]:
    """The three calls of a client: the first comes in, the others are the seller's, one and two hours on."""
    number, seller, at = number_of(client), SELLERS[client % 3], MORNING + client * BETWEEN
    first = Story.incoming(number, at=at).rings(seller)
    second = Story.outgoing(number, seller, at=at + timedelta(hours=1))
    third = Story.outgoing(number, seller, at=at + timedelta(hours=2))
    match client % 4:
        case 0:
            yield from (first.ends(after=20), second.answers(seller).ends(after=60))
            yield third.answers(seller).ends(after=60)
        case 1:
            yield from (first.answers(seller).ends(after=60), second.ends(after=25))
            yield third.answers(seller).ends(after=60)
        case 2:
            yield from (first.answers(seller).ends(after=60), second.ends(after=25))
            yield third.ends(after=25)
        case _:
            yield from (first.answers(seller).ends(after=60), second.answers(seller).ends(after=10))
            yield third.answers(seller).ends(after=10)


class Day:
    """The company from morning to evening, its robots looking every six minutes."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock(MORNING)
        plans = {PBX: NumberPlan("RU")}
        self.company.intake = CallIntake(database, self.company.live, self.clock, plans)
        self.robots = Robots(database, self.company.live, self.clock)
        self.stories = [story for client in range(CLIENTS) for story in calls_of(client)]

    async def rules(self) -> None:
        """Beside the shipped trigger: what the second try in vain does, and a robot for what lies idle."""
        funnel = self.company.funnel
        vain = Trigger(
            None,
            funnel.id,
            "Twice in vain",
            direction=Direction.OUT,
            count=Count.TRY,
            nth=2,
            priority=Priority.LOW,
            task_kind=TaskKind.CALL,
            task_minutes=120,
        )
        await self.company.database.write(triggers.add, vain)
        waker = Robot(None, funnel.id, "Waker", Occasion.IDLE, 3, task_kind=TaskKind.OFFER)
        robot_id = await self.company.database.write(robots.add, waker)
        await self.robots.switch(self.company.olga, robot_id, True)

    async def pass_by(self, facts: list[Fact]) -> None:
        """Every fact at its moment; between them the robots."""
        look = MORNING
        for fact in [*facts, None]:
            until = fact.at if fact is not None else MORNING + EVENING
            while look <= until:
                self.clock.now = look
                await self.robots.sweep()
                look += BETWEEN
            if fact is not None:
                self.clock.now = fact.at
                await self.company.intake.take(PBX, [fact])

    async def timelines(self) -> dict[int, list[str]]:
        """By client what happened to the card, in minutes since the client's first call."""
        lines: dict[int, list[tuple[datetime, str]]] = {}
        clients = await self._clients()
        stages = {stage.id: stage.name for stage in self.company.funnel.stages}
        for move in await self.company.rows(stage_moves):
            came = stages.get(move["from_stage_id"], "·")
            words = f"{came} → {stages[move['to_stage_id']]} ({move['actor_kind']})"
            lines.setdefault(clients[move["deal_id"]], []).append((move["at"], words))
        for event in await self.company.rows(deal_events):
            told = event["details"]
            words = f"{told['id']}: {told.get('name', '')}".removesuffix(": ")
            lines[clients[event["deal_id"]]].append((event["at"], words))
        for task in await self.company.rows(tasks):
            told = lines[clients[task["deal_id"]]]
            told.append((task["created_at"], f"to do: {task['kind']}"))
            if task["done_at"] is not None:
                told.append((task["done_at"], f"done: {task['kind']}"))
        return {client: _in_minutes(client, told) for client, told in lines.items()}

    async def _clients(self) -> dict[int, int]:
        numbers = {number_of(client): client for client in range(CLIENTS)}
        return {row["deal_id"]: numbers[row["e164"]] for row in await self.company.rows(calls)}


def _in_minutes(client: int, told: list[tuple[datetime, str]]) -> list[str]:
    began = MORNING + client * BETWEEN
    return [f"{(at - began).total_seconds() / 60:5.1f} {words}" for at, words in sorted(told)]


@pytest.fixture
async def day(database: Database) -> Day:
    """The day is over."""
    made = Day(database)
    await made.rules()
    assert len(made.stories) == 120
    await made.pass_by(told_together(*made.stories))
    return made


MISSED_THEN_CALLED_BACK = """
  0.3 to do: call
  0.3 · → Unsorted (intake)
 60.1 done: call
 61.1 Unsorted → New (trigger)
306.0 robot_task: Waker
306.0 to do: offer
"""
TALKED_TWICE = """
  0.1 · → Unsorted (intake)
121.1 Unsorted → New (trigger)
306.0 robot_task: Waker
306.0 to do: offer
"""
TWICE_IN_VAIN = """
  0.1 · → Unsorted (intake)
120.4 to do: call
120.4 trigger_priority: Twice in vain
120.4 trigger_task: Twice in vain
306.0 robot_task: Waker
306.0 to do: offer
"""
ONLY_SHORT_TALKS = """
  0.1 · → Unsorted (intake)
306.0 robot_task: Waker
306.0 to do: offer
"""
EXPECTED = (MISSED_THEN_CALLED_BACK, TALKED_TWICE, TWICE_IN_VAIN, ONLY_SHORT_TALKS)


async def test_the_day_goes_as_written(day: Day) -> None:
    told = await day.timelines()
    assert sorted(told) == list(range(CLIENTS))
    for client in range(CLIENTS):
        expected = [line.strip() for line in EXPECTED[client % 4].strip().splitlines()]
        assert [line.strip() for line in told[client]] == expected, client


async def test_every_seller_is_left_with_their_own_cards_and_steps(day: Day) -> None:
    company = day.company
    rows = await company.rows(deals)
    names = {one.id: one.name for one in (company.anna, company.boris, company.clara)}
    assert Counter(names[row["owner_id"]] for row in rows) == {"Anna": 14, "Boris": 13, "Clara": 13}
    assert Counter(row["priority"] for row in rows) == {Priority.NORMAL: 30, Priority.LOW: 10}
    owners = {row["id"]: row["owner_id"] for row in rows}
    kept = [row for row in await company.rows(tasks) if row["done_at"] is None]
    assert all(row["owner_id"] == owners[row["deal_id"]] for row in kept)
    assert Counter(row["kind"] for row in kept) == {TaskKind.OFFER: 40, TaskKind.CALL: 10}


async def test_the_whole_day_told_again_changes_nothing(day: Day) -> None:
    """The PBX's records tell all of it once more in the evening, and the robots look once more."""
    before = await day.timelines()
    for story in day.stories:
        await day.company.intake.take(PBX, told_together(story)[-1:])
    assert await day.robots.sweep() == 0
    assert await day.timelines() == before
