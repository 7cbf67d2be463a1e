"""A seller hands the client on: blindly, after asking, into a parking lot, to everybody and everything."""

from __future__ import annotations

from tests.e2e.record_tapes.stage import (
    Stage,
    answers,
    came_in,
    ends,
    handed,
    scenario,
    talk,
    went_out,
)
from tests.e2e.truth import Truth
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import is_busy


async def talking(stage: Stage, service: str = "01", seller: int = 1) -> tuple[Dialog, Dialog]:
    """A client and the seller who took the call."""
    client = stage.calls_in(service)
    leg = await stage.picks_up(seller)
    await client.until_answered()
    await talk()
    return client, leg


async def asks(leg: Dialog, number: str) -> Dialog:
    """The seller puts the client on hold and calls somebody else."""
    await leg.hold()
    return leg.party.dial(number)


async def connects(leg: Dialog, asking: Dialog) -> None:
    """The seller joins the two and leaves."""
    assert await leg.transfer_to(asking) == 202
    await leg.until_ended()
    await asking.until_ended()


@scenario()
async def blind_chain(stage: Stage) -> list[Truth]:
    """From one to the next and to a third."""
    client, first = await talking(stage)
    second_phone, third_phone = stage.phone(2), stage.phone(4)
    await first.transfer(second_phone.name)
    second = await answers(await second_phone.next_call())
    await talk()
    await second.transfer(third_phone.name)
    third = await answers(await third_phone.next_call())
    await talk()
    await ends(client, third)
    steps = (handed("blind", first, second_phone.name), handed("blind", second, third_phone.name))
    return [came_in(stage, client, "01", answered=first, final_agent=third_phone.name, transfers=steps)]


@scenario()
async def blind_to_an_engaged_colleague(stage: Stage) -> list[Truth]:
    """The target refuses; the client is dropped."""
    client, leg = await talking(stage)
    target = stage.phone(2)
    target.manners[target.name] = is_busy
    await leg.transfer(target.name)
    await client.until_ended()
    step = handed("blind", leg, target.name, completed=False)
    return [came_in(stage, client, "01", answered=leg, transfers=(step,))]


@scenario()
async def blind_to_the_machine(stage: Stage) -> list[Truth]:
    """Straight to a colleague's voicemail."""
    client, leg = await talking(stage)
    box = f"*{stage.world.sellers[4]}"
    await leg.transfer(box)
    await talk(3.0)
    await client.hang_up()
    step = handed("blind", leg, box, completed=False)
    return [came_in(stage, client, "01", answered=leg, transfers=(step,))]


@scenario()
async def blind_to_outside(stage: Stage) -> list[Truth]:
    """To an outside number over the trunk."""
    client, leg = await talking(stage)
    number = stage.new_client()
    await leg.transfer(stage.world.dialled(number))
    outside = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(client, outside)
    step = handed("blind", leg, stage.world.dialled(number))
    return [came_in(stage, client, "01", answered=leg, transfers=(step,))]


@scenario()
async def blind_to_a_queue(stage: Stage) -> list[Truth]:
    """To a queue, where a colleague picks up."""
    client, leg = await talking(stage, "05", 5)
    queue = stage.world.queue_numbers[0]
    await leg.transfer(queue)
    other = await stage.picks_up(3)
    await talk()
    await ends(other, client)
    step = handed("blind", leg, queue)
    return [
        came_in(
            stage, client, "05", answered=leg, final_agent=other.party.name,
            queue=stage.world.queues[0], transfers=(step,),
        )
    ]  # fmt: skip


@scenario()
async def blind_by_feature_code(stage: Stage) -> list[Truth]:
    """## and the extension, pressed in mid-talk."""
    client, leg = await talking(stage)
    target = stage.phone(4)
    await leg.press(f"##{target.name}")
    other = await answers(await target.next_call())
    await talk()
    await ends(client, other)
    step = handed("blind", leg, target.name)
    return [came_in(stage, client, "01", answered=leg, final_agent=target.name, transfers=(step,))]


@scenario()
async def attended_to_a_colleague(stage: Stage) -> list[Truth]:
    """Ask first, then connect."""
    client, leg = await talking(stage)
    target = stage.phone(4)
    asking = await asks(leg, target.name)
    other = await answers(await target.next_call())
    await talk()
    await connects(leg, asking)
    await talk()
    await ends(client, other)
    step = handed("attended", leg, target.name)
    return [came_in(stage, client, "01", answered=leg, final_agent=target.name, transfers=(step,))]


@scenario()
async def attended_to_outside(stage: Stage) -> list[Truth]:
    """Ask somebody outside, then connect client and outside number and leave."""
    client, leg = await talking(stage)
    number = stage.new_client()
    asking = await asks(leg, stage.world.dialled(number))
    outside = await stage.outside_picks_up(stage.on_trunk(number))
    await asking.until_answered()
    await talk()
    await connects(leg, asking)
    await talk()
    await ends(client, outside)
    step, spelt = (handed("attended", leg, n) for n in (stage.world.dialled(number), stage.on_trunk(number)))
    return [
        came_in(
            stage, client, "01", answered=leg, transfers=(step,),
            more={"accept_transfers": [[spelt.as_json()]]},
        )
    ]  # fmt: skip


@scenario()
async def attended_to_a_queue(stage: Stage) -> list[Truth]:
    """Ask in a queue, and connect the client with whoever picked up."""
    client, leg = await talking(stage, "05", 5)
    queue = stage.world.queue_numbers[0]
    asking = await asks(leg, queue)
    other = await stage.picks_up(2)
    await talk()
    await connects(leg, asking)
    await talk()
    await ends(client, other)
    step, person = handed("attended", leg, queue), handed("attended", leg, other.party.name)
    named = handed("attended", leg, stage.world.queues[0])
    return [
        came_in(
            stage, client, "05", answered=leg, final_agent=other.party.name,
            queue=stage.world.queues[0], transfers=(step,),
            more={"accept_transfers": [[person.as_json()], [named.as_json()]]},
        )
    ]  # fmt: skip


@scenario()
async def attended_by_feature_code(stage: Stage) -> list[Truth]:
    """*2 and the extension; the seller hangs up once the colleague agrees."""
    client, leg = await talking(stage)
    target = stage.phone(4)
    await leg.press(f"*2{target.name}")
    other = await answers(await target.next_call())
    await talk()
    await leg.hang_up()
    await talk()
    await ends(client, other)
    step = handed("attended", leg, target.name)
    return [came_in(stage, client, "01", answered=leg, final_agent=target.name, transfers=(step,))]


@scenario()
async def two_clients_joined(stage: Stage) -> list[Truth]:
    """The seller has two clients on the line, connects them with each other and leaves."""
    first, leg = await talking(stage)
    await leg.hold()
    second = stage.calls_in("01")
    other = await stage.picks_up(1)
    await second.until_answered()
    await talk()
    assert await leg.transfer_to(other) == 202
    await leg.until_ended()
    await other.until_ended()
    await talk()
    await ends(first, second)
    return [
        came_in(stage, first, "01", answered=leg, legs=[leg]),
        came_in(stage, second, "01", answered=other, legs=[other]),
    ]


@scenario()
async def parked_and_fetched(stage: Stage) -> list[Truth]:
    """Into the parking lot; a colleague fetches the client from there."""
    client, leg = await talking(stage)
    await leg.transfer(stage.world.parking)
    await leg.until_ended()
    await talk()
    fetching = stage.phone(3).dial(stage.world.park_space)
    await fetching.until_answered()
    await talk()
    await ends(fetching, client)
    step = handed("park", leg, fetching.party.name)
    return [came_in(stage, client, "01", answered=leg, final_agent=fetching.party.name, transfers=(step,))]


@scenario()
async def parked_and_came_back(stage: Stage) -> list[Truth]:
    """Nobody fetches the client; after a while the parker's phone rings again."""
    client, leg = await talking(stage)
    await leg.transfer(stage.world.parking)
    await leg.until_ended()
    again = await stage.picks_up(1)
    await talk()
    await ends(client, again)
    back = handed("park", leg, leg.party.name)
    return [
        came_in(
            stage, client, "01", answered=leg, transfers=(back,),
            more={"accept_transfers": [[back.as_json()], []]},
        )
    ]  # fmt: skip


@scenario()
async def parked_and_gave_up(stage: Stage) -> list[Truth]:
    """The client hangs up in the parking lot."""
    client, leg = await talking(stage)
    await leg.transfer(stage.world.parking)
    await leg.until_ended()
    await talk()
    await client.hang_up()
    step = handed("park", leg, "", completed=False)
    return [came_in(stage, client, "01", answered=leg, transfers=(step,))]


@scenario()
async def outgoing_then_blind(stage: Stage) -> list[Truth]:
    """A seller calls a client and hands the talk to a colleague without asking."""
    number = stage.new_client()
    seller = stage.phone(1).dial(stage.world.dialled(number))
    client = await stage.outside_picks_up(stage.on_trunk(number))
    await seller.until_answered()
    await talk()
    target = stage.phone(2)
    await seller.transfer(target.name)
    other = await answers(await target.next_call())
    await talk()
    await ends(client, other)
    step = handed("blind", seller, target.name)
    return [
        went_out(stage, seller, stage.on_trunk(number), client, final_agent=target.name, transfers=(step,))
    ]


@scenario()
async def outgoing_then_attended(stage: Stage) -> list[Truth]:
    """A seller calls a client, asks a colleague and connects the two."""
    number = stage.new_client()
    seller = stage.phone(1).dial(stage.world.dialled(number))
    client = await stage.outside_picks_up(stage.on_trunk(number))
    await seller.until_answered()
    await talk()
    target = stage.phone(4)
    asking = await asks(seller, target.name)
    other = await answers(await target.next_call())
    await talk()
    await connects(seller, asking)
    await talk()
    await ends(other, client)
    step = handed("attended", seller, target.name)
    return [
        went_out(stage, seller, stage.on_trunk(number), client, final_agent=target.name, transfers=(step,))
    ]
