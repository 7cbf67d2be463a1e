"""What people do with their phones: each story plays one call (or two) and tells the truth about it.

A story gets a team of sellers for itself and a client number nobody else has, so that many are played at
once on one PBX.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.e2e.company import Company, Team
from tests.e2e.truth import Transfer, Truth, first_ring, seconds, who_rang
from tests.parts.ami_tap import AmiTap, header
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import declines, is_busy

RING_SECONDS = 0.6
TALK_SECONDS = 1.5
PARKING = "770"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a story is played: a team, a client of its own, and an admin's hands on the PBX."""

    company: Company
    team: Team
    client: str
    hands: AmiTap

    @property
    def other_client(self) -> str:
        """The number of a second client."""
        return f"792{self.client[3:]}"


Story = Callable[[Stage], Awaitable[list[Truth]]]
STORIES: dict[str, Story] = {}


def story(play: Story) -> Story:
    """Registers a story under its own name."""
    STORIES[play.__name__] = play
    return play


def came_in(stage: Stage, client: Dialog, kind: str, outcome: str, **more: Any) -> Truth:
    """The truth about a call that came in, as the phones tell it; `answered` is the leg that talked."""
    answered: Dialog | None = more.pop("answered", None)
    rung = stage.team.rung(client.started_at)
    answered_at = answered.answered_at if answered else None
    first = answered.party.name if answered else None
    values: dict[str, Any] = {
        "external_number": stage.client,
        "did": stage.team.public(kind),
        "rang": who_rang(rung),
        "answered_by": first,
        "final_agent": first,
        "ring_s": seconds(first_ring(rung), answered_at or client.ended_at),
        "talk_s": seconds(answered_at, client.ended_at),
        "started_at": client.started_at,
        "ended_at": client.ended_at or 0.0,
    }
    return Truth(direction="in", outcome=outcome, **(values | more))


def went_out(stage: Stage, seller: Dialog, client: Dialog | None, outcome: str, **more: Any) -> Truth:
    """The truth about a call a seller made; `client` is the leg the provider got, None if it got none."""
    legs = [client] if client else []
    over = client.ended_at if client else seller.ended_at
    values: dict[str, Any] = {
        "direction": "out",
        "external_number": stage.client,
        "seller": seller.party.name,
        "ring_s": seconds(first_ring(legs), (client and client.answered_at) or over),
        "talk_s": seconds(client.answered_at if client else None, over),
        "started_at": seller.started_at,
        "ended_at": over or 0.0,
    }
    if outcome == "answered":
        values |= {"answered_by": seller.party.name, "final_agent": seller.party.name}
    return Truth(outcome=outcome, **(values | more))


async def pick_up(stage: Stage, seller: int, client: Dialog) -> Dialog:
    """The seller's phone rings a moment and is picked up."""
    leg = await stage.team.phone(seller).next_call()
    await asyncio.sleep(RING_SECONDS)
    leg.answer()
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    return leg


@story
async def direct(stage: Stage) -> list[Truth]:
    """A client calls a seller's own number, they talk, the client hangs up."""
    client = stage.team.calls_in("01", stage.client)
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "answered", answered=leg)]


@story
async def ring_all_queue(stage: Stage) -> list[Truth]:
    """Three phones ring for one queue caller, the second seller takes it, the seller hangs up."""
    client = stage.team.calls_in("10", stage.client)
    legs = [await stage.team.phone(seller).next_call() for seller in (1, 2, 3)]
    await asyncio.sleep(RING_SECONDS)
    legs[1].answer()
    await legs[0].until_ended()
    await asyncio.sleep(TALK_SECONDS)
    await legs[1].hang_up()
    await client.until_ended()
    return [came_in(stage, client, "10", "answered", answered=legs[1], queue=stage.team.queue())]


@story
async def queue_abandoned(stage: Stage) -> list[Truth]:
    """A client waits in the queue, three phones ring, nobody picks up, the client gives up."""
    client = stage.team.calls_in("10", stage.client)
    legs = [await stage.team.phone(seller).next_call() for seller in (1, 2, 3)]
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await asyncio.gather(*(leg.until_ended() for leg in legs))
    return [came_in(stage, client, "10", "missed", queue=stage.team.queue())]


@story
async def ring_group(stage: Stage) -> list[Truth]:
    """A ring group of three: one seller is engaged, one declines, the third answers."""
    first, second = stage.team.phone(1), stage.team.phone(2)
    first.manners[first.name], second.manners[second.name] = is_busy, declines
    client = stage.team.calls_in("20", stage.client)
    leg = await pick_up(stage, 3, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "20", "answered", answered=leg)]


@story
async def missed(stage: Stage) -> list[Truth]:
    """A client lets a seller's phone ring and gives up."""
    client = stage.team.calls_in("01", stage.client)
    leg = await stage.team.phone(1).next_call()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "missed")]


@story
async def busy(stage: Stage) -> list[Truth]:
    """A client calls an engaged seller."""
    phone = stage.team.phone(1)
    phone.manners[phone.name] = is_busy
    client = stage.team.calls_in("01", stage.client)
    await client.until_ended()
    return [came_in(stage, client, "01", "missed")]


@story
async def voicemail(stage: Stage) -> list[Truth]:
    """Nobody picks up, the client talks to the machine for a while."""
    client = stage.team.calls_in("30", stage.client)
    leg = await stage.team.phone(1).next_call()
    await leg.until_ended()
    await client.until_answered()
    await asyncio.sleep(TALK_SECONDS + 1)
    await client.hang_up()
    ring_s = seconds(leg.rang_at, leg.ended_at)
    return [came_in(stage, client, "30", "voicemail", more={"phones_rang_s": ring_s})]


@story
async def blind_transfer(stage: Stage) -> list[Truth]:
    """Seller 1 talks, hands the client to seller 4 without asking, seller 4 talks on."""
    client = stage.team.calls_in("01", stage.client)
    first = await pick_up(stage, 1, client)
    target = stage.team.phone(4)
    assert await first.transfer(target.name) == 202
    second = await target.next_call()
    await asyncio.sleep(RING_SECONDS)
    second.answer()
    await first.until_ended()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await second.until_ended()
    handed = Transfer("blind", first.party.name, target.name)
    told = came_in(
        stage, client, "01", "answered", answered=first, final_agent=target.name, transfers=(handed,)
    )
    return [told]


@story
async def attended_transfer(stage: Stage) -> list[Truth]:
    """Seller 1 puts the client on hold, asks seller 4, connects the two and leaves."""
    client = stage.team.calls_in("01", stage.client)
    first = await pick_up(stage, 1, client)
    target = stage.team.phone(4)
    await first.hold()
    asking = first.party.dial(target.name)
    second = await target.next_call()
    await asyncio.sleep(RING_SECONDS)
    second.answer()
    await asking.until_answered()
    await asyncio.sleep(RING_SECONDS)
    assert await first.transfer_to(asking) == 202
    await asyncio.gather(first.until_ended(), asking.until_ended())
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await second.until_ended()
    handed = Transfer("attended", first.party.name, target.name)
    told = came_in(
        stage, client, "01", "answered", answered=first, final_agent=target.name, transfers=(handed,)
    )
    return [told]


@story
async def pickup(stage: Stage) -> list[Truth]:
    """Seller 1's phone rings; seller 5 takes the call from there with a feature code."""
    client = stage.team.calls_in("01", stage.client)
    ringing = await stage.team.phone(1).next_call()
    await asyncio.sleep(RING_SECONDS)
    taking = stage.team.phone(5).dial(f"**{ringing.party.name}")
    await asyncio.gather(taking.until_answered(), client.until_answered())
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await taking.until_ended()
    return [came_in(stage, client, "01", "answered", answered=taking)]


@story
async def originate(stage: Stage) -> list[Truth]:
    """The CRM's button: the seller's phone rings first, then the client's."""
    phone, provider = stage.team.phone(2), stage.team.provider
    stage.hands.act(
        "Originate",
        Channel=f"PJSIP/{phone.name}",
        Context="from-internal",
        Exten=stage.client,
        Priority="1",
        CallerID=f"CRM <{stage.client}>",
        ChannelId=f"crm-{stage.client}",
        Async="true",
    )
    seller = await phone.next_call()
    await asyncio.sleep(RING_SECONDS)
    seller.answer()
    client = await provider.next_call(stage.client)
    await asyncio.sleep(RING_SECONDS)
    client.answer()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await seller.until_ended()
    return [went_out(stage, seller, client, "answered", rang=(phone.name,))]


@story
async def anonymous(stage: Stage) -> list[Truth]:
    """A client withholds the number."""
    client = stage.team.calls_in("01", "anonymous", "Anonymous")
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "answered", answered=leg, external_number=None)]


@story
async def cyrillic_name(stage: Stage) -> list[Truth]:
    """A client whose provider sends a name in Cyrillic with an apostrophe in it."""
    name = "Мар'яна Ёлкина"
    client = stage.team.calls_in("01", stage.client, name)
    leg = await pick_up(stage, 1, client)
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "01", "answered", answered=leg, more={"caller_name": name})]


@story
async def outgoing(stage: Stage) -> list[Truth]:
    """A seller calls a client."""
    seller = stage.team.phone(3).dial(stage.client)
    client = await stage.team.provider.next_call(stage.client)
    await asyncio.sleep(RING_SECONDS)
    client.answer()
    await seller.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await seller.hang_up()
    await client.until_ended()
    return [went_out(stage, seller, client, "answered")]


@story
async def outgoing_busy(stage: Stage) -> list[Truth]:
    """A seller calls an engaged client."""
    stage.team.provider.manners[stage.client] = is_busy
    seller = stage.team.phone(3).dial(stage.client)
    client = await stage.team.provider.next_call(stage.client)
    await seller.until_ended()
    return [went_out(stage, seller, client, "busy")]


@story
async def parked(stage: Stage) -> list[Truth]:
    """Seller 1 parks the client, seller 2 fetches them from the parking lot."""
    client = stage.team.calls_in("01", stage.client)
    first = await pick_up(stage, 1, client)
    assert await first.transfer(PARKING) == 202
    lot = await stage.hands.until("Event: ParkedCall\r\n", f"ParkeeCallerIDNum: {stage.client}\r\n")
    await first.until_ended()
    await asyncio.sleep(RING_SECONDS)
    fetching = stage.team.phone(2).dial(header(lot, "ParkingSpace"))
    await fetching.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await client.hang_up()
    await fetching.until_ended()
    handed = Transfer("park", first.party.name, fetching.party.name)
    final = fetching.party.name
    return [came_in(stage, client, "01", "answered", answered=first, final_agent=final, transfers=(handed,))]


@story
async def recorded(stage: Stage) -> list[Truth]:
    """A recorded call with two holds in it."""
    client = stage.team.calls_in("50", stage.client)
    leg = await pick_up(stage, 1, client)
    for _ in range(2):
        await leg.hold()
        await asyncio.sleep(RING_SECONDS)
        await leg.resume()
    await client.hang_up()
    await leg.until_ended()
    return [came_in(stage, client, "50", "answered", answered=leg, recording=True)]


@story
async def internal(stage: Stage) -> list[Truth]:
    """One seller calls another."""
    seller = stage.team.phone(5).dial(stage.team.phone(6).name)
    other = await stage.team.phone(6).next_call()
    await asyncio.sleep(RING_SECONDS)
    other.answer()
    await seller.until_answered()
    await asyncio.sleep(TALK_SECONDS)
    await seller.hang_up()
    await other.until_ended()
    callee = other.party.name
    return [
        went_out(
            stage,
            seller,
            other,
            "answered",
            direction="internal",
            external_number=None,
            rang=(callee,),
            answered_by=callee,
            final_agent=callee,
        )
    ]
