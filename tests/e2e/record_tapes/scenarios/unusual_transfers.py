"""Transfers that go another way than the seller meant, or through more than one phone."""

from __future__ import annotations

from tests.e2e.record_tapes.scenarios.transfers import asks, connects, talking
from tests.e2e.record_tapes.stage import Stage, answers, came_in, ends, handed, scenario, talk
from tests.e2e.truth import Truth


@scenario()
async def queue_call_handed_on(stage: Stage) -> list[Truth]:
    """A queue member takes the call, asks a colleague, connects the two."""
    client = stage.calls_in("12")
    leg = await stage.picks_up(1)
    await client.until_answered()
    await talk()
    target = stage.phone(6)
    asking = await asks(leg, target.name)
    other = await answers(await target.next_call())
    await talk()
    await connects(leg, asking)
    await talk()
    await ends(client, other)
    step = handed("attended", leg, target.name)
    return [
        came_in(
            stage, client, "12", answered=leg, final_agent=target.name, transfers=(step,),
            queue=stage.world.queues[2], recording=True,
        )
    ]  # fmt: skip


@scenario()
async def queue_call_sent_on(stage: Stage) -> list[Truth]:
    """A queue member behind a Local channel hands the client on without asking."""
    client = stage.calls_in("12")
    leg = await stage.picks_up(2)
    await client.until_answered()
    await talk()
    target = stage.phone(6)
    await leg.transfer(target.name)
    other = await answers(await target.next_call())
    await talk()
    await ends(other, client)
    step = handed("blind", leg, target.name)
    return [
        came_in(
            stage, client, "12", answered=leg, final_agent=target.name, transfers=(step,),
            queue=stage.world.queues[2], recording=True,
        )
    ]  # fmt: skip


@scenario(shapes=["exchange"])
async def blind_to_a_ring_group(stage: Stage) -> list[Truth]:
    """To a group that rings through Local channels."""
    client, leg = await talking(stage, "05", 5)
    await leg.transfer(stage.world.group)
    other = await stage.picks_up(2)
    await talk()
    await ends(client, other)
    step, person = (handed("blind", leg, to) for to in (stage.world.group, other.party.name))
    return [
        came_in(
            stage, client, "05", answered=leg, final_agent=other.party.name, transfers=(step,),
            more={"accept_transfers": [[person.as_json()]]},
        )
    ]  # fmt: skip


@scenario()
async def gave_up_while_handed_on(stage: Stage) -> list[Truth]:
    """The client hangs up while the colleague's phone rings."""
    client, leg = await talking(stage)
    target = stage.phone(4)
    await leg.transfer(target.name)
    ringing = await target.next_call()
    await talk()
    await ends(client, ringing)
    step = handed("blind", leg, target.name, completed=False)
    return [came_in(stage, client, "01", answered=leg, transfers=(step,))]


@scenario()
async def gave_up_on_hold(stage: Stage) -> list[Truth]:
    """The client hangs up while the seller asks a colleague; the two go on talking."""
    client, leg = await talking(stage)
    target = stage.phone(4)
    asking = await asks(leg, target.name)
    other = await answers(await target.next_call())
    await talk()
    await ends(client, leg)
    await talk()
    await ends(asking, other)
    asked = {"from": leg.party.name, "to": target.name, "outcome": "answered"}
    return [came_in(stage, client, "01", answered=leg, also_internal=[asked])]


@scenario()
async def handed_there_and_back(stage: Stage) -> list[Truth]:
    """A colleague gets the client and sends the call back to the first seller."""
    client, leg = await talking(stage)
    target = stage.phone(2)
    await leg.transfer(target.name)
    other = await answers(await target.next_call())
    await leg.until_ended()
    await talk()
    await other.transfer(leg.party.name)
    again = await answers(await leg.party.next_call())
    await talk()
    await ends(client, again)
    steps = (handed("blind", leg, target.name), handed("blind", other, leg.party.name))
    return [came_in(stage, client, "01", answered=leg, transfers=steps)]
