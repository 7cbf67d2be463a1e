"""Dry runs of robots tell what the same robots do when they really run on a copy of the house."""

from __future__ import annotations

import copy
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from sqlalchemy import update

from pbx_crm.db import calendars, deals, robots
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import contacts, deal_events, robot_runs, tasks
from pbx_crm.domain.calendar import Calendar
from pbx_crm.domain.deal import MoveRequest, Priority
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.robot import MOST_AN_HOUR, Heir, Occasion, Robot
from pbx_crm.domain.robot_trial import RobotTrial
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.working_time import Hours, Quiet
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.deal_edits import DealFields
from pbx_crm.services.deals import Deals
from pbx_crm.services.dry_runs import DryRuns
from pbx_crm.services.moves import Moves
from pbx_crm.services.robots import Robots
from pbx_crm.services.tasks import Tasks
from pbx_crm.services.triggers import Triggers
from tests.company import PBX, Company, fresh_company
from tests.stories import Story
from tests.turned_clock import TurnedClock

MONDAY = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURS = 48
LOOKS = (timedelta(0), timedelta(seconds=15))
"""When robots look in an hour: at once, and when a move has settled."""
OFFICE = Calendar(
    None, "Office", "Europe/Berlin", None, ((Hours(9 * 60, 18 * 60),),) * 5 + ((), ()), Quiet(20 * 60, 8 * 60)
)
NUMBERS = ("+79161234501", "+79161234502", "+79161234503")


class House:
    """A company whose people work by a clock that is turned by hand."""

    def __init__(self, company: Company, now: datetime = MONDAY) -> None:
        self.company, self.clock = company, TurnedClock(now)
        self.database = company.database
        parts = (self.database, company.live, self.clock)
        self.robots, self.tasks, self.moves = Robots(*parts), Tasks(*parts), Moves(*parts)
        self.deals = Deals(*parts, Installation("RU", "en", "UTC", "EUR"))
        self.dry_runs = DryRuns(self.database, self.clock, {})

    @contextmanager
    def copied(self) -> Iterator[House]:
        """The same house on a copy of its database's file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "copy.db"
            with closing(sqlite3.connect(str(self.database.engine.url.database))) as here:
                here.execute("VACUUM INTO ?", (str(path),))
            twin = copy.copy(self.company)
            twin.database = Database.open(f"sqlite:///{path}")
            twin.intake = CallIntake(twin.database, twin.live, self.clock, {PBX: NumberPlan("RU")})
            yield House(twin, self.clock())
            twin.database.close()

    async def card(self, *, stage: int = 1, number: str | None = None, **more: Any) -> int:
        """Anna's card, made now."""
        client = await self.company.client("", *((number,) if number else ()))
        owner = more.pop("owner", self.company.anna)
        return await self.company.deal(owner, client, stage=stage, at=self.clock(), **more)

    def robot(self, **settings: Any) -> Robot:
        """A robot on trial."""
        return Robot(None, self.company.funnel.id, **{"name": "trial", "hours": 2, **settings})

    async def switched_on(self, robot: Robot) -> Robot:
        """The robot in force from now on."""
        robot_id = await self.database.write(robots.add, robot)
        await self.robots.switch(self.company.olga, robot_id, True)
        return await self.database.read(robots.get, robot_id)

    async def tried(self, robot: Robot, days: int = 2) -> RobotTrial:
        """What the dry run says now of the last days."""
        return (await self.dry_runs.of_robot(robot, days)).run

    async def move(self, deal_id: int, stage: int) -> int:
        deal = await self._deal(deal_id)
        to = self.company.funnel.stages[stage].id
        request = MoveRequest(to, deal.version, f"{deal_id}:{deal.version}", reason="so")
        moved = await self.moves.move(self.company.olga, deal_id, request)
        return moved.move.id if moved.move else 0

    async def give(self, deal_id: int, to: int) -> None:
        await self.deals.hand_over(self.company.olga, deal_id, to, (await self._deal(deal_id)).version)

    async def _deal(self, deal_id: int) -> Any:
        return await self.database.read(deals.get, deal_id, self.company.olga.scope)

    async def expect(self, deal_id: int, day: date) -> None:
        deal = await self._deal(deal_id)
        plain = (deal.version, None, deal.title, deal.source, deal.amount, deal.priority)
        await self.deals.change(self.company.olga, deal_id, DealFields(*plain, expected_close=day))

    async def call(self, number: str) -> None:
        """Anna talks with the client for a moment."""
        story = Story.outgoing(number, "101", at=self.clock())
        await self.company.play(story.answers("101", after=0).ends(after=0))

    async def finish_first(self, deal_id: int) -> None:
        mine = (row for row in await self.company.rows(tasks, deal_id=deal_id) if row["cause"] is None)
        if (task := next((row for row in mine if row["done_at"] is None), None)) is not None:
            await self.tasks.finish(self.company.olga, task["id"], UTC)

    async def act(self, what: str, number: int, deal_id: int) -> None:
        """What a person does in this hour."""
        olga, now = self.company.olga, self.clock()
        match what:
            case "note":
                await self.deals.add_note(olga, deal_id, "asked again")
            case "move":
                await self.move(deal_id, 1 + (now.hour + number) % 3)
            case "call":
                await self.call(NUMBERS[number])
            case "offer" | "wish" | "meeting":
                kind = {"offer": TaskKind.OFFER, "meeting": TaskKind.MEETING}.get(what, TaskKind.CALL)
                until = 9 * HOUR if kind is TaskKind.MEETING else 3 * HOUR
                await self.tasks.add_to_deal(olga, deal_id, kind, now + until)
            case "finish":
                await self.finish_first(deal_id)
            case "expect":
                await self.expect(deal_id, now.date() + timedelta(days=1 + number))

    async def live(self, acts: list[tuple[int, str, int]], cards: list[int]) -> None:
        """The days go by: people act, and robots look."""
        begin = self.clock()
        for hour in range(HOURS):
            for look in LOOKS:
                self.clock.now = begin + hour * HOUR + look
                for at, what, number in sorted(acts):
                    if look == LOOKS[0] and at == hour:
                        await self.act(what, number, cards[number])
                await self.robots.sweep()
        self.clock.now = begin + HOURS * HOUR - timedelta(seconds=1)

    async def really(self) -> dict[str, Any]:
        """What the robots did."""
        runs = await self.company.rows(robot_runs)
        told = [row["details"] for row in await self.company.rows(deal_events)]
        by_robot = [details["id"] for details in told if str(details.get("id", "")).startswith("robot_")]
        return {
            "acts": sorted((row["deal_id"], row["since"], row["at"]) for row in runs),
            "tasks": by_robot.count("robot_task"),
            "handed over": by_robot.count("robot_owner"),
            "ranked": by_robot.count("robot_priority"),
        }


def told(trial: RobotTrial) -> dict[str, Any]:
    """The same of a dry run."""
    return {
        "acts": sorted((act.deal_id, act.since, act.at) for act in trial.own),
        "tasks": trial.tasks,
        "handed over": trial.handed_over,
        "ranked": trial.ranked,
    }


@pytest.fixture
def house(database: Database) -> House:
    return House(Company(database))


ACTS = some.lists(
    some.tuples(
        some.integers(0, HOURS - 2),
        some.sampled_from(["note", "move", "call", "offer", "wish", "meeting", "finish", "expect"]),
        some.integers(0, 2),
    ),
    max_size=14,
)
TERMS = some.fixed_dictionaries(
    {
        "occasion": some.sampled_from(list(Occasion)),
        "hours": some.integers(1, 4),
        "task_kind": some.sampled_from([None, TaskKind.CALL, TaskKind.OFFER]),
        "heir": some.sampled_from([None, Heir.ROTA, Heir.FEWEST, Heir.RESPONSIBLE]),
        "priority": some.just(Priority.HIGH),
    }
)


@settings(
    max_examples=8,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # an example is two days of a house: shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ACTS, TERMS, some.booleans())
async def test_it_tells_what_really_running_the_robot_on_a_copy_of_the_house_does(
    migrated_file: Path, acts: list[tuple[int, str, int]], terms: dict[str, Any], keeps_hours: bool
) -> None:
    with fresh_company(migrated_file) as company:
        as_it_was = House(company)
        if keeps_hours:
            await company.database.write(calendars.add, OFFICE)
        cards = [await as_it_was.card(number=number) for number in NUMBERS]
        with as_it_was.copied() as twin:
            await twin.switched_on(twin.robot(**terms))
            await twin.live(acts, cards)
            await as_it_was.live(acts, cards)
            trial = await as_it_was.dry_runs.of_robot(as_it_was.robot(**terms), 2)
            assert told(trial.run) == await twin.really()
            assert await company.rows(robot_runs) == [], "nothing is written"


async def test_a_card_is_acted_upon_once_for_each_stretch(house: House) -> None:
    deal_id = await house.card()
    house.clock.go_on(5 * HOUR)
    await house.deals.add_note(house.company.olga, deal_id, "asked again")
    house.clock.go_on(5 * HOUR)
    trial = await house.tried(house.robot(task_kind=TaskKind.CALL))
    assert [act.at for act in trial.own] == [MONDAY + 7 * HOUR, MONDAY + 2 * HOUR], "the latest first"
    assert (trial.cards, trial.deals, trial.tasks) == (1, 1, 2)


async def test_what_came_due_before_the_days_is_left_alone(house: House) -> None:
    await house.card()
    house.clock.go_on(timedelta(days=4))
    assert (await house.tried(house.robot(priority=Priority.LOW), days=3)).own == ()
    assert (await house.tried(house.robot(priority=Priority.LOW), days=5)).ranked == 1


async def test_what_is_closed_or_gone_on_before_its_time_is_left_alone(house: House) -> None:
    gone, stays = await house.card(), await house.card()
    house.clock.go_on(HOUR)
    await house.move(gone, 2)
    house.clock.go_on(2 * HOUR)
    robot = house.robot(occasion=Occasion.ENTERED, stage_id=house.company.funnel.stages[1].id, advice="Go on")
    assert {act.deal_id for act in (await house.tried(robot)).own} == {stays}


async def test_a_move_that_was_undone_leaves_the_card_as_long_in_its_stage_as_it_was(house: House) -> None:
    deal_id = await house.card()
    house.clock.go_on(HOUR)
    move_id = await house.move(deal_id, 2)
    await house.moves.undo(house.company.olga, deal_id, move_id, "undo")
    house.clock.go_on(3 * HOUR)
    robot = house.robot(occasion=Occasion.ENTERED, stage_id=house.company.funnel.stages[1].id, advice="Go on")
    assert [act.at for act in (await house.tried(robot)).own] == [MONDAY + 2 * HOUR]


async def test_nobody_is_brought_more_cards_an_hour_than_robots_may(house: House) -> None:
    for _ in range(MOST_AN_HOUR + 3):
        await house.card()
    house.clock.go_on(6 * HOUR)
    trial = await house.tried(house.robot(advice="Go on"))
    acts = [act.at for act in trial.own]
    assert (acts.count(MONDAY + 2 * HOUR), acts.count(MONDAY + 3 * HOUR)) == (MOST_AN_HOUR, 3)


async def test_cards_other_robots_brought_count_towards_that(house: House) -> None:
    await house.switched_on(house.robot(name="other", hours=1, advice="Look"))
    for _ in range(MOST_AN_HOUR):
        await house.card()
    house.clock.go_on(HOUR + timedelta(minutes=30))
    assert await house.robots.sweep() == MOST_AN_HOUR
    house.clock.go_on(6 * HOUR)
    first = (await house.tried(house.robot(advice="Go on"))).own[-1].at
    assert first == MONDAY + 2 * HOUR + timedelta(minutes=30), "an hour after the other one's"


async def test_a_person_who_chose_another_owner_afterwards_is_counted(house: House) -> None:
    company = house.company
    kept, changed = await house.card(), await house.card()
    house.clock.go_on(3 * HOUR)
    await house.give(changed, company.clara.id)
    trial = await house.tried(house.robot(heir=Heir.PERSON, owner_id=company.boris.id))
    by_card = {act.deal_id: act for act in trial.own}
    assert (by_card[kept].new_owner_id, by_card[kept].was_undone) == (company.boris.id, False)
    assert by_card[changed].was_undone
    assert trial.undone == 1


async def test_an_act_of_the_robot_that_a_person_took_back_is_counted(house: House) -> None:
    company = house.company
    robot = await house.switched_on(house.robot(priority=Priority.HIGH))
    deal_id = await house.card()
    house.clock.go_on(2 * HOUR)
    assert await house.robots.sweep() == 1
    (event,) = await company.rows(deal_events)
    rules = Triggers(house.database, company.live, house.clock)
    await rules.take_back(company.olga, deal_id, event["id"])
    house.clock.go_on(HOUR)
    trial = await house.tried(robot)
    assert (len(trial.own), trial.undone) == (1, 1)


async def test_the_difference_to_the_robot_in_force_is_told(house: House) -> None:
    robot = await house.switched_on(house.robot(advice="Go on"))
    early = await house.card()
    house.clock.go_on(2 * HOUR)
    late = await house.card()
    house.clock.go_on(2 * HOUR + timedelta(minutes=5))
    same = await house.tried(robot)
    assert (same.deals, same.gained, same.lost) == (2, frozenset(), frozenset())
    slower = await house.tried(replace(robot, hours=3))
    assert (slower.deals, slower.gained, slower.lost) == (1, frozenset(), frozenset({late}))
    new = await house.tried(replace(robot, id=None, name="new", hours=4))
    assert new.gained == {early}, "nothing is in force in a new one's place"


async def test_what_the_robot_really_did_is_left_out_of_its_trial(house: House) -> None:
    boris = house.company.boris.id
    robot = await house.switched_on(house.robot(heir=Heir.PERSON, owner_id=boris, task_kind=TaskKind.OFFER))
    await house.card()
    house.clock.go_on(2 * HOUR)
    assert await house.robots.sweep() == 1
    house.clock.go_on(HOUR)
    trial = await house.tried(robot)
    assert [(act.owner_id, act.new_owner_id) for act in trial.own] == [(house.company.anna.id, boris)]


async def test_a_client_who_wants_no_calls_gets_no_task_to_call(house: House) -> None:
    deal_id = await house.card()
    deal = await house.database.read(deals.get, deal_id, house.company.olga.scope)
    asked = update(contacts).where(contacts.c.id == deal.contact_id).values(do_not_call=True)
    await house.database.write(lambda tx: tx.execute(asked))
    house.clock.go_on(3 * HOUR)
    assert (await house.tried(house.robot(task_kind=TaskKind.CALL))).tasks == 0
    assert (await house.tried(house.robot(task_kind=TaskKind.OFFER))).tasks == 1


async def test_a_wrong_robot_or_span_is_refused(house: House) -> None:
    with pytest.raises(BadInput) as refused:
        await house.tried(house.robot())
    assert "task_kind" in refused.value.reasons
    for days in (0, 366):
        with pytest.raises(BadInput):
            await house.tried(house.robot(advice="Go on"), days)
