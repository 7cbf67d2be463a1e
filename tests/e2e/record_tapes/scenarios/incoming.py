"""Clients call in, and no queue is between them and the seller."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.e2e.record_tapes.stage import Stage, answers, came_in, ends, scenario, talk, went_out
from tests.e2e.truth import Truth, first_ring, seconds
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import is_busy


@scenario()
async def client_hangs_up(stage: Stage) -> list[Truth]:
    """One seller, a talk, the client leaves."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "01", answered=leg)]


@scenario()
async def seller_hangs_up(stage: Stage) -> list[Truth]:
    """One seller, a talk with two holds, the seller leaves."""
    client = stage.calls_in("02")
    leg = await stage.picks_up(2)
    for _ in range(2):
        await leg.hold()
        await talk(0.6)
        await leg.resume()
    await talk()
    await ends(leg, client)
    return [came_in(stage, client, "02", answered=leg)]


async def _named(stage: Stage, name: str) -> list[Truth]:
    client = stage.calls_in("17", name=name)
    leg = await stage.picks_up(1)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "17", answered=leg)]


@scenario()
async def name_in_cyrillic_with_comma(stage: Stage) -> list[Truth]:
    """The dialplan puts a prefix before the name and makes 8... into 7...."""
    return await _named(stage, "Завод, цех №5; склад")


@scenario(shapes=["office"])
async def name_with_quotes_and_backslash(stage: Stage) -> list[Truth]:
    """A name that has to be escaped twice on its way. The prefix is not put before it: Set would trip."""
    client = stage.calls_in("02", name=r"OOO \"Roga\\Kopyta\"")
    leg = await stage.picks_up(2)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "02", answered=leg)]


@scenario()
async def privacy_with_asserted_number(stage: Stage) -> list[Truth]:
    """The caller withholds the number, the provider asserts it to the PBX."""
    number = stage.new_client()
    asserted = (("P-Asserted-Identity", f"<sip:{number}@provider.invalid>"), ("Privacy", "id"))
    client = stage.calls_in("01", caller="anonymous", name="Anonymous", extra=asserted)
    leg = await stage.picks_up(1)
    await talk()
    await ends(client, leg)
    # chan_sip reads the assertion only with trustrpid and then shows it; what AMI shows may be given.
    return [came_in(stage, client, "01", answered=leg, external_number=number)]


@scenario()
async def engaged_without_call_waiting(stage: Stage) -> list[Truth]:
    """The seller talks; a second client is told busy without any phone being tried."""
    first = stage.calls_in("03")
    leg = await stage.picks_up(3)
    await first.until_answered()
    await talk(0.5)
    second = stage.calls_in("03")
    await second.until_ended()
    await talk()
    await ends(first, leg)
    return [
        came_in(stage, first, "03", answered=leg),
        came_in(stage, second, "03", reason="busy", rang=(), ring_s=0.0),
    ]


@scenario()
async def do_not_disturb(stage: Stage) -> list[Truth]:
    """The seller has do-not-disturb on: no phone is tried."""
    client = stage.calls_in("04")
    await client.until_ended()
    return [came_in(stage, client, "04", reason="busy")]


@scenario()
async def answering_machine(stage: Stage) -> list[Truth]:
    """Nobody picks up in time; the client talks to the machine."""
    client = stage.calls_in("05")
    leg = await stage.phone(5).next_call()
    await leg.until_ended()
    await client.until_answered()
    await talk(2.5)
    await client.hang_up()
    return [came_in(stage, client, "05", outcome="voicemail")]


@scenario()
async def busy_then_machine(stage: Stage) -> list[Truth]:
    """The seller's phone refuses; the machine takes the client, who says nothing to it."""
    phone = stage.phone(5)
    phone.manners[phone.name] = is_busy
    client = stage.calls_in("05")
    await client.until_answered()
    await talk(2.0)
    await client.hang_up()
    return [came_in(stage, client, "05", outcome="voicemail")]


@scenario()
async def announcement_in_early_media(stage: Stage) -> list[Truth]:
    """The PBX speaks without having answered, and hangs up."""
    client = stage.calls_in("08")
    await client.until_ended()
    return [came_in(stage, client, "08")]


@scenario()
async def closed(stage: Stage) -> list[Truth]:
    """The PBX answers, says that nobody is there, and hangs up."""
    client = stage.calls_in("09")
    await client.until_ended()
    return [came_in(stage, client, "09", reason="closed")]


@scenario()
async def gives_up_before_any_phone_rings(stage: Stage) -> list[Truth]:
    """The seller's phone is off; the client gives up."""
    phone = stage.phone(1)
    phone.manners[phone.name] = lambda _: None
    client = stage.calls_in("01")
    await talk(0.8)
    await client.hang_up()
    await talk(0.3)
    return [came_in(stage, client, "01")]


@scenario()
async def nobody_there(stage: Stage) -> list[Truth]:
    """The public number leads to an extension that does not exist."""
    client = stage.calls_in("24")
    await client.until_ended()
    return [came_in(stage, client, "24")]


@scenario(drivers=["PJSIP"])
async def two_devices(stage: Stage) -> list[Truth]:
    """A seller with two phones picks the second one up."""
    client = stage.calls_in("18")
    first = await stage.phone(1).next_call()
    second = await stage.running.second_phone.next_call()
    await answers(second)
    await first.until_ended()
    await talk()
    await ends(client, second)
    return [came_in(stage, client, "18", answered=second)]


@scenario()
async def goes_on_to_a_menu(stage: Stage) -> list[Truth]:
    """The seller hangs up first; the client is asked how it was and stays for a while."""
    client = stage.calls_in("15")
    leg = await stage.picks_up(1)
    await talk()
    await leg.hang_up()
    await talk(1.0)
    await client.hang_up()
    return [came_in(stage, client, "15", answered=leg)]


@scenario()
async def slow_hangup_handler(stage: Stage) -> list[Truth]:
    """A hang-up handler keeps the client's channel for two seconds after the talk."""
    client = stage.calls_in("22")
    leg = await stage.picks_up(1)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "22", answered=leg)]


@scenario()
async def recorded(stage: Stage) -> list[Truth]:
    """A recording runs from before the ringing."""
    client = stage.calls_in("16")
    leg = await stage.picks_up(1)
    await talk()
    await ends(leg, client)
    return [came_in(stage, client, "16", answered=leg, recording=True)]


@scenario()
async def silence_on_the_line(stage: Stage) -> list[Truth]:
    """The seller's phone sends no sound any more; the PBX ends the call after a while."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    leg.party.audio.stop(leg.call_id)
    await client.until_ended()
    return [came_in(stage, client, "01", answered=leg)]


@scenario()
async def three_clients_at_once(stage: Stage) -> list[Truth]:
    """Three clients, three sellers, one of whom never picks up; they end in another order."""
    clients = []
    for service in ("01", "02", "03"):
        clients.append(stage.calls_in(service))
        await asyncio.sleep(0.15)
    legs = [await stage.phone(seller).next_call() for seller in (1, 2, 3)]
    await asyncio.sleep(0.5)
    legs[2].answer()
    await asyncio.sleep(0.5)
    legs[0].answer()
    await talk()
    await ends(clients[2], legs[2])
    await ends(clients[1], legs[1])
    await ends(legs[0], clients[0])
    told = zip(clients, ("01", "02", "03"), legs, (True, False, True), strict=True)
    return [
        came_in(stage, client, service, answered=leg if talked else None, legs=[leg])
        for client, service, leg, talked in told
    ]


@scenario()
async def same_client_twice(stage: Stage) -> list[Truth]:
    """The line is lost in mid-talk, the client calls again at once and reaches another seller."""
    number = stage.new_client()
    first = stage.calls_in("01", caller=number)
    leg = await stage.picks_up(1)
    await talk(0.8)
    await ends(first, leg)
    second = stage.calls_in("02", caller=number)
    other = await stage.picks_up(2)
    await talk()
    await ends(other, second)
    return [
        came_in(stage, first, "01", answered=leg, legs=[leg]),
        came_in(stage, second, "02", answered=other, legs=[other]),
    ]


@scenario()
async def number_in_the_to_header_only(stage: Stage) -> list[Truth]:
    """The provider sends every call to the account."""
    client = stage.calls_the_account("02")
    leg = await stage.picks_up(2)
    await talk()
    await ends(leg, client)
    return [came_in(stage, client, "02", answered=leg)]


@scenario()
async def one_after_the_other(stage: Stage) -> list[Truth]:
    """Two phones ring for two seconds each, the third one is picked up."""
    client = stage.calls_in("26")
    leg = await stage.picks_up(4)
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "26", answered=leg)]


@scenario()
async def first_seller_refuses_when_asked(stage: Stage) -> list[Truth]:
    """Picked up and refused by key; the next seller takes the call with 1 and only then is connected."""
    client = stage.calls_in("27")
    refusing = await stage.picks_up(1)
    await talk(0.8)
    await refusing.press("2")
    await refusing.until_ended()
    leg = await stage.picks_up(2)
    await talk(0.8)
    await leg.press("1")
    await client.until_answered()
    await talk()
    await ends(client, leg)
    return [came_in(stage, client, "27", answered=leg, **_since_connected(stage, client))]


@scenario()
async def seller_hears_an_announcement_first(stage: Stage) -> list[Truth]:
    """The seller is told which line it is, and connected after that."""
    client = stage.calls_in("28")
    leg = await stage.picks_up(1)
    await client.until_answered()
    await talk(2.0)
    await ends(client, leg)
    return [came_in(stage, client, "28", answered=leg, **_since_connected(stage, client))]


def _since_connected(stage: Stage, client: Dialog) -> dict[str, Any]:
    """The client hears 200 only once the seller is there."""
    return {
        "ring_s": seconds(first_ring(stage.rung()), client.answered_at),
        "talk_s": seconds(client.answered_at, client.ended_at),
    }


@scenario()
async def second_line_while_on_hold(stage: Stage) -> list[Truth]:
    """The client is put on hold while the seller calls somebody outside, and is taken back."""
    client = stage.calls_in("01")
    leg = await stage.picks_up(1)
    await talk()
    await leg.hold()
    number = stage.new_client()
    asking = leg.party.dial(stage.world.dialled(number))
    outside = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(asking, outside)
    await leg.resume()
    await talk()
    await ends(client, leg)
    return [
        came_in(stage, client, "01", answered=leg, legs=[leg]),
        went_out(stage, asking, stage.on_trunk(number), outside, rang=()),
    ]
