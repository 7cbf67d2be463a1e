"""What long Local chains do to a call, for recordings: groups, follow-me, queues of such members."""

from __future__ import annotations

import asyncio

from tests.e2e.lab_parts import credited, lab_story, mobile_of, mobile_rings, put_in_database
from tests.e2e.stories import (
    RING_SECONDS,
    TALK_SECONDS,
    Stage,
    came_in,
    pick_up,
    went_out,
)
from tests.e2e.truth import Transfer, Truth
from tests.parts.sip.party import declines, is_busy


@lab_story
async def long_direct(stage: Stage) -> list[Truth]:
    """One extension behind subroutines, recorded, voicemail behind it."""
    client = stage.team.calls_in("60", stage.client)
    leg = await pick_up(stage, 1, client)
    await leg.hang_up()
    await client.until_ended()
    return [came_in(stage, client, "60", "answered", answered=leg, recording=True)]


@lab_story
async def long_do_not_disturb(stage: Stage) -> list[Truth]:
    """The seller's do-not-disturb: no Dial at all, the client lands in voicemail at once."""
    await put_in_database(stage, "DND", stage.team.phone(1).name, "YES")
    client = stage.team.calls_in("60", stage.client)
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS + 1)
    await client.hang_up()
    return [came_in(stage, client, "60", "voicemail")]


@lab_story
async def long_busy_without_call_waiting(stage: Stage) -> list[Truth]:
    """A second client calls while the seller talks: the dialplan says busy without any Dial."""
    first = stage.team.calls_in("60", stage.client)
    leg = await pick_up(stage, 1, first)
    second = stage.team.calls_in("60", stage.other_client)
    await second.until_answered()
    await asyncio.sleep(TALK_SECONDS + 1)
    await second.hang_up()
    await first.hang_up()
    await leg.until_ended()
    talk = came_in(stage, first, "60", "answered", answered=leg, recording=True)
    waiting = came_in(
        stage, second, "60", "voicemail", external_number=stage.other_client, rang=(), ring_s=0.0
    )
    return [talk, waiting]


@lab_story
async def ring_group_desk_answers(stage: Stage) -> list[Truth]:
    """A group of Local channels: both desks and a mobile ring, the second desk answers."""
    client = stage.team.calls_in("62", stage.client)
    legs = [await stage.team.phone(n).next_call() for n in (1, 2)]
    mobile = await mobile_rings(stage)
    await asyncio.sleep(RING_SECONDS)
    legs[1].answer()
    await client.until_answered()
    await mobile.until_ended()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await legs[1].until_ended()
    return [came_in(stage, client, "62", "answered", answered=legs[1], recording=True)]


@lab_story
async def ring_group_mobile_refuses(stage: Stage) -> list[Truth]:
    """The mobile picks up, hears the question, presses 2; then the first desk answers."""
    client = stage.team.calls_in("62", stage.client)
    leg = await stage.team.phone(1).next_call()
    mobile = await mobile_rings(stage)
    await asyncio.sleep(RING_SECONDS)
    mobile.answer()
    await asyncio.sleep(RING_SECONDS)
    await mobile.press("2")
    await asyncio.sleep(TALK_SECONDS)
    leg.answer()
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "62", "answered", answered=leg, recording=True)]


@lab_story
async def ring_group_gave_up_during_question(stage: Stage) -> list[Truth]:
    """The client gives up while the mobile's owner listens to the question: nobody talked."""
    client = stage.team.calls_in("62", stage.client)
    mobile = await mobile_rings(stage)
    await asyncio.sleep(RING_SECONDS)
    mobile.answer()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await asyncio.sleep(RING_SECONDS)
    await mobile.hang_up()
    return [came_in(stage, client, "62", "missed")]


@lab_story
async def follow_me_mobile_confirms(stage: Stage) -> list[Truth]:
    """Desk 4 and its owner's mobile ring; the mobile takes the call with 1: that is seller 4's talk."""
    client = stage.team.calls_in("63", stage.client)
    await stage.team.phone(4).next_call()
    mobile = await mobile_rings(stage)
    await asyncio.sleep(RING_SECONDS)
    mobile.answer()
    await asyncio.sleep(RING_SECONDS)
    await mobile.press("1")
    await client.until_answered()
    confirmed_at = client.answered_at
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await mobile.until_ended()
    return [credited(stage, client, "63", stage.team.phone(4).name, confirmed_at)]


@lab_story
async def follow_me_desk_answers(stage: Stage) -> list[Truth]:
    """Desk 4 and its owner's mobile ring; the desk answers."""
    client = stage.team.calls_in("63", stage.client)
    mobile = await mobile_rings(stage)
    leg = await pick_up(stage, 4, client)
    await mobile.until_ended()
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "63", "answered", answered=leg)]


@lab_story
async def local_queue_one_disturbed(stage: Stage) -> list[Truth]:
    """Members behind Local channels; one is on do-not-disturb and is tried again and again in vain."""
    await put_in_database(stage, "DND", stage.team.phone(1).name, "YES")
    client = stage.team.calls_in("64", stage.client)
    legs = [await stage.team.phone(n).next_call() for n in (2, 3)]
    await asyncio.sleep(RING_SECONDS + 2)
    legs[0].answer()
    await legs[1].until_ended()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await legs[0].until_ended()
    queue = stage.team.queue(1)
    return [came_in(stage, client, "64", "answered", answered=legs[0], queue=queue, recording=True)]


@lab_story
async def local_queue_all_disturbed(stage: Stage) -> list[Truth]:
    """Every member is on do-not-disturb: pairs of Local channels come and go, no phone ever rings."""
    for seller in (1, 2, 3):
        await put_in_database(stage, "DND", stage.team.phone(seller).name, "YES")
    client = stage.team.calls_in("64", stage.client)
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS + 2)
    await client.hang_up()
    return [came_in(stage, client, "64", "missed", queue=stage.team.queue(1))]


@lab_story
async def out_over_locals(stage: Stage) -> list[Truth]:
    """An outgoing call over two pairs of Local channels, recorded on the way."""
    provider = stage.company.other_providers["provider.ru-1"]
    seller = stage.team.phone(2).dial(f"0{stage.client}")
    client = await provider.next_call(stage.client)
    await asyncio.sleep(RING_SECONDS)
    client.answer()
    await seller.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await seller.until_ended()
    return [went_out(stage, seller, client, "answered", recording=True)]


@lab_story
async def out_over_locals_no_answer(stage: Stage) -> list[Truth]:
    """The same, and the client does not pick up."""
    provider = stage.company.other_providers["provider.ru-1"]
    seller = stage.team.phone(2).dial(f"0{stage.client}")
    client = await provider.next_call(stage.client)
    await asyncio.sleep(TALK_SECONDS)
    await seller.hang_up()
    await client.until_ended()
    return [went_out(stage, seller, client, "no_answer")]


@lab_story
async def blind_transfer_of_a_local_queue_call(stage: Stage) -> list[Truth]:
    """A queue member behind Local channels hands the client on; the new seller declines."""
    target = stage.team.phone(6)
    target.manners[target.name] = declines
    client = stage.team.calls_in("64", stage.client)
    legs = [await stage.team.phone(n).next_call() for n in (1, 2, 3)]
    await asyncio.sleep(RING_SECONDS)
    legs[2].answer()
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await legs[2].transfer(target.name)
    await target.next_call()
    await client.until_ended()
    await legs[2].hang_up()
    queue = stage.team.queue(1)
    return [came_in(stage, client, "64", "answered", answered=legs[2], queue=queue, recording=True)]


@lab_story
async def attended_transfer_in_a_local_group(stage: Stage) -> list[Truth]:
    """A ring group member behind a Local channel asks seller 6 and connects the client."""
    client = stage.team.calls_in("62", stage.client)
    leg = await stage.team.phone(1).next_call()
    await asyncio.sleep(RING_SECONDS)
    leg.answer()
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await leg.hold()
    target = stage.team.phone(6)
    asking = leg.party.dial(target.name)
    second = await target.next_call()
    await asyncio.sleep(RING_SECONDS)
    second.answer()
    await asking.until_answered()
    await asyncio.sleep(RING_SECONDS)
    assert await leg.transfer_to(asking) == 202
    await asyncio.gather(leg.until_ended(), asking.until_ended())
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await second.until_ended()
    handed = Transfer("attended", leg.party.name, target.name)
    told = came_in(
        stage, client, "62", "answered", answered=leg, final_agent=target.name, transfers=(handed,),
        recording=True,
    )  # fmt: skip
    return [told]


@lab_story
async def group_all_engaged(stage: Stage) -> list[Truth]:
    """Both desks refuse and the mobile is engaged: a ring group where nothing rings."""
    for seller in (1, 2):
        phone = stage.team.phone(seller)
        phone.manners[phone.name] = is_busy
    stage.team.provider.manners[mobile_of(stage.team)] = is_busy
    client = stage.team.calls_in("62", stage.client)
    await client.until_ended()
    return [came_in(stage, client, "62", "missed")]
