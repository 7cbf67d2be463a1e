"""The called seller's phone is not where the call ends up."""

from __future__ import annotations

import time
from typing import Any

from tests.e2e.record_tapes.stage import Stage, answers, came_in, ends, scenario, talk
from tests.e2e.truth import Truth, first_ring, seconds
from tests.parts.sip.dialog import Dialog


def _mobile(stage: Stage) -> str:
    """The sixth seller's mobile as the trunk is asked for it."""
    number = stage.world.mobile
    return f"7{number[1:]}" if stage.world.shape == "exchange" else number


def _by_the_sixth(stage: Stage) -> dict[str, Any]:
    """Answered on the mobile; whose it is, the PBX need not say."""
    owner = stage.world.sellers[5]
    mobiles = [stage.world.mobile, _mobile(stage)]
    more = {"accept_answered_by": [owner, None, *mobiles], "answered_on": "mobile"}
    return {"answered_by": owner, "final_agent": owner, "more": more}


@scenario()
async def all_calls_to_the_mobile(stage: Stage) -> list[Truth]:
    """The dialplan sends everything on to a mobile through a Local channel."""
    client = stage.calls_in("07")
    mobile = await stage.outside_picks_up(_mobile(stage))
    await talk()
    await ends(client, mobile)
    return [came_in(stage, client, "07", answered=mobile, outside_legs=[mobile], **_by_the_sixth(stage))]


@scenario()
async def all_calls_to_a_mobile_that_is_off(stage: Stage) -> list[Truth]:
    """Forwarded, and nobody picks up."""
    client = stage.calls_in("07")
    mobile = await stage.provider.next_call(_mobile(stage))
    await talk()
    await ends(client, mobile)
    return [came_in(stage, client, "07", outside_legs=[mobile])]


async def _mobile_rings(stage: Stage) -> tuple[Dialog, Dialog]:
    client = stage.calls_in("06")
    await stage.phone(6).next_call()
    return client, await stage.provider.next_call(_mobile(stage))


@scenario()
async def follow_me_accepted(stage: Stage) -> list[Truth]:
    """Desk, then mobile; the mobile's owner presses 1 and is connected only then."""
    client, mobile = await _mobile_rings(stage)
    await answers(mobile)
    accepted_at = await _accepts(mobile)
    await talk()
    await ends(client, mobile)
    told = _connected_at(stage, client, accepted_at)
    return [came_in(stage, client, "06", answered=mobile, **told, **_by_the_sixth(stage))]


async def _accepts(leg: Dialog) -> float:
    """When the question was answered: only then are the two connected."""
    await talk(1.0)
    accepted_at = time.time()
    await leg.press("1")
    return accepted_at


def _connected_at(stage: Stage, client: Dialog, moment: float) -> dict[str, Any]:
    return {
        "ring_s": seconds(first_ring(stage.rung()), moment),
        "talk_s": seconds(moment, client.ended_at),
    }


@scenario()
async def follow_me_refused(stage: Stage) -> list[Truth]:
    """The mobile's owner listens to the question and presses 2; the client gives up."""
    client, mobile = await _mobile_rings(stage)
    await answers(mobile)
    await talk(1.0)
    await mobile.press("2")
    await mobile.until_ended()
    await talk(0.5)
    if not client.is_over:
        await client.hang_up()
    return [came_in(stage, client, "06")]


@scenario(shapes=["exchange"])
async def follow_me_not_confirmed(stage: Stage) -> list[Truth]:
    """The mobile picks up and presses nothing; the desk is picked up after all."""
    client, mobile = await _mobile_rings(stage)
    desk = stage.rung()[-1]
    await answers(mobile)
    await mobile.until_ended()
    if desk.is_over:
        desk = stage.rung()[-1]
    desk.answer()
    await talk()
    await ends(client, desk)
    return [came_in(stage, client, "06", answered=desk)]


@scenario()
async def follow_me_answered_at_the_desk(stage: Stage) -> list[Truth]:
    """The desk is picked up before the mobile is tried."""
    client = stage.calls_in("06")
    desk = await stage.picks_up(6)
    # The small dialplan's follow-me asks at the desk as well.
    asks = stage.world.shape == "office"
    moment = await _accepts(desk) if asks else desk.answered_at or 0.0
    await talk()
    await ends(desk, client)
    return [came_in(stage, client, "06", answered=desk, **_connected_at(stage, client, moment))]


@scenario()
async def phone_forwards_to_a_colleague(stage: Stage) -> list[Truth]:
    """The phone answers 302 with a colleague's extension."""
    phone, target = stage.phone(2), stage.phone(4)
    pbx = stage.running.network.pbx
    phone.manners[phone.name] = lambda leg: leg.reject(302, "Moved Temporarily", f"sip:{target.name}@{pbx}")
    client = stage.calls_in("02")
    leg = await stage.picks_up(4)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "02", answered=leg)]


@scenario(shapes=["office"])
async def phone_forwards_outside(stage: Stage) -> list[Truth]:
    """The phone answers 302 with an outside number, which goes over the trunk."""
    phone, pbx = stage.phone(2), stage.running.network.pbx
    number = stage.new_client()
    target = stage.world.dialled(number)
    phone.manners[phone.name] = lambda leg: leg.reject(302, "Moved Temporarily", f"sip:{target}@{pbx}")
    client = stage.calls_in("02")
    mobile = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(client, mobile)
    owner = phone.name
    return [
        came_in(
            stage, client, "02", answered=mobile, outside_legs=[mobile], answered_by=owner, final_agent=owner,
            more={"accept_answered_by": [owner, None, number], "answered_on": "mobile"},
        )
    ]  # fmt: skip
