"""Colleagues call each other, or nobody at all."""

from __future__ import annotations

from tests.e2e.record_tapes.stage import Stage, answers, ends, handed, scenario, stayed_inside, talk
from tests.e2e.truth import Truth
from tests.parts.sip.party import is_busy


@scenario()
async def colleagues_talk(stage: Stage) -> list[Truth]:
    """One calls, the other picks up and later hangs up."""
    seller = stage.phone(5).dial(stage.world.sellers[3])
    leg = await stage.picks_up(4)
    await talk()
    await ends(leg, seller)
    return [stayed_inside(stage, seller, leg)]


@scenario()
async def colleague_is_engaged(stage: Stage) -> list[Truth]:
    """The other's phone refuses."""
    phone = stage.phone(2)
    phone.manners[phone.name] = is_busy
    seller = stage.phone(6).dial(phone.name)
    await seller.until_ended()
    return [stayed_inside(stage, seller, None, outcome="busy")]


@scenario()
async def colleague_does_not_pick_up(stage: Stage) -> list[Truth]:
    """The caller gives up."""
    seller = stage.phone(6).dial(stage.world.sellers[1])
    leg = await stage.phone(2).next_call()
    await talk()
    await ends(seller, leg)
    return [stayed_inside(stage, seller, None)]


@scenario()
async def colleague_calls_the_queue(stage: Stage) -> list[Truth]:
    """A colleague calls a queue and a member picks up."""
    seller = stage.phone(6).dial(stage.world.queue_numbers[0])
    leg = await stage.picks_up(2)
    await talk()
    await ends(seller, leg)
    return [stayed_inside(stage, seller, leg, queue=stage.world.queues[0])]


@scenario()
async def colleague_sent_outside(stage: Stage) -> list[Truth]:
    """The called colleague sends the caller on to an outside number."""
    seller = stage.phone(5).dial(stage.world.sellers[1])
    leg = await stage.picks_up(2)
    await talk()
    number = stage.new_client()
    await leg.transfer(stage.world.dialled(number))
    outside = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(seller, outside)
    step = handed("blind", leg, stage.world.dialled(number))
    return [
        stayed_inside(
            stage, seller, leg, transfers=(step,),
            more={"accept_external_number": [None, stage.on_trunk(number)]},
        )
    ]  # fmt: skip


@scenario()
async def consultation_only(stage: Stage) -> list[Truth]:
    """Two talk, the called one asks a third, comes back, and the first two go on."""
    seller = stage.phone(1).dial(stage.world.sellers[1])
    leg = await stage.picks_up(2)
    await talk()
    await leg.hold()
    asking = leg.party.dial(stage.world.sellers[3])
    third = await answers(await stage.phone(4).next_call())
    await talk()
    await ends(asking, third)
    await leg.resume()
    await talk()
    await ends(seller, leg)
    asked = {"from": leg.party.name, "to": third.party.name, "outcome": "answered"}
    return [stayed_inside(stage, seller, leg, also_internal=[asked])]


@scenario()
async def colleagues_call_picked_up(stage: Stage) -> list[Truth]:
    """One calls, the other's phone rings, a third takes the call from there."""
    seller = stage.phone(5).dial(stage.world.sellers[1])
    ringing = await stage.phone(2).next_call()
    await talk(0.7)
    taking = stage.phone(4).dial(f"**{ringing.party.name}")
    await taking.until_answered()
    await ringing.until_ended()
    await talk()
    await ends(seller, taking)
    return [stayed_inside(stage, seller, taking)]


@scenario()
async def own_mailbox(stage: Stage) -> list[Truth]:
    """A seller listens to the own mailbox: no call."""
    seller = stage.phone(3).dial("*97")
    await seller.until_answered()
    await talk()
    await seller.hang_up()
    return []


@scenario()
async def feature_code(stage: Stage) -> list[Truth]:
    """A seller switches something on: no call."""
    await stage.phone(3).dial("*78").until_ended()
    return []


@scenario()
async def wrong_extension(stage: Stage) -> list[Truth]:
    """A seller dials an extension that nobody has: nobody is dialled, no call."""
    await stage.phone(3).dial(stage.world.nobody).until_ended()
    return []
