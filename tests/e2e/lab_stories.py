"""Rarer things people and dialplans do, for recordings: long Local chains, meetings, redirects, odd trunks.

Each story is recorded alone (record_tapes.py), so it may use any trunk and the PBX's database.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace

from tests.e2e.company import Team
from tests.e2e.stories import (
    RING_SECONDS,
    TALK_SECONDS,
    Stage,
    Story,
    came_in,
    pick_up,
    went_out,
)
from tests.e2e.truth import Transfer, Truth, seconds
from tests.parts.ami_tap import header
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import declines, is_busy, is_out_of_order

LAB_STORIES: dict[str, Story] = {}


def lab_story(play: Story) -> Story:
    """Registers a story under its own name."""
    LAB_STORIES[play.__name__] = play
    return play


def _mobile(team: Team) -> str:
    """The mobile that the long dialplan knows for seller 4."""
    return f"89{team.digit}55500204"


async def _set(stage: Stage, family: str, key: str, value: str) -> None:
    await asyncio.to_thread(stage.company.asterisk.cli, f"database put {family} {key} {value}")


async def _channel(stage: Stage, endpoint: str, last: bool = True) -> str:
    """The newest channel of an endpoint, from the events."""
    start = f"Channel: PJSIP/{endpoint}-"
    await stage.hands.until("Event: Newchannel\r\n", start)
    events = stage.hands.data.decode(errors="replace").split("\r\n\r\n")
    names = [header(e, "Channel") for e in events if e.startswith("Event: Newchannel") and start in e]
    return names[-1] if last else names[0]


async def _mobile_rings(stage: Stage) -> Dialog:
    """The seller's mobile, reached over the trunk."""
    return await stage.team.provider.next_call(_mobile(stage.team))


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
    await _set(stage, "DND", stage.team.phone(1).name, "YES")
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
    mobile = await _mobile_rings(stage)
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
    mobile = await _mobile_rings(stage)
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
    mobile = await _mobile_rings(stage)
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
    mobile = await _mobile_rings(stage)
    await asyncio.sleep(RING_SECONDS)
    mobile.answer()
    await asyncio.sleep(RING_SECONDS)
    await mobile.press("1")
    await client.until_answered()
    confirmed_at = client.answered_at
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await mobile.until_ended()
    return [_credited(stage, client, "63", stage.team.phone(4).name, confirmed_at)]


@lab_story
async def follow_me_desk_answers(stage: Stage) -> list[Truth]:
    """Desk 4 and its owner's mobile ring; the desk answers."""
    client = stage.team.calls_in("63", stage.client)
    mobile = await _mobile_rings(stage)
    leg = await pick_up(stage, 4, client)
    await mobile.until_ended()
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "63", "answered", answered=leg)]


@lab_story
async def local_queue_one_disturbed(stage: Stage) -> list[Truth]:
    """Members behind Local channels; one is on do-not-disturb and is tried again and again in vain."""
    await _set(stage, "DND", stage.team.phone(1).name, "YES")
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
        await _set(stage, "DND", stage.team.phone(seller).name, "YES")
    client = stage.team.calls_in("64", stage.client)
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS + 2)
    await client.hang_up()
    return [came_in(stage, client, "64", "missed", queue=stage.team.queue(1))]


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
    channel = await _channel(stage, stage.team.provider.name)
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
    channel = await _channel(stage, stage.team.provider.name)
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
        Channel=await _channel(stage, stage.team.provider.name),
        ExtraChannel=await _channel(stage, first.party.name),
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
async def quotes_in_the_name(stage: Stage) -> list[Truth]:
    """A caller's name with quotation marks, through a dialplan that quotes it once more."""
    client = stage.team.calls_in("60", stage.client, 'ООО \\"Ромашка\\"')
    legs = await _calls_within(stage, 1, 1.0)
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
async def audio_lost(stage: Stage) -> list[Truth]:
    """The seller's network goes away in mid-talk: Asterisk ends the call by its RTP time-out."""
    client = stage.team.calls_in("06", stage.client)
    leg = await pick_up(stage, 6, client)
    leg.party.audio.stop(leg.call_id)
    await client.until_ended()
    return [came_in(stage, client, "06", "answered", answered=leg)]


@lab_story
async def group_all_engaged(stage: Stage) -> list[Truth]:
    """Both desks refuse and the mobile is engaged: a ring group where nothing rings."""
    for seller in (1, 2):
        phone = stage.team.phone(seller)
        phone.manners[phone.name] = is_busy
    stage.team.provider.manners[_mobile(stage.team)] = is_busy
    client = stage.team.calls_in("62", stage.client)
    await client.until_ended()
    return [came_in(stage, client, "62", "missed")]


async def _over(stage: Stage, trunk: str, number: str) -> list[Truth]:
    client = stage.company.other_providers[trunk].dial(number, caller=stage.client)
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "answered", answered=leg)]


async def _calls_within(stage: Stage, seller: int, waiting_seconds: float) -> list[Dialog]:
    try:
        return [await stage.team.phone(seller).next_call(seconds=waiting_seconds)]
    except AssertionError:
        return []


def _credited(stage: Stage, client: Dialog, kind: str, seller: str, talk_from: float | None) -> Truth:
    """The truth of a call a seller took on another device."""
    told = came_in(stage, client, kind, "answered")
    first = min(d.rang_at for d in stage.team.rung(client.started_at) if d.rang_at is not None)
    return replace(
        told,
        answered_by=seller,
        final_agent=seller,
        talk_s=seconds(talk_from, client.ended_at),
        ring_s=seconds(first, talk_from),
    )
