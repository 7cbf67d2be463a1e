"""Rarer things people and dialplans do, for recordings: meetings, redirects, odd trunks.

Each story is recorded alone (record_stories.py), so it may use any trunk and the PBX's database.
"""

from __future__ import annotations

import asyncio

from tests.e2e.lab_parts import calls_within, channel_of, lab_story
from tests.e2e.stories import (
    RING_SECONDS,
    TALK_SECONDS,
    Stage,
    came_in,
    pick_up,
    went_out,
)
from tests.e2e.truth import Transfer, Truth, seconds
from tests.parts.sip.party import is_out_of_order


@lab_story
async def queue_taken_by_voicemail(stage: Stage) -> list[Truth]:
    """The only member does not pick up, his voicemail takes the queue call: no device ever answered."""
    client = stage.team.calls_in("65", stage.client)
    leg = await stage.team.phone(5).next_call()
    await leg.until_ended()
    await asyncio.sleep(TALK_SECONDS + 2)
    await client.hang_up()
    return [came_in(stage, client, "65", "voicemail", queue=stage.team.queue(2), recording=True)]


@lab_story
async def mark_after_the_talk(stage: Stage) -> list[Truth]:
    """Dial option g: the seller hangs up, the client goes on in a menu for seconds."""
    client = stage.team.calls_in("66", stage.client)
    leg = await pick_up(stage, 1, client)
    await leg.hang_up()
    await asyncio.sleep(2)
    await client.press("5")
    await client.until_ended()
    return [came_in(stage, client, "66", "answered", answered=leg)]


@lab_story
async def handlers_linger(stage: Stage) -> list[Truth]:
    """Hangup handlers keep the channels for two seconds after the talk."""
    client = stage.team.calls_in("67", stage.client)
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    await asyncio.sleep(4)
    return [came_in(stage, client, "67", "answered", answered=leg)]


@lab_story
async def redirected_to_a_colleague(stage: Stage) -> list[Truth]:
    """A program redirects the talking client to another seller: no event says so, yet handed on they are."""
    client = stage.team.calls_in("01", stage.client)
    first = await pick_up(stage, 1, client)
    target = stage.team.phone(4)
    channel = await channel_of(stage, stage.team.provider.name)
    stage.hands.act("Redirect", Channel=channel, Context="from-internal", Exten=target.name, Priority="1")
    second = await target.next_call()
    await first.until_ended()
    await asyncio.sleep(RING_SECONDS)
    second.answer()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await second.until_ended()
    handed = Transfer("blind", first.party.name, target.name)
    told = came_in(
        stage, client, "01", "answered", answered=first, final_agent=target.name, transfers=(handed,)
    )
    return [told]


@lab_story
async def redirected_to_nobody(stage: Stage) -> list[Truth]:
    """A program redirects the talking client to a seller who does not pick up."""
    client = stage.team.calls_in("01", stage.client)
    first = await pick_up(stage, 1, client)
    target = stage.team.phone(4)
    channel = await channel_of(stage, stage.team.provider.name)
    stage.hands.act("Redirect", Channel=channel, Context="from-internal", Exten=target.name, Priority="1")
    second = await target.next_call()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await second.until_ended()
    return [came_in(stage, client, "01", "answered", answered=first)]


@lab_story
async def meeting_of_three(stage: Stage) -> list[Truth]:
    """Both legs are redirected into a ConfBridge, a colleague dials in, the first seller leaves."""
    client = stage.team.calls_in("01", stage.client)
    first = await pick_up(stage, 1, client)
    room = f"{stage.team.digit}555"
    stage.hands.act(
        "Redirect",
        Channel=await channel_of(stage, stage.team.provider.name),
        ExtraChannel=await channel_of(stage, first.party.name),
        Context="meeting",
        Exten=room,
        Priority="1",
        ExtraContext="meeting",
        ExtraExten=room,
        ExtraPriority="1",
    )
    await asyncio.sleep(TALK_SECONDS)
    second = stage.team.phone(4).dial(f"*55{room}")
    await second.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await first.hang_up()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await asyncio.sleep(RING_SECONDS)
    await second.hang_up()
    final = second.party.name
    return [came_in(stage, client, "01", "answered", answered=first, final_agent=final)]


@lab_story
async def numeric_trunk_in(stage: Stage) -> list[Truth]:
    """A client comes in over a trunk whose endpoint is a number."""
    return await _over(stage, "4951112233", stage.team.public("01"))


@lab_story
async def dotted_trunk_in(stage: Stage) -> list[Truth]:
    """A client comes in over a trunk whose endpoint has a dot, a dash and a digit at its end."""
    return await _over(stage, "provider.ru-1", stage.team.public("01"))


@lab_story
async def number_in_the_to_header(stage: Stage) -> list[Truth]:
    """The provider calls the account; only the To header and FROM_DID know the dialled number."""
    provider = stage.company.other_providers["4951112233"]
    client = provider.dial("4951112233", caller=stage.client, to=stage.team.public("01"))
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "answered", answered=leg)]


@lab_story
async def failing_trunk_then_other(stage: Stage) -> list[Truth]:
    """The first provider has no line, the second gets the same client with 8 in front: one call."""
    first = stage.company.other_providers["4951112233"]
    second = stage.company.other_providers["provider.ru-1"]
    first.manners[stage.client] = is_out_of_order
    seller = stage.team.phone(2).dial(f"9{stage.client}")
    client = await second.next_call(f"8{stage.client[1:]}")
    await asyncio.sleep(RING_SECONDS)
    client.answer()
    await seller.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await seller.hang_up()
    await client.until_ended()
    return [went_out(stage, seller, client, "answered", external_number=f"8{stage.client[1:]}")]


@lab_story
async def quotes_in_the_name(stage: Stage) -> list[Truth]:
    """A caller's name with quotation marks, through a dialplan that quotes it once more."""
    client = stage.team.calls_in("60", stage.client, 'ООО \\"Ромашка\\"')
    legs = await calls_within(stage, 1, 1.0)
    if not legs:
        await client.until_ended()
        return [came_in(stage, client, "60", "missed")]
    await asyncio.sleep(RING_SECONDS)
    legs[0].answer()
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await legs[0].until_ended()
    return [came_in(stage, client, "60", "answered", answered=legs[0], recording=True)]


@lab_story
async def two_clients_joined(stage: Stage) -> list[Truth]:
    """A seller with call waiting talks with two clients, connects them with each other and leaves."""
    first = stage.team.calls_in("01", stage.client)
    leg = await pick_up(stage, 1, first)
    await leg.hold()
    second = stage.team.calls_in("01", stage.other_client)
    other_leg = await pick_up(stage, 1, second)
    assert await leg.transfer_to(other_leg) == 202
    await asyncio.gather(leg.until_ended(), other_leg.until_ended())
    await asyncio.sleep(TALK_SECONDS)
    await first.hang_up()
    await second.until_ended()
    name = leg.party.name
    mine = came_in(
        stage, first, "01", "answered", answered=leg, rang=(name,),
        ring_s=seconds(leg.rang_at, leg.answered_at),
    )  # fmt: skip
    theirs = came_in(stage, second, "01", "answered", answered=other_leg, external_number=stage.other_client)
    return [mine, theirs]


@lab_story
async def click_into_a_queue(stage: Stage) -> list[Truth]:
    """A program calls the queue through a Local channel, and the client once a seller has answered."""
    stage.hands.act(
        "Originate",
        Channel=f"Local/{stage.team.queue()}@click-queue",
        Context="from-internal",
        Exten=stage.client,
        Priority="1",
        CallerID=f"CRM <{stage.client}>",
        Async="true",
    )
    leg = await stage.team.phone(2).next_call()
    await asyncio.sleep(RING_SECONDS)
    leg.answer()
    client = await stage.team.provider.next_call(stage.client)
    await asyncio.sleep(RING_SECONDS)
    client.answer()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await leg.until_ended()
    rang = tuple(stage.team.phone(n).name for n in (1, 2, 3))
    return [went_out(stage, leg, client, "answered", rang=rang, queue=stage.team.queue())]


@lab_story
async def audio_lost(stage: Stage) -> list[Truth]:
    """The seller's network goes away in mid-talk: Asterisk ends the call by its RTP time-out."""
    client = stage.team.calls_in("06", stage.client)
    leg = await pick_up(stage, 6, client)
    leg.party.audio.stop(leg.call_id)
    await client.until_ended()
    return [came_in(stage, client, "06", "answered", answered=leg)]


async def _over(stage: Stage, trunk: str, number: str) -> list[Truth]:
    client = stage.company.other_providers[trunk].dial(number, caller=stage.client)
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "answered", answered=leg)]
