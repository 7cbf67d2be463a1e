"""The wallboard's figures, and the links that show it: alike on both databases, and gone once taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from pbx_crm.db import extensions, phone_states
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import audit, people, wall_links
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.errors import BadInput, NotAllowed, NotFound
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Role
from pbx_crm.domain.presence import PhoneState
from pbx_crm.domain.wallboard import Doing, Tone, Wall, WallRules
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.walls import Walls
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.turned_clock import TurnedClock

# In Auckland it is one in the morning of the next day when it is noon in Greenwich.
HERE = Installation(region="NZ", language="en", time_zone="Pacific/Auckland", currency="EUR", pbxes=("main",))
RULES = WallRules(answer_within=20, service_target=80, longest_wait=60)


class Room:
    """Two sellers with phones, one without, a head, and a board on the wall."""

    def __init__(self, database: Database) -> None:
        self.database, self.live, self.clock = database, LiveFeed(), TurnedClock()
        self.walls = Walls(Ground(database, self.live, self.clock, HERE, {}))
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.anna, self.boris, self.clara = (
                builders.person(tx, name) for name in ("Anna", "Boris", "Clara")
            )
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            for number, person in (("101", self.anna), ("102", self.boris)):
                extensions.link(tx, "main", number, person.id, NOW - timedelta(days=9))

    async def play(self, story: Any) -> None:
        """Calls happen: `story` is given the transaction."""
        await self.database.write(story)

    async def phones(self, **states: PhoneState) -> None:
        """What the PBX says of phones, for eight minutes now."""
        since = NOW - timedelta(minutes=8)
        await self.database.write(phone_states.put, "main", states, since)

    async def board(self) -> Wall:
        """What a fresh link shows."""
        return await self.walls.wall(await self.walls.make(self.olga, "Hall", RULES))


@pytest.fixture
def room(database: Database) -> Room:
    """The room on both databases."""
    return Room(database)


async def test_callers_wait_until_somebody_answers_and_the_first_waits_longest(room: Room) -> None:
    def story(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(seconds=48)).ring(room.anna)
        CallRows(tx, NOW - timedelta(seconds=5)).ring(room.boris)
        CallRows(tx, NOW - timedelta(seconds=90)).ring(room.boris).answer(room.boris, 10)
        CallRows(tx, NOW - timedelta(seconds=70), skipped_by="bank").ring(room.anna)

    await room.play(story)
    board = await room.board()
    assert (board.waiting, board.longest_wait) == (2, 48)
    assert board.wait_tone is Tone.WARN


async def test_sellers_talk_dial_ring_are_free_or_have_no_phone(room: Room) -> None:
    def story(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(seconds=200)).ring(room.anna).answer(room.anna, 15)
        # A second call rings at who talks already: she talks.
        CallRows(tx, NOW - timedelta(seconds=9)).ring(room.anna)
        CallRows(tx, NOW - timedelta(seconds=20), Direction.OUT).dial(room.boris)

    await room.play(story)
    board = await room.board()
    assert [(seller.name, seller.doing) for seller in board.sellers] == [
        ("Anna", Doing.TALKING),
        ("Boris", Doing.DIALLING),
        ("Clara", Doing.NO_PHONE),
    ]
    assert board.sellers[0].since == NOW - timedelta(seconds=185)
    assert board.count(Doing.FREE) == 0


async def test_a_call_that_is_over_or_lost_sight_of_keeps_nobody_busy(room: Room) -> None:
    def story(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(minutes=9)).ring(room.anna).answer(room.anna).end(60, Outcome.ANSWERED)
        CallRows(tx, NOW - timedelta(hours=13)).ring(room.boris).answer(room.boris)

    await room.play(story)
    board = await room.board()
    assert [seller.doing for seller in board.sellers] == [Doing.FREE, Doing.FREE, Doing.NO_PHONE]
    assert board.waiting == 0


async def test_a_phone_handed_over_is_nobodys_any_more(room: Room) -> None:
    def hand_over(tx: Transaction) -> None:
        extensions.link(tx, "main", "102", room.clara.id, NOW - timedelta(minutes=1))

    await room.play(hand_over)
    doings = {seller.name: seller.doing for seller in (await room.board()).sellers}
    assert (doings["Boris"], doings["Clara"]) == (Doing.NO_PHONE, Doing.FREE)


@pytest.mark.parametrize(
    ("phone", "doing"),
    [
        (PhoneState.TALKING, Doing.TALKING),
        (PhoneState.RINGING, Doing.RINGING),
        (PhoneState.PAUSED, Doing.PAUSED),
        (PhoneState.DND, Doing.DND),
        (PhoneState.UNREGISTERED, Doing.UNREGISTERED),
    ],
)
async def test_without_a_call_the_phone_says_what_its_seller_does(
    room: Room, phone: PhoneState, doing: Doing
) -> None:
    await room.phones(**{"101": phone})
    board = await room.board()
    assert (board.sellers[0].doing, board.sellers[0].since) == (doing, NOW - timedelta(minutes=8))
    assert (board.count(doing), board.count(Doing.FREE)) == (1, 1)


async def test_a_call_says_more_than_a_phone_that_is_paused_or_gone(room: Room) -> None:
    """Anna talks on the mobile to which her phone was forwarded; Boris dials in his pause."""

    def story(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(seconds=60)).ring(room.anna).answer(room.anna, 10)
        CallRows(tx, NOW - timedelta(seconds=20), Direction.OUT).dial(room.boris)

    await room.phones(**{"101": PhoneState.UNREGISTERED, "102": PhoneState.PAUSED})
    await room.play(story)
    assert [seller.doing for seller in (await room.board()).sellers[:2]] == [Doing.TALKING, Doing.DIALLING]


async def test_of_two_phones_the_one_that_is_not_registered_says_nothing(room: Room) -> None:
    def second_phone(tx: Transaction) -> None:
        extensions.link(tx, "main", "201", room.anna.id, NOW - timedelta(days=1))

    await room.play(second_phone)
    await room.phones(**{"101": PhoneState.UNREGISTERED, "201": PhoneState.FREE})
    assert (await room.board()).sellers[0].doing is Doing.FREE


async def test_a_phone_of_which_nothing_is_known_any_more_is_taken_for_free(room: Room) -> None:
    await room.phones(**{"101": PhoneState.DND})
    await room.play(lambda tx: phone_states.forget(tx, "main"))
    assert (await room.board()).sellers[0].doing is Doing.FREE


async def test_the_service_level_is_of_the_companys_day(room: Room) -> None:
    """The day in Auckland began an hour ago; six of its calls, two answered late, one missed."""

    def story(tx: Transaction) -> None:
        for number, wait in enumerate((5, 19.9, 20, 21, 40)):
            call = CallRows(tx, NOW - timedelta(minutes=50 - number)).ring(room.anna)
            call.answer(room.anna, wait).end(60, Outcome.ANSWERED)
        CallRows(tx, NOW - timedelta(minutes=5)).ring(room.anna).end(30, Outcome.MISSED)
        CallRows(tx, NOW - timedelta(minutes=4), skipped_by="bank").ring(room.anna).end(30, Outcome.MISSED)
        CallRows(tx, NOW - timedelta(hours=2)).ring(room.anna).end(30, Outcome.MISSED)
        CallRows(tx, NOW - timedelta(minutes=3), Direction.OUT).dial(room.anna).end(9, Outcome.NO_ANSWER)

    await room.play(story)
    board = await room.board()
    assert (board.answered, board.answered_in_time, board.missed) == (5, 3, 1)
    assert (board.service_level, board.service_tone) == (50, Tone.ALARM)


async def test_won_today_are_the_deals_that_lie_won_since_today(room: Room) -> None:
    def story(tx: Transaction) -> None:
        funnel = builders.funnel(tx)
        builders.deal(tx, funnel, room.anna, stage=4, at=NOW - timedelta(minutes=5))
        builders.deal(tx, funnel, room.anna, stage=4, at=NOW - timedelta(hours=3))
        builders.deal(tx, funnel, room.anna, stage=3, at=NOW - timedelta(minutes=5))

    await room.play(story)
    assert (await room.board()).won == 1


@pytest.mark.parametrize(
    ("answered", "in_time", "missed", "level", "tone"),
    [
        (3, 0, 1, None, Tone.CALM),
        (5, 5, 0, 100, Tone.CALM),
        (8, 8, 2, 80, Tone.CALM),
        (7, 7, 3, 70, Tone.WARN),
        (6, 6, 4, 60, Tone.ALARM),
        (0, 0, 9, 0, Tone.ALARM),
    ],
)
def test_a_level_is_told_from_five_calls_on_and_warns_before_it_alarms(
    answered: int, in_time: int, missed: int, level: int | None, tone: Tone
) -> None:
    board = Wall(NOW, RULES, 0, None, answered, in_time, missed, 0, ())
    assert (board.service_level, board.service_tone) == (level, tone)


@pytest.mark.parametrize(
    ("seconds", "tone"),
    [(0, Tone.CALM), (29, Tone.CALM), (30, Tone.WARN), (59, Tone.WARN), (60, Tone.ALARM)],
)
def test_a_wait_warns_from_half_of_what_is_too_long(seconds: int, tone: Tone) -> None:
    board = Wall(NOW, RULES, 1, NOW - timedelta(seconds=seconds), 0, 0, 0, 0, ())
    assert board.wait_tone is tone


async def test_the_token_is_kept_as_a_hash_and_told_once(room: Room) -> None:
    token = await room.walls.make(room.olga, "  Hall  ", RULES)
    (row,) = await room.database.read(lambda tx: tx.execute(select(wall_links)).all())
    assert token not in repr(row)
    (link,) = await room.walls.links(room.olga)
    assert (link.name, link.maker, link.rules) == ("Hall", "Olga", RULES)
    acts = await room.database.read(lambda tx: tx.execute(select(audit.c.act)).scalars().all())
    assert list(acts) == ["wall_link_made"]


async def test_a_link_taken_back_shows_nothing_and_its_boards_are_told_at_once(room: Room) -> None:
    token = await room.walls.make(room.olga, "Hall", RULES)
    other = await room.walls.make(room.olga, "Kitchen", replace(RULES, service_target=90))
    doubts: list[bool] = []
    room.live.subscribe(room.olga, lambda _topics: None, lambda: doubts.append(True))
    link = await room.walls.link(token)
    await room.walls.revoke(room.olga, link.id)
    assert doubts == [True]
    with pytest.raises(NotFound):
        await room.walls.wall(token)
    with pytest.raises(NotFound):
        await room.walls.revoke(room.olga, link.id)
    assert (await room.walls.wall(other)).rules.service_target == 90


@pytest.mark.parametrize("change", [{"role": Role.SELLER}, {"is_active": False}])
async def test_who_is_no_head_any_more_hands_out_nothing(room: Room, change: dict[str, Any]) -> None:
    token = await room.walls.make(room.olga, "Hall", RULES)

    def lose_rights(tx: Transaction) -> None:
        tx.execute(update(people).where(people.c.id == room.olga.id).values(**change))

    await room.database.write(lose_rights)
    with pytest.raises(NotFound):
        await room.walls.wall(token)


@pytest.mark.parametrize("token", ["", "x", "\udc80", "' OR 1=1 --", "a" * 5000])
async def test_a_wrong_token_shows_nothing(room: Room, token: str) -> None:
    await room.walls.make(room.olga, "Hall", RULES)
    with pytest.raises(NotFound):
        await room.walls.wall(token)


async def test_only_heads_make_see_and_take_back_links(room: Room) -> None:
    for act in (
        room.walls.make(room.anna, "Hall", RULES),
        room.walls.links(room.anna),
        room.walls.revoke(room.anna, 1),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_a_board_without_a_place_is_refused(room: Room) -> None:
    with pytest.raises(BadInput):
        await room.walls.make(room.olga, "   ", RULES)
