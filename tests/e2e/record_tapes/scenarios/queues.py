"""Queues, ring groups and menus."""

from __future__ import annotations

import asyncio

from tests.e2e.record_tapes.stage import Stage, answers, came_in, ends, scenario, talk
from tests.e2e.truth import Truth
from tests.parts.sip.party import declines, is_busy


def _queue(stage: Stage, number: int) -> str:
    return stage.world.queues[number - 1]


@scenario()
async def queue_rings_everybody(stage: Stage) -> list[Truth]:
    """Three ring, the third picks up."""
    client = stage.calls_in("10")
    for seller in (1, 2):
        await stage.phone(seller).next_call()
    leg = await stage.picks_up(3)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "10", answered=leg, queue=_queue(stage, 1))]


@scenario()
async def queue_second_round(stage: Stage) -> list[Truth]:
    """One after the other: the first does not pick up in three seconds, the next does."""
    client = stage.calls_in("11")
    first = await stage.next_to_ring()
    await first.until_ended()
    leg = await answers(await stage.next_to_ring())
    await talk()
    await ends(leg, client)
    return [came_in(stage, client, "11", answered=leg, queue=_queue(stage, 2))]


@scenario()
async def queue_abandoned(stage: Stage) -> list[Truth]:
    """The client leaves while three phones ring."""
    client = stage.calls_in("10")
    legs = [await stage.phone(seller).next_call() for seller in (1, 2, 3)]
    await talk()
    await ends(client, *legs)
    return [came_in(stage, client, "10", queue=_queue(stage, 1))]


@scenario()
async def queue_of_local_members(stage: Stage) -> list[Truth]:
    """Members are Local channels, one with do-not-disturb and no hint: it is tried again and again."""
    client = stage.calls_in("12")
    await stage.phone(1).next_call()
    leg = await stage.picks_up(2, ring=2.5)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "12", answered=leg, queue=_queue(stage, 3), recording=True)]


@scenario()
async def queue_of_local_members_abandoned(stage: Stage) -> list[Truth]:
    """The same, and the client gives up."""
    client = stage.calls_in("12")
    legs = [await stage.phone(seller).next_call() for seller in (1, 2)]
    await talk(2.0)
    await ends(client, *legs)
    return [came_in(stage, client, "12", queue=_queue(stage, 3))]


@scenario()
async def machine_of_a_member_takes_the_queue_call(stage: Stage) -> list[Truth]:
    """The only member does not pick up; the member's own machine does, and the queue believes it."""
    client = stage.calls_in("25")
    leg = await stage.phone(5).next_call()
    await leg.until_ended()
    await talk(3.0)
    await client.hang_up()
    return [came_in(stage, client, "25", queue=_queue(stage, 4), outcome="voicemail")]


@scenario()
async def queue_overflows_to_the_machine(stage: Stage) -> list[Truth]:
    """Nobody in time: the queue gives up and the machine takes the client."""
    client = stage.calls_in("13")
    await client.until_answered()
    await talk(8.0)
    await client.hang_up()
    return [came_in(stage, client, "13", queue=_queue(stage, 2), outcome="voicemail")]


@scenario()
async def menu_to_queue(stage: Stage) -> list[Truth]:
    """The client chooses 1 and a seller in the queue picks up; another one declined."""
    phone = stage.phone(2)
    phone.manners[phone.name] = is_busy
    client = stage.calls_in("14")
    await client.until_answered()
    await talk(0.5)
    await client.press("1")
    leg = await stage.picks_up(1)
    await talk()
    await ends(leg, client)
    return [came_in(stage, client, "14", answered=leg, queue=_queue(stage, 1))]


@scenario()
async def menu_to_queue_to_machine(stage: Stage) -> list[Truth]:
    """The client chooses 3: a queue where nobody picks up, then the machine."""
    client = stage.calls_in("14")
    await client.until_answered()
    await talk(0.5)
    await client.press("3")
    await talk(8.0)
    await client.hang_up()
    return [came_in(stage, client, "14", queue=_queue(stage, 2), outcome="voicemail")]


@scenario()
async def menu_without_a_choice(stage: Stage) -> list[Truth]:
    """The client says nothing and is hung up on."""
    client = stage.calls_in("14")
    await client.until_ended()
    return [came_in(stage, client, "14", reason="ivr")]


@scenario()
async def ring_group_through_local_channels(stage: Stage) -> list[Truth]:
    """Every branch is a Local channel; a losing branch is recorded."""
    client = stage.calls_in("21")
    for seller in (1, 2):
        await stage.phone(seller).next_call()
    leg = await stage.picks_up(3)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "21", answered=leg, recording=True)]


@scenario()
async def ring_group_missed(stage: Stage) -> list[Truth]:
    """Every branch rings, one declines, the client gives up."""
    phone = stage.phone(2)
    phone.manners[phone.name] = declines
    client = stage.calls_in("21")
    legs = [await stage.phone(seller).next_call() for seller in (1, 3)]
    await talk()
    await ends(client, *legs)
    return [came_in(stage, client, "21")]


@scenario()
async def ring_group_all_busy(stage: Stage) -> list[Truth]:
    """All three refuse."""
    for seller in (1, 2, 3):
        phone = stage.phone(seller)
        phone.manners[phone.name] = is_busy
    client = stage.calls_in("20")
    await client.until_ended()
    return [came_in(stage, client, "20", reason="busy")]


@scenario()
async def picked_up_from_the_queue(stage: Stage) -> list[Truth]:
    """A colleague who is no member takes the call that rings at a member."""
    client = stage.calls_in("10")
    for seller in (1, 2, 3):
        await stage.phone(seller).next_call()
    await talk(0.7)
    taking = stage.phone(6).dial(f"**{stage.world.sellers[1]}")
    await taking.until_answered()
    await talk()
    await ends(client, taking)
    return [came_in(stage, client, "10", answered=taking, queue=_queue(stage, 1))]


@scenario()
async def picked_up_for_the_group(stage: Stage) -> list[Truth]:
    """*8: a colleague takes whatever rings in the pickup group."""
    client = stage.calls_in("01")
    ringing = await stage.phone(1).next_call()
    await talk(0.7)
    taking = stage.phone(4).dial("*8")
    await taking.until_answered()
    await ringing.until_ended()
    await talk()
    await ends(taking, client)
    return [came_in(stage, client, "01", answered=taking)]


@scenario()
async def picked_up_from_a_local_branch(stage: Stage) -> list[Truth]:
    """A colleague takes the call from a ring group's Local branch."""
    client = stage.calls_in("21")
    for seller in (1, 2, 3):
        await stage.phone(seller).next_call()
    await talk(0.7)
    taking = stage.phone(5).dial(f"**{stage.world.sellers[1]}")
    await taking.until_answered()
    await talk()
    await ends(client, taking)
    return [came_in(stage, client, "21", answered=taking, recording=True)]


@scenario()
async def two_clients_wait_for_one_queue(stage: Stage) -> list[Truth]:
    """Both wait; one seller takes the first, another the second."""
    first = stage.calls_in("10")
    for seller in (2, 3):
        await stage.phone(seller).next_call()
    leg = await stage.picks_up(1)
    await first.until_answered()
    await talk(0.8)
    second = stage.calls_in("10")
    await stage.phone(3).next_call()
    other = await stage.picks_up(2)
    await talk()
    await ends(first, leg)
    await ends(second, other)
    rung = stage.rung()
    firsts = [d for d in rung if d.started_at < second.started_at]
    seconds = [d for d in rung if d.started_at >= second.started_at]
    queue = _queue(stage, 1)
    return [
        came_in(stage, first, "10", answered=leg, legs=firsts, queue=queue),
        came_in(stage, second, "10", answered=other, legs=seconds, queue=queue),
    ]


@scenario()
async def tired_of_waiting(stage: Stage) -> list[Truth]:
    """The client presses 0 while three phones ring, and another seller picks up."""
    client = stage.calls_in("10")
    legs = [await stage.phone(seller).next_call() for seller in (1, 2, 3)]
    await talk(0.7)
    await client.press("0")
    await asyncio.gather(*(leg.until_ended() for leg in legs))
    leg = await stage.picks_up(4)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "10", answered=leg, queue=_queue(stage, 1))]
