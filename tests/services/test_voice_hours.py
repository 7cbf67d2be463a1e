"""Whom a robot may call, and when: bans, switches, nights, once a day, two at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update

from pbx_crm.db import house, regions
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import contact_numbers, deals
from pbx_crm.db.tables import robots as robot_rows
from pbx_crm.domain.line import MatchKind
from pbx_crm.domain.region import NumberRange, Place
from pbx_crm.domain.voice_call import (
    PLAN_LASTS,
    VoiceState,
    Why,
)
from pbx_crm.services.voice_messages import SWITCH
from tests.services.voice_desk import CLIENT, Desk


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database)
    await made.house.furnish()
    return made


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
