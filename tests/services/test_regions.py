"""Where clients are from, on both databases: by hand, by line, by number; and a plan that is made anew."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from pbx_crm.db import client_regions, lines, regions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, contacts, deals
from pbx_crm.domain.contact import ContactCard, ContactFields
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.line import Line
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.popup import Popup
from pbx_crm.domain.region import NOWHERE, NumberRange, Place, painted
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.contacts import texts_of
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.popups import Popups
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.turned_clock import TurnedClock

HERE = Installation("RU", "en", "Europe/Moscow", "RUB")
RUSSIA = Place("RU", zones=("Europe/Moscow", "Asia/Omsk"))
MOSCOW = Place("RU", "Moscow", "Москва", ("Europe/Moscow",))
OMSK = Place("RU", "Omsk Oblast", "Омская область", ("Asia/Omsk",))
SEOUL = Place("KR", "Seoul", "서울", ("Asia/Seoul",))
PLAN = (
    [NumberRange.between("7", "7", RUSSIA)],
    [
        NumberRange.between("7495", "7495", MOSCOW),
        NumberRange.between("73812", "73812", OMSK),
        NumberRange.between("822", "822", SEOUL),
    ],
)
IN_MOSCOW, IN_OMSK, MOBILE, ABROAD = "+74951234567", "+73812123456", "+79051234567", "+4930123456"


class Office:
    """Two sellers, a head, and a plan of two regions."""

    def __init__(self, database: Database) -> None:
        self.database = database
        ground = Ground(database, LiveFeed(), TurnedClock(), HERE, {})
        self.clients = Clientele.on(ground)
        self.popups = Popups(database, ground.live, ground.clock)
        self.cards = DealCards(database, ground.clock)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.anna, self.boris = builders.person(tx, "Anna"), builders.person(tx, "Boris")
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            self.funnel = builders.funnel(tx)
            regions.store(tx, painted(PLAN))
            self.ids = {region.place.name: region.id for region in regions.to_choose(tx, 9)}

    async def client(self, *numbers: str) -> int:
        """A client of Anna's with these numbers."""

        def write(tx: Transaction) -> int:
            contact_id = builders.contact(tx, "Vector", *numbers)
            builders.deal(tx, self.funnel, self.anna, contact_id=contact_id)
            return contact_id

        return await self.database.write(write)

    async def put(self, contact_id: int, region_id: int, who: Person | None = None) -> None:
        """Somebody opens the client's form and chooses a region."""
        viewer = who or self.anna
        card = (await self.clients.contacts.view(viewer, contact_id)).card
        fields = ContactFields(card.name, card.company, card.city, card.do_not_call, region_id=region_id)
        await self.clients.contacts.change(viewer, contact_id, fields, texts_of(card))

    async def place(self, contact_id: int) -> Place | None:
        """Where the client's page says they are."""
        return (await self.clients.contacts.view(self.anna, contact_id)).place

    async def card(self, contact_id: int) -> ContactCard:
        """What is stored of the client."""
        return (await self.clients.contacts.view(self.olga, contact_id)).card

    async def of(self, region: Any, row_id: Any) -> list[int | None]:
        """The region's ids of these rows, as reports see them."""
        query = select(region).select_from(row_id.table).order_by(row_id)
        return await self.database.read(lambda tx: list(tx.execute(query).scalars()))


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.mark.parametrize(
    ("numbers", "place"),
    [
        ((IN_MOSCOW,), MOSCOW),
        ((MOBILE,), RUSSIA),
        # A mobile number tells the country only: any fixed line says more, the longest known first.
        ((MOBILE, IN_OMSK, IN_MOSCOW), OMSK),
        # Not in the plan: what the number itself tells.
        ((ABROAD,), Place("DE", zones=("Europe/Berlin",))),
    ],
)
async def test_a_client_is_where_their_numbers_tell_most(
    office: Office, numbers: tuple[str, ...], place: Place
) -> None:
    assert await office.place(await office.client(*numbers)) == place


async def test_a_region_set_by_hand_wins_until_it_is_taken_away(office: Office) -> None:
    client = await office.client(IN_MOSCOW)
    await office.put(client, office.ids["Omsk Oblast"])
    assert await office.place(client) == OMSK
    await office.put(client, NOWHERE)
    assert await office.place(client) == MOSCOW
    assert (await office.card(client)).region_id is None


async def test_a_region_there_is_not_is_refused(office: Office) -> None:
    client = await office.client(IN_MOSCOW)
    with pytest.raises(BadInput) as refused:
        await office.put(client, 10**9)
    assert set(refused.value.reasons) == {"region_id"}


async def test_whoever_saves_another_field_leaves_the_region_as_it_is(office: Office) -> None:
    client = await office.client(IN_MOSCOW)
    await office.put(client, office.ids["Omsk Oblast"])
    card = await office.card(client)
    fields = ContactFields("Vector Ltd", card.company, card.city, card.do_not_call)
    await office.clients.contacts.change(office.anna, client, fields, texts_of(card))
    assert await office.place(client) == OMSK


async def test_merging_keeps_a_region_set_by_hand_and_telling_apart_gives_it_back(office: Office) -> None:
    keep, gone = await office.client(IN_MOSCOW), await office.client(MOBILE)
    await office.put(gone, office.ids["Omsk Oblast"])
    merged = ContactFields("Vector", "", "", do_not_call=False)
    item = await office.clients.contacts.merge(office.olga, keep, gone, merged)
    assert await office.place(keep) == OMSK
    await office.clients.bin.put_back(office.olga, item)
    assert (await office.place(keep), await office.place(gone)) == (MOSCOW, OMSK)


async def test_a_line_says_where_its_callers_are_before_their_numbers_do(office: Office) -> None:
    """Advertised in Omsk: whoever calls there is from Omsk, unless somebody put them elsewhere."""

    def story(tx: Transaction) -> None:
        line = Line(None, "main", "Omsk paper", region_id=office.ids["Omsk Oblast"])
        line_id = lines.add(tx, line)
        by_hand = builders.contact(tx, "By hand", IN_OMSK)
        tx.execute(update(contacts).values(region_id=office.ids["Moscow"]))
        by_line = builders.contact(tx, "By line", IN_MOSCOW)
        for contact_id in (by_hand, by_line):
            builders.deal(tx, office.funnel, office.anna, contact_id=contact_id, line_id=line_id)
        builders.deal(tx, office.funnel, office.anna, contact_id=by_line)
        builders.deal(tx, office.funnel, office.anna)

    await office.database.write(story)
    names = {region_id: name for name, region_id in office.ids.items()}
    found = await office.of(client_regions.of_deals(), deals.c.id)
    assert [names.get(region_id or 0) for region_id in found] == ["Moscow", "Omsk Oblast", "Moscow", None]


async def test_a_call_of_nobody_is_from_where_its_number_is(office: Office) -> None:
    def story(tx: Transaction) -> None:
        for number in (IN_OMSK, MOBILE, ABROAD, None):
            CallRows(tx, e164=number)
        client = builders.contact(tx, "Vector", IN_MOSCOW)
        CallRows(tx, e164=MOBILE, contact_id=client)

    await office.database.write(story)
    names = {region_id: name for name, region_id in office.ids.items()}
    found = await office.of(client_regions.of_calls(), calls.c.id)
    assert [names.get(region_id or 0) for region_id in found] == ["Omsk Oblast", "", None, None, "Moscow"]


@pytest.mark.parametrize(
    "number",
    [
        "+7",
        "+74",
        "+7495",
        "+74951234567",
        "+749599999999999",
        "+7496",
        "+8",
        "+822",
        "+999",
        "+74951234567890123",
    ],
)
async def test_sql_and_python_put_a_number_into_the_same_region(office: Office, number: str) -> None:
    known = await office.database.read(regions.of_number, number)
    await office.database.write(lambda tx: CallRows(tx, e164=number).id)
    assert await office.of(client_regions.of_calls(), calls.c.id) == [known.id if known else None]


async def test_a_plan_made_anew_keeps_those_set_by_hand_and_forgets_other_numbers(office: Office) -> None:
    client, other = await office.client(MOBILE), await office.client(IN_MOSCOW)
    await office.put(client, office.ids["Omsk Oblast"])
    mobile = Place("RU", "Perm Krai", "Пермский край", ("Asia/Yekaterinburg",))
    await office.clients.regions.keep([NumberRange.between("7905", "7905", mobile)])
    assert await office.place(client) == OMSK
    await office.put(client, NOWHERE)
    assert await office.place(client) == mobile
    assert await office.place(other) == Place("RU", zones=("Europe/Moscow",))
    assert [region.place for region in await office.clients.regions.choices()] == [mobile]


async def test_the_plan_comes_back_as_it_was_stored(office: Office) -> None:
    assert await office.clients.regions.plan() == painted(PLAN)


async def test_a_region_of_several_prefixes_knows_the_zones_of_all(office: Office) -> None:
    idaho = (Place("US", "Idaho", "Idaho", (zone,)) for zone in ("America/Boise", "America/Los_Angeles"))
    ranges = [
        NumberRange.between(prefix, prefix, place)
        for prefix, place in zip(("1208", "1986"), idaho, strict=True)
    ]
    await office.clients.regions.keep(ranges)
    place = await office.clients.regions.place("+12085550100")
    assert place is not None
    assert place.zones == ("America/Boise", "America/Los_Angeles")


async def shown(office: Office, viewer: Person, **columns: Any) -> Popup:
    """What the viewer's popup says of a call that rings them."""
    at = NOW - timedelta(seconds=5)
    await office.database.write(lambda tx: CallRows(tx, at, **columns).ring(viewer).id)
    popup = await office.popups.current(viewer)
    assert popup is not None
    return popup


async def test_the_popup_says_where_a_caller_is_and_of_anothers_client_nothing(office: Office) -> None:
    client = await office.client(IN_OMSK)
    assert (await shown(office, office.anna, e164=IN_OMSK, contact_id=client)).place == OMSK
    assert (await shown(office, office.boris, e164=IN_OMSK, contact_id=client)).place is None


async def test_the_popup_says_where_a_new_number_is(office: Office) -> None:
    assert (await shown(office, office.anna, e164=IN_MOSCOW)).place == MOSCOW


async def test_the_card_says_where_each_of_its_contacts_is(office: Office) -> None:
    client = await office.client(MOBILE)
    deal_id = (await office.card(client)).deals[0].id
    card = await office.cards.show(office.anna, deal_id, NOW.tzinfo)  # type: ignore[arg-type]
    assert [one.place for one in card.people] == [RUSSIA]
