"""Robots call clients: once, whatever dies when; and what was pressed is known to card, client and rules."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from itertools import product
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update

from pbx_crm.db import contact_edits, erasure, house, regions, robots, triggers
from pbx_crm.db import tasks as task_rows
from pbx_crm.db.call_figures import OUTGOING
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls as call_rows
from pbx_crm.db.tables import contact_numbers, deal_events, deals, tasks
from pbx_crm.db.tables import robots as robot_rows
from pbx_crm.db.voice_calls import VoiceCall
from pbx_crm.domain.call import CallEnded, CallStarted, Direction, Outcome
from pbx_crm.domain.dialling import NoPhone, NotByClick, TooManyDials
from pbx_crm.domain.errors import PbxUnreachable, RightMissing
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.line import CreateAt, MatchKind
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.region import NumberRange, Place
from pbx_crm.domain.robot import Occasion
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.domain.trigger import Trigger
from pbx_crm.domain.voice_call import (
    OVER_AFTER,
    PLAN_LASTS,
    VoiceResult,
    VoiceRules,
    VoiceState,
    VoiceWish,
    Why,
)
from pbx_crm.domain.voice_message import MessageInUse
from pbx_crm.services import trigger_acts
from pbx_crm.services.ground import Ground
from pbx_crm.services.robots import Robots
from pbx_crm.services.voice_calls import VoiceCalls, VoiceOutlet
from pbx_crm.services.voice_messages import SWITCH, VoiceMessages
from tests.builders import NOW
from tests.company import PBX, Company, topics
from tests.stories import Story
from tests.turned_clock import TurnedClock
from tests.voice_house import VoiceHouse

HOUSE = Installation(region="RU", language="en", time_zone="UTC", currency="EUR", pbxes=(PBX,))
CLIENT = "+79161234567"
MINUTE = timedelta(minutes=1)
USUAL = VoiceRules("RU")
DAY_AND_NIGHT = VoiceRules("RU", hours=(time(0), time(23, 59, 59)), at_once=20, per_hour=1000)


class PowerCut(BaseException):
    """The program dies here."""


@dataclass
class WrittenCaller:
    """A PBX that calls clients by writing down that it was asked to."""

    is_there: bool = True
    trouble: Exception | None = None
    called: list[VoiceWish] = field(default_factory=list)
    tried: list[tuple[str, VoiceWish]] = field(default_factory=list)
    step: Callable[[], None] = lambda: None

    async def call(self, wish: VoiceWish) -> None:
        """Asked to call a client."""
        self.step()
        self.called.append(wish)
        self.step()
        if self.trouble is not None:
            raise self.trouble

    async def try_out(self, extension: str, wish: VoiceWish) -> None:
        """Asked to ring a phone of the house."""
        self.tried.append((extension, wish))
        if self.trouble is not None:
            raise self.trouble

    @property
    def numbers(self) -> list[str]:
        """Who was called."""
        return [wish.number for wish in self.called]


class Mortal:
    """A database before and after each of whose writes the program may die."""

    def __init__(self, database: Database, step: Callable[[], None]) -> None:
        self._database, self._step = database, step

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)

    async def write(self, *work: Any) -> Any:
        """As the database writes."""
        self._step()
        result = await self._database.write(*work)
        self._step()
        return result


class Desk:
    """The company, its robots, and a PBX by which they call."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.database = database
        self.clock = TurnedClock()
        self.caller = WrittenCaller()
        self.house = VoiceHouse(database, self.company.funnel, self.company.anna, self.clock)
        self.calls = self.program(database)
        self.robots = Robots(database, self.company.live, self.clock)

    def program(self, database: Any, rules: VoiceRules = USUAL) -> VoiceCalls:
        """The program as it comes up on this database."""
        made = VoiceCalls(Ground(database, self.company.live, self.clock, HOUSE, {}))
        made.offer(PBX, VoiceOutlet(self.caller, NumberPlan("RU"), rules, "74950001122"))
        return made

    async def later(self, **delta: float) -> int:
        """So much later somebody looks; how many calls are made."""
        self.clock.go_on(timedelta(**delta))
        return await self.calls.sweep()

    async def called(self, number: str = CLIENT) -> VoiceCall:
        """A call that has just been dialled."""
        planned = await self.house.plan(number)
        assert await self.calls.sweep() == 1
        return await self.house.now(planned)

    async def says(self, call: VoiceCall, said: str) -> VoiceCall:
        """The call once the dialplan has reported this."""
        assert await self.calls.reported(PBX, call.channel_id or "", said)
        return await self.house.now(call)

    async def left(self, call: VoiceCall) -> Why | None:
        """Why the call was not made; nobody was called."""
        await self.calls.sweep()
        assert self.caller.called == []
        return (await self.house.now(call)).why_not

    async def words(self, call: VoiceCall) -> str:
        """The last line of the card's history."""
        return in_words((await self.house.told(call.deal_id))[-1])

    async def is_banned(self) -> bool:
        return await self.database.read(contact_edits.is_not_to_be_called, CLIENT)


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.house.furnish()
    return made


async def test_a_planned_call_is_made_once_and_its_result_is_told(desk: Desk) -> None:
    call = await desk.called()
    (wish,) = desk.caller.called
    assert (wish.number, wish.digest, wish.keys, wish.caller_id) == (CLIENT, "0" * 64, "129", "74950001122")
    assert (call.state, call.channel_id) == (VoiceState.DIALLING, wish.channel_id)
    assert await desk.later(minutes=1) == 0
    over = await desk.says(call, "1")
    assert over.result is VoiceResult.CONFIRMED
    assert await desk.words(call) == "called by a robot, “Welcome”: the client confirmed (pressed 1)"


STEPS, NEVER = 7, 10_000
"""Before and after the writes of a round and the call itself, and once none of these."""


def dies_after(steps: int) -> Callable[[], None]:
    """Called at every step, it cuts the power after so many."""
    left = iter(range(steps))

    def step() -> None:
        if next(left, None) is None:
            raise PowerCut

    return step


async def test_whenever_the_power_fails_nobody_is_called_twice_and_every_call_ends(desk: Desk) -> None:
    for run, cuts in enumerate(product(range(STEPS), repeat=2)):
        number = f"+7916{run:07d}"
        call = await desk.house.plan(number)
        for cut in (*cuts, NEVER):
            step = dies_after(cut)
            desk.caller.step = step
            program = desk.program(Mortal(desk.database, step), DAY_AND_NIGHT)
            with suppress(PowerCut):
                await program.sweep()
            desk.caller.step = lambda: None
            desk.clock.go_on(MINUTE)
        assert desk.caller.numbers.count(number) <= 1, cuts
        desk.clock.go_on(OVER_AFTER)
        await desk.calls.sweep()
        assert (await desk.house.now(call)).state is VoiceState.OVER, cuts
        assert desk.caller.numbers.count(number) <= 1, cuts


async def test_two_processes_that_look_at_once_call_once(desk: Desk) -> None:
    other = desk.program(desk.database)
    await desk.house.plan(CLIENT)
    stale = (await desk.house.everything())[0]
    assert await desk.calls.sweep() + await other.sweep() == 1
    assert stale["state"] == VoiceState.PLANNED
    assert desk.caller.numbers == [CLIENT]


async def test_a_pbx_that_is_away_costs_nothing_but_time(desk: Desk) -> None:
    desk.caller.is_there = False
    call = await desk.house.plan(CLIENT)
    assert await desk.calls.sweep() == 0
    assert (await desk.house.now(call)).state is VoiceState.PLANNED
    desk.caller.is_there = True
    assert await desk.later(minutes=1) == 1


async def test_a_call_the_pbx_refuses_is_over(desk: Desk) -> None:
    desk.caller.trouble = RightMissing("Permission denied")
    call = await desk.called()
    assert call.result is VoiceResult.FAILED


async def test_a_call_nobody_answers_for_waits_for_its_report_and_is_never_repeated(desk: Desk) -> None:
    desk.caller.trouble = PbxUnreachable("no answer")
    call = await desk.called()
    assert call.state is VoiceState.DIALLING
    assert await desk.later(minutes=5) == 0
    assert (await desk.says(call, "2")).result is VoiceResult.DECLINED, "it rang after all"


async def test_what_nobody_reports_is_over_with_an_unknown_end_until_the_report_comes(desk: Desk) -> None:
    call = await desk.called()
    await desk.later(minutes=10)
    assert (await desk.house.now(call)).result is VoiceResult.UNKNOWN
    assert "nobody knows; it is not repeated" in await desk.words(call)
    assert (await desk.says(call, "9")).result is VoiceResult.OPTED_OUT
    assert await desk.is_banned()


async def test_the_call_log_tells_what_the_dialplan_could_not(desk: Desk) -> None:
    call = await desk.called()
    row = {"pbx": PBX, "linkedid": call.channel_id, "direction": "out", "outcome": "busy"}
    times = {"started_at": desk.clock(), "ended_at": desk.clock() + MINUTE}
    await desk.database.write(lambda tx: tx.execute(call_rows.insert().values(**row, **times)))
    await desk.later(minutes=10)
    assert (await desk.house.now(call)).result is VoiceResult.BUSY


async def test_a_result_that_is_known_stays(desk: Desk) -> None:
    call = await desk.called()
    await desk.says(call, "1")
    assert (await desk.says(call, "heard")).result is VoiceResult.CONFIRMED
    assert len(await desk.house.told(call.deal_id)) == 1


async def test_a_stranger_s_report_is_nobodys(desk: Desk) -> None:
    call = await desk.called()
    assert not await desk.calls.reported(PBX, "crm-voice-0", "9")
    assert not await desk.calls.reported("branch", call.channel_id or "", "9"), "another PBX's call"
    assert not await desk.calls.reported(PBX, call.channel_id or "", "$[1+1]")
    assert (await desk.house.now(call)).state is VoiceState.DIALLING


async def test_9_bans_the_client_and_the_ban_is_taken_back_on_the_card(desk: Desk) -> None:
    call = await desk.called()
    await desk.says(call, "9")
    assert await desk.is_banned()
    again = await desk.house.plan_for(call.deal_id)
    await desk.later(days=2)
    assert (await desk.house.now(again)).why_not is Why.DO_NOT_CALL
    event = (await desk.company.rows(deal_events, kind="voice"))[0]
    await desk.database.write(
        trigger_acts.take_back, desk.company.anna, call.deal_id, event["id"], desk.clock()
    )
    assert not await desk.is_banned()


async def test_2_gives_the_owner_a_call_task_in_working_time(desk: Desk) -> None:
    call = await desk.called()
    await desk.says(call, "2")
    task = await desk.company.one(tasks)
    assert (task["kind"], task["owner_id"]) == (TaskKind.CALL, desk.company.anna.id)
    assert task["due_at"] == desk.clock() + timedelta(hours=1)
    assert "asks for a call" in await desk.words(call)


async def test_a_pressed_key_is_a_sign_of_life_and_silence_is_none(desk: Desk) -> None:
    silent, awake = await desk.called("+79161110001"), await desk.called("+79161110002")
    desk.clock.go_on(MINUTE)
    await desk.says(silent, "heard")
    await desk.says(awake, "1")
    active = {row["id"]: row["active_at"] for row in await desk.company.rows(deals)}
    assert active[awake.deal_id] == desk.clock()
    assert active[silent.deal_id] < desk.clock()


async def rule(desk: Desk, **settings: Any) -> None:
    """A trigger of the funnel."""
    new = Trigger(None, desk.company.funnel.id, **{"name": "On voice", **settings})
    await desk.database.write(triggers.add, new)


@pytest.mark.parametrize(("said", "is_moved"), [("1", True), ("2", False), ("BUSY", False)])
async def test_what_was_pressed_sets_off_the_rules_that_wait_for_it(
    desk: Desk, said: str, is_moved: bool
) -> None:
    stages = desk.company.funnel.stages
    await rule(desk, voice_result=VoiceResult.CONFIRMED, to_stage_id=stages[2].id)
    await rule(desk, name="On calls", to_stage_id=stages[3].id, direction=Direction.OUT)
    call = await desk.called()
    for _ in range(2):
        await desk.says(call, said)
    (card,) = await desk.company.rows(deals)
    assert (card["stage_id"] == stages[2].id) == is_moved
    assert card["stage_id"] != stages[3].id, "a rule for calls between people"


async def test_a_call_that_was_not_made_sets_off_its_rule_too(desk: Desk) -> None:
    await rule(desk, voice_result=VoiceResult.NOT_CALLED, task_kind=TaskKind.CALL)
    await desk.house.plan("+37254001234")
    await desk.calls.sweep()
    assert (await desk.company.one(tasks))["kind"] == TaskKind.CALL


async def test_who_may_not_be_called_is_not_and_the_card_says_why(desk: Desk) -> None:
    abroad, nobody = await desk.house.plan("+37254001234"), await desk.house.plan(CLIENT)
    of_nobody = delete(contact_numbers).where(contact_numbers.c.number == CLIENT)
    await desk.database.write(lambda tx: tx.execute(of_nobody))
    assert await desk.left(abroad) is Why.NOT_ALLOWED
    assert await desk.left(nobody) is Why.NO_NUMBER
    assert "not called with the message “Welcome”; the number is not among" in await desk.words(abroad)


async def test_the_switches_of_the_head_hold_for_what_was_planned_before(desk: Desk) -> None:
    call = await desk.house.plan(CLIENT)
    await desk.database.write(lambda tx: house.switch(tx, SWITCH, is_on=False))
    assert await desk.left(call) is Why.SWITCHED_OFF
    await desk.database.write(lambda tx: house.switch(tx, SWITCH, is_on=True))
    other = await desk.house.plan("+79161110001")
    await desk.database.write(lambda tx: tx.execute(update(robot_rows).values(is_active=False)))
    assert await desk.left(other) is Why.SWITCHED_OFF


async def test_a_card_that_went_on_meanwhile_is_not_called_about(desk: Desk) -> None:
    call = await desk.house.plan(CLIENT)
    stage_id = desk.company.funnel.stages[2].id
    await desk.database.write(lambda tx: tx.execute(update(deals).values(stage_id=stage_id)))
    assert await desk.left(call) is Why.WENT_ON


async def test_a_client_is_called_once_a_day_whatever_cards_they_have(desk: Desk) -> None:
    first = await desk.called()
    await desk.says(first, "NOANSWER")
    second = await desk.house.plan_for(first.deal_id)
    assert await desk.calls.sweep() == 0
    assert (await desk.house.now(second)).why_not is Why.ENOUGH_TODAY
    third = await desk.house.plan_for(first.deal_id)
    assert await desk.later(days=1) == 1
    assert (await desk.house.now(third)).state is VoiceState.DIALLING


async def test_two_calls_at_once_and_the_third_when_one_is_over(desk: Desk) -> None:
    planned = [await desk.house.plan(f"+7916111000{number}") for number in range(3)]
    assert await desk.calls.sweep() == 2
    assert await desk.later(minutes=1) == 0
    await desk.says(await desk.house.now(planned[0]), "heard")
    assert await desk.later(minutes=1) == 1


async def test_at_night_a_call_waits_and_after_three_days_it_is_left(desk: Desk) -> None:
    desk.clock.go_on(timedelta(hours=12))
    night = await desk.house.plan(CLIENT)
    assert await desk.calls.sweep() == 0
    assert (await desk.house.now(night)).look_at == desk.clock() + timedelta(minutes=5)
    assert await desk.later(hours=10) == 1, "ten in the morning"
    desk.caller.is_there = False
    late = await desk.house.plan("+79161110001")
    desk.clock.go_on(PLAN_LASTS)
    desk.caller.is_there = True
    await desk.calls.sweep()
    assert (await desk.house.now(late)).why_not is Why.TOO_LATE


async def test_a_client_is_not_called_in_the_night_of_their_own_region(desk: Desk) -> None:
    east = Place("RU", "Primorsky Krai", zones=("Asia/Vladivostok",))
    await desk.database.write(regions.store, [NumberRange.between("7924", "7924", east)])
    near, far = await desk.house.plan(CLIENT), await desk.house.plan("+79241110001")
    assert await desk.calls.sweep() == 1, "noon here, ten in the evening there"
    assert (await desk.house.now(near)).state is VoiceState.DIALLING
    assert (await desk.house.now(far)).look_at == desk.clock() + timedelta(minutes=5)
    assert await desk.later(hours=12) == 0, "ten in the morning there, midnight here"
    assert await desk.later(hours=9) == 1, "nine in the morning here, seven in the evening there"


async def test_the_client_sees_the_number_of_the_cards_line(desk: Desk) -> None:
    line = await desk.company.line(match_kind=MatchKind.DID, match_value="74957654321")
    call = await desk.house.plan_for(await desk.house.deal(CLIENT, line_id=line.id))
    await desk.calls.sweep()
    assert (await desk.house.now(call)).state is VoiceState.DIALLING
    assert desk.caller.called[0].caller_id == "74957654321"


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


@pytest.fixture
def appointment(desk: Desk) -> Appointment:
    return Appointment(desk)


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


async def test_such_a_call_makes_no_card_and_is_no_sellers_try(desk: Desk) -> None:
    await desk.company.line(create_outgoing=True, create_at=CreateAt.RING)
    call = await desk.called()
    story = Story.outgoing(CLIENT, "")
    robots_own = replace(story.call, linkedid=call.channel_id or "", seller=None)
    ended = replace(robots_own, ended_at=NOW + MINUTE, outcome=Outcome.NO_ANSWER)
    await desk.company.tell([CallStarted(robots_own, NOW), CallEnded(ended, NOW + MINUTE)])
    (logged,) = await desk.company.rows(call_rows)
    assert (logged["skipped_by"], logged["deal_id"]) == ("Voice message", None)
    assert len(await desk.company.rows(deals)) == 1
    tried = await desk.database.read(
        lambda tx: tx.execute(select(func.count()).select_from(call_rows).where(OUTGOING)).scalar_one()
    )
    assert tried == 0


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


async def test_owner_and_heads_are_told_at_once_what_was_pressed(desk: Desk) -> None:
    call = await desk.called()
    anna = desk.company.listen(desk.company.anna)
    await desk.says(call, "1")
    assert f"deal-{call.deal_id}" in topics(anna)


async def test_an_erased_clients_number_is_not_kept_with_the_calls(desk: Desk) -> None:
    call = await desk.called()
    contact_id = (await desk.company.rows(deals))[0]["contact_id"]
    await desk.database.write(lambda tx: erasure.erase(tx, erasure.trace(tx, contact_id)))
    assert (await desk.house.now(call)).number is None
    assert (await desk.says(call, "9")).result is VoiceResult.OPTED_OUT, "and the report harms nobody"
