"""The popup as rows make it: who sees what while a call lives, and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.popup import Phase, Popup
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.popups import Popups
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.turned_clock import TurnedClock


@dataclass
class Office:
    """Two sellers, a head and their popups."""

    database: Database
    clock: TurnedClock
    anna: Person
    boris: Person
    olga: Person
    funnel: Funnel
    live: LiveFeed = field(default_factory=LiveFeed)

    def __post_init__(self) -> None:
        self.popups = Popups(self.database, self.live, self.clock)

    async def happens(self, story: Callable[[Transaction], CallRows]) -> CallRows:
        """Writes the calls of a story; its last one."""
        return await self.database.write(story)

    async def goes_on(self, call: CallRows, story: Callable[[CallRows], CallRows]) -> None:
        """Writes what happens next in this call."""

        def write(tx: Transaction) -> None:
            call.tx = tx
            story(call)

        await self.database.write(write)

    async def shows(self, viewer: Person) -> Popup:
        """The viewer's popup, which must be there."""
        shown = await self.popups.current(viewer)
        assert shown is not None
        return shown


@pytest.fixture
async def office(database: Database) -> Office:
    """The company, before the first call."""

    def people(tx: Transaction) -> tuple[Person, Person, Person, Funnel]:
        anna, boris = builders.person(tx, "Anna"), builders.person(tx, "Boris")
        return anna, boris, builders.person(tx, "Olga", Role.HEAD), builders.funnel(tx)

    clock = TurnedClock(NOW + timedelta(seconds=10))
    return Office(database, clock, *await database.write(people))


async def test_no_call_no_popup(office: Office) -> None:
    assert await office.popups.current(office.anna) is None


async def test_the_popup_follows_the_call_from_ring_to_wrap_up(office: Office) -> None:
    call = await office.happens(lambda tx: CallRows(tx).ring(office.anna))
    assert (await office.shows(office.anna)).phase is Phase.RINGING
    await office.goes_on(call, lambda rows: rows.answer(office.anna, after=8))
    talking = await office.shows(office.anna)
    assert (talking.phase, talking.seconds) == (Phase.TALKING, 2)
    await office.goes_on(call, lambda rows: rows.end(9, Outcome.ANSWERED))
    assert (await office.shows(office.anna)).phase is Phase.WRAP_UP


async def test_it_opens_only_at_the_phones_that_ring(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.anna))
    assert await office.popups.current(office.boris) is None
    assert await office.popups.current(office.olga) is None


async def test_when_many_phones_ring_each_shows_one_line(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.anna, office.boris))
    for viewer in (office.anna, office.boris):
        shown = await office.shows(viewer)
        assert (shown.phase, shown.is_strip, shown.number) == (Phase.RINGING, True, "+79051234567")


async def test_who_answered_gets_the_panel_and_the_others_read_who_did(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.anna, office.boris).answer(office.anna))
    assert not (await office.shows(office.anna)).is_strip
    lost = await office.shows(office.boris)
    assert (lost.phase, lost.call.answered_by, lost.phase.leaves_after) == (Phase.TAKEN, "Anna", 3)


async def test_a_call_nobody_answered_says_so(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.anna).end(9, Outcome.MISSED))
    assert (await office.shows(office.anna)).phase is Phase.MISSED


async def test_a_known_client_is_introduced_with_deal_and_last_call(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        client = builders.contact(tx, "Vector", "+79051234567")
        builders.deal(tx, office.funnel, office.anna, stage=3, amount=48000, contact_id=client, title="Fibre")
        yesterday = CallRows(tx, NOW - timedelta(days=1), contact_id=client).ring(office.anna)
        yesterday.answer(office.anna).end(188, Outcome.ANSWERED, talk_seconds=180.0)
        return CallRows(tx, contact_id=client).ring(office.anna)

    await office.happens(story)
    shown = await office.shows(office.anna)
    assert shown.name == "Vector"
    assert shown.deal is not None
    assert shown.last_call is not None
    assert (shown.deal.title, shown.deal.stage_name, shown.deal.amount) == (
        "Fibre",
        "Commercial offer",
        Decimal(48000),
    )
    assert (shown.last_call.seller_name, shown.last_call.talk_seconds) == ("Anna", 180.0)


async def test_another_seller_s_client_shows_name_and_owner_and_nothing_more(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        client = builders.contact(tx, "Vector", "+79051234567")
        deal_id = builders.deal(tx, office.funnel, office.anna, contact_id=client, amount=48000)
        CallRows(tx, NOW - timedelta(days=1), contact_id=client).ring(office.anna, office.boris).answer(
            office.anna
        )
        return CallRows(tx, contact_id=client, deal_id=deal_id).ring(office.boris)

    await office.happens(story)
    shown = await office.shows(office.boris)
    assert shown.client is not None
    assert (shown.name, shown.client.owner_name) == ("Vector", "Anna")
    assert (shown.number, shown.deal, shown.last_call, shown.may_make_deal) == (None, None, None, False)


async def test_the_head_sees_every_client_whole(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        client = builders.contact(tx, "Vector")
        builders.deal(tx, office.funnel, office.anna, contact_id=client, title="Fibre")
        return CallRows(tx, contact_id=client).ring(office.olga)

    await office.happens(story)
    shown = await office.shows(office.olga)
    assert (shown.number, shown.deal is not None) == ("+79051234567", True)


async def test_a_client_of_closed_deals_still_belongs_to_who_served_them(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        client = builders.contact(tx, "Vector")
        builders.deal(tx, office.funnel, office.anna, stage=4, contact_id=client)
        return CallRows(tx, contact_id=client).ring(office.boris)

    await office.happens(story)
    assert (await office.shows(office.boris)).number is None


async def test_a_contact_nobody_serves_is_anybody_s(office: Office) -> None:
    await office.happens(
        lambda tx: CallRows(tx, contact_id=builders.contact(tx, "Vector")).ring(office.boris)
    )
    shown = await office.shows(office.boris)
    assert (shown.name, shown.number) == ("Vector", "+79051234567")


async def test_the_card_made_at_answer_stands_in_the_panel(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        deal_id = builders.deal(tx, office.funnel, office.anna)
        return CallRows(tx, deal_id=deal_id).ring(office.anna).answer(office.anna)

    await office.happens(story)
    shown = await office.shows(office.anna)
    assert shown.deal is not None
    assert (shown.deal.stage_name, shown.may_make_deal) == ("Unsorted", False)


async def test_an_outgoing_call_offers_a_deal_to_who_dialled(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx, direction=Direction.OUT).dial(office.anna))
    shown = await office.shows(office.anna)
    assert (shown.phase, shown.may_make_deal) == (Phase.CALLING, True)


async def test_a_withheld_number_opens_a_popup_without_one(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx, e164=None, external_number=None).ring(office.anna))
    shown = await office.shows(office.anna)
    assert (shown.number, shown.name) == (None, None)


async def test_closed_once_is_closed_for_good_and_told_to_own_tabs_only(office: Office) -> None:
    call = await office.happens(lambda tx: CallRows(tx).ring(office.anna))
    told: list[str] = []
    for person in (office.anna, office.boris, office.olga):
        office.live.subscribe(person, partial(_note, told, person.name))
    await office.popups.close(office.anna, call.id)
    await office.popups.close(office.anna, call.id)
    assert await office.popups.current(office.anna) is None
    await office.goes_on(call, lambda rows: rows.answer(office.anna).end(9, Outcome.ANSWERED))
    assert await office.popups.current(office.anna) is None
    assert told == ["Anna", "Anna"]


def _note(told: list[str], name: str, _topics: frozenset[str]) -> None:
    told.append(name)


async def test_one_seller_closing_the_popup_leaves_the_other_s_open(office: Office) -> None:
    call = await office.happens(lambda tx: CallRows(tx).ring(office.anna, office.boris))
    await office.popups.close(office.anna, call.id)
    assert (await office.shows(office.boris)).phase is Phase.RINGING


async def test_nobody_closes_a_popup_that_is_not_theirs(office: Office) -> None:
    call = await office.happens(lambda tx: CallRows(tx).ring(office.anna))
    with pytest.raises(NotFound):
        await office.popups.close(office.boris, call.id)


async def test_an_admin_without_client_data_has_no_popup(office: Office) -> None:
    def story(tx: Transaction) -> Person:
        peter = builders.person(tx, "Peter", Role.NONE, is_admin=True)
        CallRows(tx).ring(peter)
        return peter

    peter = await office.database.write(story)
    assert await office.popups.current(peter) is None


async def test_a_pbx_clock_running_ahead_shows_no_negative_wait(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx, NOW + timedelta(seconds=41)).ring(office.anna))
    assert (await office.shows(office.anna)).seconds == 0
