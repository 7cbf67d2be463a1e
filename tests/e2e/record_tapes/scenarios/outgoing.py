"""Sellers and the CRM call out."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.e2e.record_tapes.stage import Stage, answers, ends, handed, scenario, talk, went_out
from tests.e2e.truth import Truth, first_ring, seconds
from tests.parts.sip.dialog import Dialog
from tests.parts.sip.party import declines, is_busy, is_out_of_order, is_unknown, plays_tones


@scenario()
async def call_answered(stage: Stage) -> list[Truth]:
    """They talk; the client's network plays its own tones."""
    number = stage.new_client()
    target = stage.on_trunk(number)
    stage.provider.manners[target] = plays_tones
    seller = stage.phone(2).dial(stage.world.dialled(number))
    client = await stage.outside_picks_up(target)
    await talk()
    await ends(seller, client)
    return [went_out(stage, seller, target, client)]


@scenario()
async def call_not_answered(stage: Stage) -> list[Truth]:
    """The seller gives up."""
    number = stage.new_client()
    seller = stage.phone(3).dial(stage.world.dialled(number))
    client = await stage.provider.next_call(stage.on_trunk(number))
    await talk(2.0)
    await ends(seller, client)
    return [went_out(stage, seller, stage.on_trunk(number), client)]


@scenario()
async def client_is_busy(stage: Stage) -> list[Truth]:
    """Engaged."""
    number = stage.new_client()
    stage.provider.manners[stage.on_trunk(number)] = is_busy
    seller = stage.phone(3).dial(stage.world.dialled(number))
    client = await stage.provider.next_call(stage.on_trunk(number))
    await seller.until_ended()
    return [went_out(stage, seller, stage.on_trunk(number), client, outcome="busy")]


@scenario()
async def no_such_number(stage: Stage) -> list[Truth]:
    """The provider says 404."""
    number = stage.new_client()
    for trunk, spelling in ((stage.provider, stage.on_trunk(number)), (stage.spare, stage.on_spare(number))):
        trunk.manners[spelling] = is_unknown
    seller = stage.phone(1).dial(stage.world.dialled(number))
    await seller.until_ended()
    return [_failed(stage, seller, number)]


def _failed(stage: Stage, seller: Dialog, number: str) -> Truth:
    """It was asked for on one trunk or on both; either spelling of the number is right."""
    spellings = [stage.on_trunk(number), stage.on_spare(number)]
    asked = spellings[1] if stage.was_asked(stage.spare, spellings[1]) else spellings[0]
    more = {"accept_external_number": spellings}
    return went_out(stage, seller, asked, outcome="failed", more=more)


@scenario()
async def second_trunk_carries_it(stage: Stage) -> list[Truth]:
    """The first trunk has no line free; the second one wants the number with 8."""
    number = stage.new_client()
    stage.provider.manners[stage.on_trunk(number)] = is_out_of_order
    seller = stage.phone(4).dial(stage.world.dialled(number))
    refused = await stage.provider.next_call(stage.on_trunk(number))
    client = await answers(await stage.spare.next_call(stage.on_spare(number)))
    await talk()
    await ends(client, seller)
    return [went_out(stage, seller, stage.on_spare(number), refused, client)]


@scenario()
async def no_trunk_carries_it(stage: Stage) -> list[Truth]:
    """Both trunks refuse."""
    number = stage.new_client()
    stage.provider.manners[stage.on_trunk(number)] = is_out_of_order
    stage.spare.manners[stage.on_spare(number)] = is_out_of_order
    seller = stage.phone(4).dial(stage.world.dialled(number))
    await seller.until_ended()
    return [_failed(stage, seller, number)]


def _click(stage: Stage, channel: str, number: str, **more: str) -> None:
    """The CRM's button."""
    stage.tap.act(
        "Originate", Channel=channel, Context=stage.world.internal, Exten=stage.world.dialled(number),
        Priority="1", CallerID=f"CRM <{number}>", Async="true", Timeout="8000", **more,
    )  # fmt: skip


def _clicked(stage: Stage, seller: Dialog, number: str, client: Dialog | None, **plan: Any) -> Truth:
    legs = [client] if client else []
    return went_out(stage, seller, stage.on_trunk(number), *legs, **plan)


@scenario()
async def click_answered(stage: Stage) -> list[Truth]:
    """The seller's phone rings, then the client's; the call has the CRM's own id."""
    number, phone = stage.new_client(), stage.phone(1)
    _click(stage, f"{stage.world.driver}/{phone.name}", number, ChannelId=f"crm-{number.strip('+')}")
    seller = await stage.picks_up(1)
    client = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(client, seller)
    return [_clicked(stage, seller, number, client)]


def _never_dialled(stage: Stage, seller: Dialog, number: str) -> Truth:
    more = {"accept_external_number": [stage.world.dialled(number)]}
    return _clicked(stage, seller, number, None, outcome="failed", external_number=number, more=more)


@scenario()
async def click_declined_by_the_seller(stage: Stage) -> list[Truth]:
    """The seller's phone rings and is refused by its owner: the client is never dialled."""
    number, phone = stage.new_client(), stage.phone(2)
    _click(stage, f"{stage.world.driver}/{phone.name}", number)
    seller = await phone.next_call()
    await talk(1.0)
    seller.reject(603, "Decline")
    await talk()
    return [_never_dialled(stage, seller, number)]


@scenario()
async def click_declined_at_once(stage: Stage) -> list[Truth]:
    """The seller's phone refuses without ringing."""
    number, phone = stage.new_client(), stage.phone(2)
    phone.manners[phone.name] = declines
    _click(stage, f"{stage.world.driver}/{phone.name}", number)
    seller = await phone.next_call()
    await talk()
    return [_never_dialled(stage, seller, number)]


@scenario()
async def click_through_a_local_channel(stage: Stage) -> list[Truth]:
    """The CRM dials the seller as a colleague would."""
    number, phone = stage.new_client(), stage.phone(3)
    _click(stage, f"Local/{phone.name}@{stage.world.internal}/n", number)
    seller = await stage.picks_up(3)
    client = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(seller, client)
    return [_clicked(stage, seller, number, client)]


@scenario()
async def click_and_client_does_not_answer(stage: Stage) -> list[Truth]:
    """The seller picks up, the client does not."""
    number, phone = stage.new_client(), stage.phone(3)
    _click(stage, f"{stage.world.driver}/{phone.name}", number)
    seller = await stage.picks_up(3)
    client = await stage.provider.next_call(stage.on_trunk(number))
    await talk(2.0)
    await ends(seller, client)
    return [_clicked(stage, seller, number, client)]


@scenario()
async def call_back_through_a_queue(stage: Stage) -> list[Truth]:
    """The CRM calls a queue; whoever picks up is connected with the client."""
    number, queue = stage.new_client(), stage.world.queue_numbers[0]
    _click(stage, f"Local/{queue}@{stage.world.internal}/n", number)
    for seller_number in (1, 3):
        await stage.phone(seller_number).next_call()
    seller = await stage.picks_up(2)
    client = await stage.outside_picks_up(stage.on_trunk(number))
    await talk()
    await ends(client, seller)
    return [_clicked(stage, seller, number, client, queue=stage.world.queues[0])]


@scenario()
async def two_calls_at_once(stage: Stage) -> list[Truth]:
    """Two sellers call two clients; one talks, the other is not answered."""
    numbers = [stage.new_client(), stage.new_client()]
    sellers = [stage.phone(1).dial(stage.world.dialled(numbers[0]))]
    await asyncio.sleep(0.15)
    sellers.append(stage.phone(2).dial(stage.world.dialled(numbers[1])))
    talking = await stage.outside_picks_up(stage.on_trunk(numbers[0]))
    ringing = await stage.provider.next_call(stage.on_trunk(numbers[1]))
    await asyncio.sleep(1.5)
    await ends(sellers[1], ringing)
    await ends(talking, sellers[0])
    return [
        went_out(stage, sellers[0], stage.on_trunk(numbers[0]), talking),
        went_out(
            stage, sellers[1], stage.on_trunk(numbers[1]), ringing,
            ring_s=seconds(first_ring([ringing]), ringing.ended_at),
        ),
    ]  # fmt: skip


@scenario()
async def client_is_called_first(stage: Stage) -> list[Truth]:
    """A dialler calls the client and connects whoever is free once the client has picked up."""
    number = stage.on_trunk(stage.new_client())
    phone = stage.phone(2)
    stage.tap.act(
        "Originate", Channel=f"{stage.world.driver}/{number}@{stage.world.trunk}",
        Context=stage.world.internal, Exten=phone.name, Priority="1",
        CallerID=f"Dialler <{stage.world.company}>", Async="true",
    )  # fmt: skip
    client = await stage.outside_picks_up(number)
    seller = await stage.picks_up(2)
    await talk()
    await ends(client, seller)
    told = {"talk_s": seconds(seller.answered_at, client.ended_at)}
    ring = seconds(client.rang_at, seller.answered_at)
    return [went_out(stage, seller, number, client, ring_s=ring, **told)]


@scenario()
async def sent_on_by_feature_code(stage: Stage) -> list[Truth]:
    """The calling seller hands the client on with ##."""
    number = stage.new_client()
    seller = stage.phone(1).dial(stage.world.dialled(number))
    client = await stage.outside_picks_up(stage.on_trunk(number))
    await seller.until_answered()
    await talk()
    target = stage.phone(4)
    await seller.press(f"##{target.name}")
    other = await answers(await target.next_call())
    await talk()
    await ends(client, other)
    step = handed("blind", seller, target.name)
    return [
        went_out(stage, seller, stage.on_trunk(number), client, final_agent=target.name, transfers=(step,))
    ]
