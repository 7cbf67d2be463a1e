"""Robots call clients: once, whatever dies when, and every call ends."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from itertools import product

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls as call_rows
from pbx_crm.domain.errors import PbxUnreachable, RightMissing
from pbx_crm.domain.voice_call import (
    OVER_AFTER,
    VoiceResult,
    VoiceState,
)
from tests.company import PBX
from tests.services.voice_desk import CLIENT, DAY_AND_NIGHT, MINUTE, Desk, Mortal, PowerCut

STEPS, NEVER = 7, 10_000
"""Before and after the writes of a round and the call itself, and once none of these."""


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
