"""What a client pressed, or did not: known to card, client and rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from pbx_crm.db import erasure
from pbx_crm.db.call_figures import OUTGOING
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls as call_rows
from pbx_crm.db.tables import deal_events, deals, tasks
from pbx_crm.domain.call import CallEnded, CallStarted, Direction, Outcome
from pbx_crm.domain.line import CreateAt
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.voice_call import (
    VoiceResult,
    Why,
)
from pbx_crm.services import trigger_acts
from tests.builders import NOW
from tests.company import topics
from tests.services.voice_desk import CLIENT, MINUTE, Desk, rule
from tests.stories import Story


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.house.furnish()
    return made


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
