"""Numbers proposed for a skip rule: those that only cost time, and no client among them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from pbx_crm.db import deal_contacts, lines
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.line import SkipKind, SkipRule
from pbx_crm.domain.no_business import LOOKS_BACK_DAYS, Habit, Proposal
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.no_business import NoBusiness
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows

COURIER, MACHINE, CLIENT = "+79161110001", "+79161110002", "+79161110003"


class Desk:
    """Four sellers, a head, and whoever calls them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.write(self._hire)

    def _hire(self, tx: Transaction) -> None:
        self.sellers = [builders.person(tx, f"Seller {number}") for number in range(4)]
        self.olga = builders.person(tx, "Olga", Role.HEAD)
        self.funnel: Funnel = builders.funnel(tx)

    def write(self, work: Callable[[Transaction], object]) -> None:
        """The work as one transaction."""
        with self.database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            work(tx)

    def call(self, number: str, seconds: float, seller: int = 0, days_ago: float = 1) -> int:
        """The id of a call from this number, taken and talked so long."""
        made: list[int] = []

        def write(tx: Transaction) -> None:
            at = NOW - timedelta(days=days_ago, seconds=len(made))
            call = CallRows(tx, at, e164=number, external_number=number)
            who = self.sellers[seller]
            call.ring(who).answer(who).end(8 + seconds, Outcome.ANSWERED, talk_seconds=seconds)
            made.append(call.id)

        self.write(write)
        return made[0]

    def calls(self, number: str, seconds: float, *sellers: int) -> None:
        """Five calls, taken by these in turn."""
        for turn in range(5):
            self.call(number, seconds, sellers[turn % len(sellers)] if sellers else 0)

    def card(self, number: str, stage: int, *, call_id: int | None = None) -> int:
        """The id of a deal of this number's contact, made by the call or by hand."""
        made: list[int] = []

        def write(tx: Transaction) -> None:
            client = builders.contact(tx, f"Contact {number}", number)
            born_of = None
            if call_id is not None:
                row = tx.execute(calls.select().where(calls.c.id == call_id)).one()
                born_of = f"{row.pbx}/{row.linkedid}"
            owner = self.sellers[0]
            deal_id = builders.deal(tx, self.funnel, owner, stage=stage, contact_id=client, born_of=born_of)
            tx.execute(calls.update().where(calls.c.id == call_id).values(deal_id=deal_id))
            made.append(deal_id)

        self.write(write)
        return made[0]

    async def proposals(self, viewer: Person | None = None) -> list[Proposal]:
        """What is proposed to the head."""
        return await NoBusiness(self.database, lambda: NOW).proposals(viewer or self.olga)

    async def proposed(self) -> dict[str, Habit]:
        """Why by number."""
        return {found.caller.number: found.habit for found in await self.proposals()}


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_machine_that_hangs_up_and_a_courier_are_proposed(desk: Desk) -> None:
    desk.calls(MACHINE, 3)
    desk.calls(COURIER, 40, 0, 1, 2)

    assert await desk.proposed() == {MACHINE: Habit.HANGS_UP, COURIER: Habit.ASKS_ROUND}


async def test_who_calls_in_vain_ten_times_is_no_nuisance(desk: Desk) -> None:
    def miss(tx: Transaction) -> None:
        for minute in range(10):
            missed = CallRows(tx, NOW - timedelta(minutes=minute), e164=CLIENT)
            missed.ring(desk.sellers[0]).end(20, Outcome.MISSED)

    desk.write(miss)

    assert await desk.proposed() == {}


async def test_one_long_talk_that_we_began_clears_a_number(desk: Desk) -> None:
    desk.calls(CLIENT, 5)

    def call_back(tx: Transaction) -> None:
        CallRows(tx, NOW, Direction.OUT, e164=CLIENT).dial(desk.sellers[0]).answer(desk.sellers[0]).end(
            308, Outcome.ANSWERED, talk_seconds=300
        )

    desk.write(call_back)

    assert await desk.proposed() == {}


async def test_a_card_that_lies_in_unsorted_is_what_skipping_saves(desk: Desk) -> None:
    desk.calls(MACHINE, 3)
    desk.card(MACHINE, 0, call_id=desk.call(MACHINE, 2))

    (found,) = await desk.proposals()

    assert (found.name, found.cards, found.caller.answered) == (f"Contact {MACHINE}", 1, 6)


async def test_a_card_that_was_lost_at_once_speaks_for_nobody(desk: Desk) -> None:
    desk.calls(MACHINE, 3)
    lost = next(place for place, stage in enumerate(desk.funnel.stages) if stage.kind == "lost")
    desk.card(MACHINE, lost, call_id=desk.call(MACHINE, 2))

    assert await desk.proposed() == {MACHINE: Habit.HANGS_UP}


@pytest.mark.parametrize("is_by_hand", [False, True])
async def test_a_client_somebody_works_with_is_left_alone(desk: Desk, is_by_hand: bool) -> None:
    desk.calls(CLIENT, 3)
    call_id = None if is_by_hand else desk.call(CLIENT, 2)
    desk.card(CLIENT, 0 if is_by_hand else 1, call_id=call_id)

    assert await desk.proposed() == {}


async def test_who_stands_on_anothers_deal_is_left_alone(desk: Desk) -> None:
    desk.calls(CLIENT, 3)
    deal_id = desk.card(COURIER, 1)

    def stand_beside(tx: Transaction) -> None:
        deal_contacts.add(tx, deal_id, builders.contact(tx, "Bookkeeper", CLIENT), "pays")

    desk.write(stand_beside)

    assert await desk.proposed() == {}


@pytest.mark.parametrize(
    "rule",
    [SkipRule("Machine", SkipKind.NUMBER, "7 916 111-00-02"), SkipRule("All", SkipKind.PREFIX, "7916")],
)
async def test_what_is_skipped_already_is_not_proposed_again(desk: Desk, rule: SkipRule) -> None:
    desk.calls(MACHINE, 3)
    desk.write(lambda tx: lines.add_skip_rule(tx, rule))

    assert await desk.proposed() == {}


async def test_what_was_long_ago_is_forgotten(desk: Desk) -> None:
    for _ in range(9):
        desk.call(MACHINE, 3, days_ago=LOOKS_BACK_DAYS + 1)

    assert await desk.proposed() == {}


async def test_who_costs_most_stands_first(desk: Desk) -> None:
    desk.calls(COURIER, 3)
    desk.calls(MACHINE, 3)
    desk.call(MACHINE, 3)

    assert list(await desk.proposed()) == [MACHINE, COURIER]


async def test_an_admin_without_client_data_gets_no_number(desk: Desk) -> None:
    desk.calls(MACHINE, 3)
    admin = Person(99, "peter", "Peter", Role.NONE, is_admin=True)

    assert await desk.proposals(admin) == []


async def test_of_a_made_up_quarter_exactly_the_planted_nuisances_are_proposed(desk: Desk) -> None:
    chance = Random(7)
    planted = {f"+7916222{number:04}" for number in range(6)}
    clients = {f"+7916333{number:04}" for number in range(12)}
    for number in sorted(planted):
        for _ in range(chance.randint(5, 9)):
            desk.call(number, chance.uniform(1, 19), chance.randrange(4), chance.uniform(0, 80))
    for number in sorted(clients):
        for seconds in [chance.uniform(60, 400), *(chance.uniform(1, 90) for _ in range(5))]:
            desk.call(number, seconds, chance.randrange(4), chance.uniform(0, 80))

    assert set(await desk.proposed()) == planted
