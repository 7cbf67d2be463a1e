"""Redirects and conference rooms: nothing in the events calls these a transfer."""

from __future__ import annotations

import asyncio

from tests.e2e.record_tapes.stage import Stage, answers, came_in, ends, handed, scenario, talk
from tests.e2e.truth import Truth, seconds


@scenario()
async def redirected_to_a_colleague(stage: Stage) -> list[Truth]:
    """Somebody moves the talking client to another extension over AMI."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    target = stage.phone(2)
    channel = await stage.channel_of(stage.provider)
    stage.tap.act("Redirect", Channel=channel, Context=stage.world.internal, Exten=target.name, Priority="1")
    other = await answers(await target.next_call())
    await leg.until_ended()
    await talk()
    await ends(client, other)
    step = handed("blind", leg, target.name)
    return [
        came_in(
            stage, client, "01", answered=leg, final_agent=target.name, transfers=(step,),
            more={"accept_transfers": [[]]},
        )
    ]  # fmt: skip


@scenario()
async def redirected_into_a_room(stage: Stage) -> list[Truth]:
    """Client and seller are moved into a conference; another seller dials in and the first one leaves."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    channel, extra = await stage.channel_of(stage.provider), await stage.channel_of(stage.phone(1))
    room, inside = stage.world.room, stage.world.internal
    stage.tap.act(
        "Redirect",
        Channel=channel, Context=inside, Exten=room, Priority="1",
        ExtraChannel=extra, ExtraContext=inside, ExtraExten=room, ExtraPriority="1",
    )  # fmt: skip
    await talk()
    joining = stage.phone(3).dial(room)
    await joining.until_answered()
    await talk()
    await leg.hang_up()
    await talk()
    await ends(client)
    await joining.hang_up()
    return [came_in(stage, client, "01", answered=leg, final_agent=joining.party.name)]


@scenario()
async def client_waits_in_a_room(stage: Stage) -> list[Truth]:
    """The client is put into a room first; two sellers dial in, the first one leaves."""
    client = stage.calls_in("19")
    await client.until_answered()
    await talk()
    first = stage.phone(1).dial(stage.world.room)
    await first.until_answered()
    await talk()
    second = stage.phone(2).dial(stage.world.room)
    await second.until_answered()
    await talk()
    await first.hang_up()
    await talk(0.8)
    await ends(client)
    await second.hang_up()
    return [came_in(stage, client, "19", answered=first, final_agent=second.party.name)]


@scenario()
async def sellers_wait_in_a_room(stage: Stage) -> list[Truth]:
    """Two sellers are in the room before the client comes; the client leaves first."""
    sellers = [stage.phone(n).dial(stage.world.room) for n in (4, 5)]
    await asyncio.gather(*(seller.until_answered() for seller in sellers))
    await talk()
    client = stage.calls_in("19")
    await client.until_answered()
    joined_at = client.answered_at
    await talk()
    await sellers[0].hang_up()
    await talk(0.8)
    await ends(client)
    await sellers[1].hang_up()
    first, last = (seller.party.name for seller in sellers)
    both = [first, last]
    # Which of the two was there first does not show in the client's call.
    return [
        came_in(
            stage, client, "19", answered=sellers[0], final_agent=last, ring_s=0.0,
            talk_s=seconds(joined_at, client.ended_at), more={"accept_answered_by": both},
        )
    ]  # fmt: skip


@scenario()
async def sent_on_by_a_program(stage: Stage) -> list[Truth]:
    """A program asks for a blind transfer in the seller's name (AMI BlindTransfer)."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    target = stage.phone(4)
    channel = await stage.channel_of(stage.phone(1))
    stage.tap.act("BlindTransfer", Channel=channel, Context=stage.world.internal, Exten=target.name)
    other = await answers(await target.next_call())
    await talk()
    await ends(client, other)
    step = handed("blind", leg, target.name)
    return [came_in(stage, client, "01", answered=leg, final_agent=target.name, transfers=(step,))]


@scenario()
async def asked_and_joined_by_a_program(stage: Stage) -> list[Truth]:
    """A program starts an attended transfer (AMI Atxfer), the seller completes it by hanging up."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    target = stage.phone(4)
    channel = await stage.channel_of(stage.phone(1))
    stage.tap.act("Atxfer", Channel=channel, Context=stage.world.internal, Exten=target.name)
    other = await answers(await target.next_call())
    await talk()
    await leg.hang_up()
    await talk()
    await ends(client, other)
    step = handed("attended", leg, target.name)
    return [came_in(stage, client, "01", answered=leg, final_agent=target.name, transfers=(step,))]
