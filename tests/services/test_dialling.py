"""A click rings the seller's own phone, once, and nothing that is not a number anybody may call."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import time, timedelta

import pytest

from pbx_crm.asterisk.ami_account import AmiAccount
from pbx_crm.asterisk.ami_listener import AmiListener
from pbx_crm.asterisk.dialler import Dialler, DialShape
from pbx_crm.db import extensions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import dials
from pbx_crm.domain.call import Direction
from pbx_crm.domain.dialling import ClosedHours, DialRules, NoPhone, NotByClick, TooManyDials
from pbx_crm.domain.errors import CrmError, NotFound, PbxUnreachable, Refused, RightMissing
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.dialling import Dialling, Outlet
from tests import builders
from tests.asterisk.quick import QUICK
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.parts.scripted_ami import SECRET, Action, ScriptedAmi, until
from tests.phones import WrittenPhones
from tests.turned_clock import TurnedClock

PLAN = NumberPlan("RU", ("9",))
CLIENT = "+79051234567"


@dataclass
class Desk:
    """Anna at 101 and Boris at 102, on a PBX that starts calls."""

    database: Database
    anna: Person
    boris: Person
    clock: TurnedClock = field(default_factory=TurnedClock)
    phones: WrittenPhones = field(default_factory=WrittenPhones)

    def __post_init__(self) -> None:
        self.dialling = Dialling(self.database, self.clock, "Europe/Moscow")
        self.allow(DialRules())

    def allow(self, rules: DialRules) -> None:
        """These rules hold from now on."""
        self.dialling.offer("main", Outlet(self.phones, PLAN, rules))

    async def states(self) -> list[str]:
        """What is known of each click."""
        query = dials.select().order_by(dials.c.id)
        return await self.database.read(lambda tx: [row.state for row in tx.execute(query)])


@pytest.fixture
async def desk(database: Database) -> Desk:
    """The two at their desks, on both databases."""

    def hire(tx: Transaction) -> tuple[Person, Person]:
        anna, boris = builders.person(tx, "Anna"), builders.person(tx, "Boris")
        for person, number in ((anna, "101"), (boris, "102")):
            extensions.link(tx, "main", number, person.id, NOW - timedelta(days=1))
        return anna, boris

    return Desk(database, *await database.write(hire))


async def test_a_click_rings_one_s_own_phone_for_the_number(desk: Desk) -> None:
    assert await desk.dialling.dial(desk.anna, "8 (905) 123-45-67", "k1") == CLIENT
    (wish,) = desk.phones.rung
    assert (wish.extension, wish.number) == ("101", CLIENT)
    assert wish.channel_id.startswith("crm-")
    assert await desk.states() == ["taken"]


async def test_a_phone_handed_to_a_colleague_is_not_rung_any_more(desk: Desk) -> None:
    def hand_over(tx: Transaction) -> None:
        extensions.link(tx, "main", "101", desk.boris.id, NOW - timedelta(hours=1))

    await desk.database.write(hand_over)
    with pytest.raises(NoPhone):
        await desk.dialling.dial(desk.anna, CLIENT, "k1")
    assert desk.phones.rung == []


async def test_the_same_click_sent_again_rings_nothing_more(desk: Desk) -> None:
    for _ in range(3):
        assert await desk.dialling.dial(desk.anna, CLIENT, "k1") == CLIENT
    desk.clock.now += timedelta(hours=1)
    await desk.dialling.dial(desk.anna, CLIENT, "k1")
    assert len(desk.phones.rung) == 1


async def test_ten_clicks_at_one_moment_ring_once(desk: Desk) -> None:
    clicks = (desk.dialling.dial(desk.anna, CLIENT, f"k{number}") for number in range(10))
    await asyncio.gather(*clicks)
    assert len(desk.phones.rung) == 1


async def test_a_second_call_to_the_client_a_minute_later_is_a_call(desk: Desk) -> None:
    await desk.dialling.dial(desk.anna, CLIENT, "k1")
    desk.clock.now += timedelta(minutes=1)
    await desk.dialling.dial(desk.anna, CLIENT, "k2")
    assert len(desk.phones.rung) == 2


async def test_nobody_calls_more_than_ten_times_a_minute_or_two_hundred_a_day(desk: Desk) -> None:
    for number in range(10):
        await desk.dialling.dial(desk.anna, f"+7905123450{number}", f"k{number}")
    with pytest.raises(TooManyDials):
        await desk.dialling.dial(desk.anna, CLIENT, "one more")
    await desk.dialling.dial(desk.boris, CLIENT, "another person")
    desk.allow(DialRules(per_day=11))
    desk.clock.now += timedelta(minutes=2)
    await desk.dialling.dial(desk.anna, CLIENT, "eleventh")
    desk.clock.now += timedelta(hours=23)
    with pytest.raises(TooManyDials):
        await desk.dialling.dial(desk.anna, CLIENT, "twelfth")


async def test_a_burst_does_not_slip_by_the_limit(desk: Desk) -> None:
    clicks = (desk.dialling.dial(desk.anna, f"+790512345{n:02}", f"k{n}") for n in range(30))
    answers = await asyncio.gather(*clicks, return_exceptions=True)
    assert sum(isinstance(answer, TooManyDials) for answer in answers) == 20
    assert len(desk.phones.rung) == 10


@pytest.mark.parametrize(("hour", "is_open"), [(4, False), (5, True), (17, True), (18, False)])
async def test_the_night_is_locked_by_the_company_s_clock(desk: Desk, hour: int, is_open: bool) -> None:
    desk.allow(DialRules(hours=(time(8), time(21))))
    desk.clock.now = NOW.replace(hour=hour, minute=0)  # UTC; Moscow is three hours ahead
    if is_open:
        await desk.dialling.dial(desk.anna, CLIENT, "k1")
    else:
        with pytest.raises(ClosedHours):
            await desk.dialling.dial(desk.anna, CLIENT, "k1")
    assert len(desk.phones.rung) == is_open


HOSTILE = (
    *("", " ", "+", "0", "112", "911", "02", "101", "102", "*70", "#31#", "*55", "s", "h", "t", "i"),
    *("300&Zap/g1/0015551234567", "PJSIP/102", "Local/1@from-trunk", "SIP/evil@10.0.0.1"),
    *("+79051234567,1", "+79051234567&PJSIP/102", "+79051234567@evil", "+79051234567;x=y"),
    *("+79051234567\r\nAction: Originate", "+79051234567\n\nAction: Command", "79051234567\0"),
    *("${SHELL(id)}", "${EVAL(${CDR(x)})}", "+7905${EXTEN}", "$[1+1]", "+79051234567${X}"),
    *(
        "+79\u0660\u0661\u0662\u0663\u0664\u0665\u0666\u0667",
        "\uff0b79051234567",
        "79051234567w1234",
        "p79051234567",
    ),
    *("+7905123456789012345", "+0079051234567", "++79051234567", "00", "999999999999999999999"),
    *(
        "tel:+79051234567",
        "sip:101@pbx",
        "101;DROP TABLE dials",
        "<script>",
        "../../etc/passwd",
        "%2b79051234567",
    ),
    *(
        "+79001234567x101",
        "+7 905 123 45 67 ext 5",
        "7905123456a",
        "+7-905-CALL-NOW",
        "_X.",
        "_+7X.",
        "[0-9]",
    ),
    # Premium rate: they pay whoever answers.
    *("88095051234", "+78095051234", "+19005551234", "+449098790123", "+499001234567"),
)


def hostile_numbers() -> list[str]:
    """The list above, and its mixtures with a good number: 300 in all."""
    dice = random.Random(7)
    pieces = [
        "&",
        ",",
        "@",
        ";",
        "\r\n",
        "\n",
        "\0",
        "$",
        "{",
        "|",
        "w",
        "*",
        "#",
        "!",
        "_",
        "X",
        "\\",
        '"',
        "<",
    ]
    made = set(HOSTILE)
    while len(made) < 300:
        cut = dice.randrange(2, len(CLIENT))
        made.add(CLIENT[:cut] + "".join(dice.choices(pieces, k=dice.randint(1, 3))) + CLIENT[cut:])
    return sorted(made)


async def test_of_three_hundred_hostile_numbers_none_is_dialled(desk: Desk) -> None:
    for index, text in enumerate(hostile_numbers()):
        with pytest.raises(Refused):
            await desk.dialling.dial(desk.anna, text, f"k{index}")
    assert desk.phones.rung == []
    assert await desk.states() == []


async def test_the_whitelist_keeps_the_calls_at_home(desk: Desk) -> None:
    desk.allow(DialRules(numbers=r"\+7[0-9]{10}"))
    with pytest.raises(Refused):
        await desk.dialling.dial(desk.anna, "+4930901820", "k1")
    await desk.dialling.dial(desk.anna, CLIENT, "k2")
    assert [wish.number for wish in desk.phones.rung] == [CLIENT]


async def test_where_no_pbx_starts_calls_it_is_said(desk: Desk) -> None:
    desk.phones.may_ring = False
    assert not desk.dialling.is_offered
    with pytest.raises(NotByClick):
        await desk.dialling.dial(desk.anna, CLIENT, "k1")


async def test_a_pbx_that_is_away_is_not_asked_and_the_next_click_may_ring(desk: Desk) -> None:
    desk.phones.is_there = False
    with pytest.raises(PbxUnreachable, match="dial on your phone"):
        await desk.dialling.dial(desk.anna, CLIENT, "k1")
    desk.phones.is_there = True
    await desk.dialling.dial(desk.anna, CLIENT, "k2")
    assert await desk.states() == ["refused", "taken"]
    assert len(desk.phones.rung) == 1


async def test_a_missing_right_is_said_and_stored(desk: Desk) -> None:
    desk.phones.trouble = RightMissing("Permission denied")
    with pytest.raises(NotByClick, match="does not let"):
        await desk.dialling.dial(desk.anna, CLIENT, "k1")
    assert await desk.states() == ["refused"]


async def test_hanging_up_ends_one_s_own_leg_and_nobody_else_s(desk: Desk) -> None:
    call = await desk.database.write(
        lambda tx: CallRows(tx, pbx="main").ring(desk.anna).ring(desk.boris).answer(desk.anna)
    )
    await desk.dialling.hang_up(desk.anna, call.id)
    assert len(desk.phones.ended) == 1
    with pytest.raises(NotFound):
        await desk.dialling.hang_up(desk.boris, call.id)
    assert len(desk.phones.ended) == 1


async def test_a_call_the_seller_dialled_is_ended_by_its_first_channel(desk: Desk) -> None:
    call = await desk.database.write(
        lambda tx: CallRows(tx, pbx="main", linkedid="77.1", direction=Direction.OUT).dial(desk.anna)
    )
    await desk.dialling.hang_up(desk.anna, call.id)
    assert desk.phones.ended == ["77.1"]
    desk.phones.may_hang_up = False
    with pytest.raises(NotByClick):
        await desk.dialling.hang_up(desk.anna, call.id)


# The same service on a real AMI link that breaks.


@asynccontextmanager
async def linked(pbx: ScriptedAmi, desk: Desk) -> AsyncIterator[AmiListener]:
    """Anna's desk on a listener of this PBX."""
    account = AmiAccount(
        "127.0.0.1", pbx.port, "pbx-crm", SECRET, writes=frozenset({"reporting", "originate"})
    )
    listener = AmiListener(account, lambda _: None, lambda _: False, timing=QUICK)
    phones = Dialler(listener, DialShape(context="pbx-crm-dial"))
    desk.dialling.offer("main", Outlet(phones, PLAN, DialRules()))
    running = asyncio.create_task(listener.run())
    try:
        await until(lambda: phones.is_there)
        yield listener
    finally:
        await listener.close()
        await running


async def click(desk: Desk, key: str) -> Exception | str:
    """What the seller is told."""
    try:
        return await desk.dialling.dial(desk.anna, CLIENT, key)
    except CrmError as error:
        return error


async def test_the_pbx_gets_one_action_with_the_phone_the_context_and_our_id(desk: Desk) -> None:
    async with ScriptedAmi() as pbx, linked(pbx, desk):
        assert await click(desk, "k1") == CLIENT
        (action,) = pbx.named("originate")
    assert action["channel"] == "PJSIP/101"
    assert (action["context"], action["exten"], action["priority"]) == ("pbx-crm-dial", CLIENT[1:], "1")
    assert action["async"] == "true"
    assert action["channelid"].startswith("crm-")


@pytest.mark.parametrize("moment", ["before the answer", "after the answer", "never answered"])
async def test_a_link_cut_in_the_middle_rings_at_most_once_however_often_it_is_tried(
    desk: Desk, moment: str
) -> None:
    async with ScriptedAmi() as pbx, linked(pbx, desk) as listener:

        async def cut(action: Action) -> None:
            if action.get("action") != "Originate":
                return
            if moment == "never answered":
                pbx.deaf = True
                await asyncio.sleep(0.5)
                pbx.deaf = False
            elif moment == "before the answer":
                for writer in pbx._writers:
                    writer.transport.abort()

        pbx.on_action = cut
        first = await click(desk, "k1")
        assert moment == "after the answer" or "look at it before you call again" in str(first)
        if moment == "after the answer":
            await pbx.cut()
        await asyncio.gather(click(desk, "k1"), click(desk, "k1"))
        await click(desk, "impatient")
        await until(lambda: listener.figures.connections == 2 or moment == "never answered")
        await click(desk, "k1")
        await asyncio.sleep(0.1)
        assert len(pbx.named("originate")) == 1
    assert await desk.states() == ["taken" if moment == "after the answer" else "unknown"]


async def test_a_user_without_the_right_gives_links_instead_of_buttons(desk: Desk) -> None:
    async with ScriptedAmi() as pbx:
        pbx.forbidden.add("originate")
        async with linked(pbx, desk):
            await until(lambda: not desk.dialling.is_offered)
            assert isinstance(await click(desk, "k1"), NotByClick)
        assert pbx.named("originate") == []
