"""Clients and companies, on both databases: found, changed, merged and told apart, left uncalled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from pbx_crm.db import deal_contacts, extensions, tasks
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import metadata
from pbx_crm.domain.contact import ContactFields, DoNotCall
from pbx_crm.domain.deal_edit import FieldsClash
from pbx_crm.domain.dialling import DialRules
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.contacts import texts_of
from pbx_crm.services.dialling import Dialling, Outlet
from pbx_crm.services.tasks import Tasks
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.office import Workplace
from tests.phones import WrittenPhones


@dataclass
class Office(Workplace):
    """Two sellers and a head with one funnel."""

    def __post_init__(self) -> None:
        self.clients = Clientele.on(self.ground)
        self.contacts = self.clients.contacts

    async def client(self, owner: Person, name: str, *numbers: str, **more: Any) -> int:
        """A client with a deal of this seller."""

        def write(tx: Transaction) -> int:
            contact_id = builders.contact(tx, name, *numbers)
            builders.deal(tx, self.funnel, owner, contact_id=contact_id, title=f"for {name}", **more)
            return contact_id

        return await self.database.write(write)

    async def names(self, who: Person, text: str) -> list[str]:
        """Names of the clients this person finds."""
        return [line.name for line in (await self.contacts.found(who, text)).lines]

    async def change(self, who: Person, contact_id: int, **values: Any) -> None:
        """Opens the client's form, types these and saves."""
        card = (await self.contacts.view(who, contact_id)).card
        typed = {
            "name": card.name,
            "company": card.company,
            "city": card.city,
            "do_not_call": card.do_not_call,
        }
        fields = ContactFields(**{**typed, **values})
        await self.contacts.change(who, contact_id, fields, texts_of(card))

    async def everything(self) -> dict[str, list[str]]:
        """All rows but those that merging leaves on purpose."""

        def read(tx: Transaction) -> dict[str, list[str]]:
            kept = [table for table in metadata.sorted_tables if table.name not in ("audit", "bin_items")]
            return {table.name: sorted(map(repr, tx.execute(table.select()).all())) for table in kept}

        return await self.database.read(read)


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office.on(database)


@pytest.mark.parametrize(
    "text",
    ["вектор", "ВЕКТ", "12345", "123-45-67", "۱۲۳۴۵", "8 (495) 123-45-67", "+7 495 123", "Казань", "завод"],
)
async def test_a_client_is_found_by_name_company_city_and_any_part_of_a_number(
    office: Office, text: str
) -> None:
    await office.client(office.anna, "Сара", "+79059999999")
    vector = await office.client(office.anna, "Вектор", "+74951234567")
    await office.change(office.anna, vector, city="Казань", company="Завод 100%")
    assert await office.names(office.anna, text) == ["Вектор"]
    assert await office.names(office.boris, text) == []
    assert await office.names(office.olga, text) == ["Вектор"]


@pytest.mark.parametrize("text", ["%", "_", "12", "\\"])
async def test_signs_of_the_database_and_two_digits_find_nobody(office: Office, text: str) -> None:
    await office.client(office.anna, "Vector", "+74951234567")
    assert await office.names(office.anna, text) == []


async def test_an_exact_foreign_number_says_whose_it_is_and_nothing_more(office: Office) -> None:
    await office.client(office.anna, "Vector", "+74951234567")
    found = await office.contacts.found(office.boris, "8 495 123-45-67")
    assert (found.owner_name, found.lines) == ("Anna", ())
    assert (await office.contacts.found(office.boris, "495 123-45-6")).owner_name == ""
    assert (await office.contacts.found(office.anna, "84951234567")).owner_name == ""


async def test_a_long_list_goes_on_where_it_stopped(office: Office) -> None:
    for number in range(53):
        await office.client(office.anna, f"Client {number}")
    first = await office.contacts.found(office.anna, "")
    rest = await office.contacts.found(office.anna, "", first.next_before)
    assert (len(first.lines), len(rest.lines), rest.next_before) == (50, 3, None)
    assert len({line.id for line in (*first.lines, *rest.lines)}) == 53


async def test_a_clients_page_shows_each_what_is_theirs(office: Office) -> None:
    contact_id = await office.client(office.anna, "Vector", "+74951234567")

    def write(tx: Transaction) -> None:
        builders.deal(tx, office.funnel, office.boris, contact_id=contact_id, title="of Boris")
        CallRows(tx, NOW, contact_id=contact_id).ring(office.anna).answer(office.anna)
        CallRows(tx, NOW + timedelta(hours=1), contact_id=contact_id).ring(office.boris).answer(office.boris)

    await office.database.write(write)
    seen = {}
    for who in (office.anna, office.boris, office.olga):
        view = await office.contacts.view(who, contact_id)
        seen[who.name] = ([deal.title for deal in view.card.deals], len(view.calls))
    assert seen == {
        "Anna": (["for Vector"], 1),
        "Boris": (["of Boris"], 1),
        "Olga": (["of Boris", "for Vector"], 2),
    }


async def test_another_sellers_client_cannot_be_touched_in_any_way(office: Office) -> None:
    mine, theirs = await office.client(office.boris, "Orbita"), await office.client(office.anna, "Vector")
    before, contacts = await office.everything(), office.contacts
    fields = ContactFields("mine", "", "", do_not_call=False)
    for attempt in (
        contacts.view(office.boris, theirs),
        contacts.change(office.boris, theirs, fields, {}),
        contacts.add_number(office.boris, theirs, "84951112233", ""),
        contacts.drop_number(office.boris, theirs, 1),
        contacts.merge(office.boris, mine, theirs, fields),
        contacts.merge(office.boris, theirs, mine, fields),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await office.everything() == before


async def test_two_who_change_one_client_lose_nothing(office: Office) -> None:
    contact_id = await office.client(office.anna, "Vector")
    card = (await office.contacts.view(office.anna, contact_id)).card
    seen = texts_of(card)
    await office.change(office.olga, contact_id, city="Kazan")
    named = ContactFields("Vector Ltd", "", "", do_not_call=False)
    await office.contacts.change(office.anna, contact_id, named, seen)
    now = (await office.contacts.view(office.anna, contact_id)).card
    assert (now.name, now.city) == ("Vector Ltd", "Kazan")
    elsewhere = ContactFields("Vector Ltd", "", "Perm", do_not_call=False)
    with pytest.raises(FieldsClash):
        await office.contacts.change(office.anna, contact_id, elsewhere, seen)


async def test_only_the_head_chooses_who_is_responsible(office: Office) -> None:
    contact_id = await office.client(office.anna, "Vector")
    for who, responsible in ((office.anna, ""), (office.olga, "Boris")):
        await office.change(who, contact_id, responsible_id=office.boris.id)
        assert (await office.contacts.view(who, contact_id)).card.responsible == responsible
    admin = await office.database.write(builders.person, "Peter", Role.NONE, is_admin=True)
    with pytest.raises(BadInput):
        await office.change(office.olga, contact_id, responsible_id=admin.id)


async def test_a_client_has_several_numbers_and_no_number_two_clients(office: Office) -> None:
    vector = await office.client(office.anna, "Vector", "+74951234567")
    sara = await office.client(office.anna, "Sara", "+79051112233")
    await office.client(office.boris, "Orbita", "+79059999999")
    add = office.contacts.add_number
    for _ in range(2):
        await add(office.anna, vector, "8 812 123 45 67", "office")
    numbers = (await office.contacts.view(office.anna, vector)).card.numbers
    assert [(one.number, one.label) for one in numbers] == [("+74951234567", ""), ("+78121234567", "office")]
    for number, said in (
        ("+79051112233", "merge"),
        ("89059999999", "client of"),
        ("1234", "not a telephone"),
    ):
        with pytest.raises(BadInput) as refusal:
            await add(office.anna, vector, number, "")
        assert said in refusal.value.reasons["number"]
    await office.contacts.drop_number(office.anna, sara, numbers[1].id)
    await office.contacts.drop_number(office.anna, vector, numbers[0].id)
    left = (await office.contacts.view(office.anna, vector)).card.numbers
    assert [one.number for one in left] == ["+78121234567"], "a number of another client is not dropped"


async def test_the_same_name_however_spelled_is_proposed_within_the_scope(office: Office) -> None:
    first = await office.client(office.anna, "ООО «Вектор»")
    second = await office.client(office.anna, "ооо вектор")
    await office.client(office.boris, "ООО Вектор")
    await office.client(office.boris, "Orbita")
    groups = await office.contacts.perhaps_same(office.anna)
    assert [[line.id for line in group] for group in groups] == [[first, second]]
    assert [len(group) for group in await office.contacts.perhaps_same(office.olga)] == [3]


async def merged_pair(office: Office) -> tuple[int, int]:
    """Two clients who are one, with deals, calls, tasks, and each on the other's deal."""
    keep = await office.client(office.anna, "Vector", "+74951234567")
    gone = await office.client(office.anna, "ООО «Вектор»", "+79051112233", "+79052223344")

    def write(tx: Transaction) -> None:
        call = CallRows(tx, NOW, contact_id=gone).ring(office.anna).answer(office.anna)
        due_at = NOW + timedelta(hours=1)
        tasks.add(tx, NewTask(TaskKind.OFFER, office.anna.id, due_at, NOW, contact_id=gone, call_id=call.id))
        third = builders.contact(tx, "Third")
        both = builders.deal(tx, office.funnel, office.anna, contact_id=third)
        for contact_id in (keep, gone):
            deal_contacts.add(tx, both, contact_id, f"as {contact_id}")
        deal_contacts.add(tx, 1, gone, "beside the first")
        deal_contacts.add(tx, 2, keep, "beside the second")

    await office.database.write(write)
    await office.change(office.anna, gone, city="Kazan", do_not_call=True)
    return keep, gone


async def test_two_who_are_one_have_everything_of_both_and_are_told_apart_again(office: Office) -> None:
    keep, gone = await merged_pair(office)
    before = await office.everything()
    fields = ContactFields("Vector Ltd", "", "Kazan", do_not_call=False)
    item_id = await office.contacts.merge(office.anna, keep, gone, fields)
    view = await office.contacts.view(office.anna, keep)
    card = view.card
    assert (card.name, card.city, card.do_not_call) == ("Vector Ltd", "Kazan", True)
    assert [one.number for one in card.numbers] == ["+74951234567", "+79051112233", "+79052223344"]
    assert (len(card.deals), len(view.calls)) == (3, 1)
    with pytest.raises(NotFound):
        await office.contacts.view(office.anna, gone)
    with pytest.raises(NotFound):
        await office.clients.bin.put_back(office.boris, item_id)
    await office.clients.bin.put_back(office.anna, item_id)
    assert await office.everything() == before


async def test_what_was_written_since_a_merge_is_not_lost_when_they_are_told_apart(office: Office) -> None:
    vector = await office.client(office.anna, "Vector", "+74951234567")
    orbita = await office.client(office.anna, "Orbita", "+74957654321")
    fields = ContactFields("Vector", "", "Kazan", do_not_call=False)
    item_id = await office.contacts.merge(office.anna, vector, orbita, fields)
    await office.change(office.anna, vector, name="Vector Ltd", do_not_call=True)
    await office.clients.bin.put_back(office.anna, item_id)
    (first, second) = [(await office.contacts.view(office.anna, one)).card for one in (vector, orbita)]
    assert (first.name, first.city) == ("Vector Ltd", ""), "written since, and as before the merge"
    assert (first.do_not_call, second.do_not_call) == (True, True), "either may have asked for it"


async def test_what_came_after_a_merge_stays_with_the_one(office: Office) -> None:
    keep, gone = await office.client(office.anna, "Vector"), await office.client(office.anna, "Vector")
    fields = ContactFields("Vector", "", "", do_not_call=False)
    item_id = await office.contacts.merge(office.anna, keep, gone, fields)

    def write(tx: Transaction) -> None:
        builders.deal(tx, office.funnel, office.anna, contact_id=keep, title="later")

    await office.database.write(write)
    await office.clients.bin.put_back(office.anna, item_id)
    titles = [deal.title for deal in (await office.contacts.view(office.anna, keep)).card.deals]
    assert titles == ["later", "for Vector"]


@pytest.mark.parametrize("text", ["ORBI", "orbita ltd", "905 222", "8 905 222-33-44"])
async def test_whom_to_merge_with_is_found_by_name_or_part_of_a_number(office: Office, text: str) -> None:
    keep = await office.client(office.anna, "Orbita", "+79052221111")
    other = await office.client(office.anna, "Orbita Ltd", "+79052223344")
    found = await office.contacts.others(office.anna, keep, text)
    assert [line.id for line in found.lines] == [other]


async def test_another_sellers_client_is_not_offered_to_merge_with(office: Office) -> None:
    mine, theirs = await office.client(office.anna, "Orbita"), await office.client(office.boris, "Orbita")
    assert (await office.contacts.others(office.anna, mine, "Orbita")).lines == ()
    assert [line.id for line in (await office.contacts.others(office.olga, mine, "Orb")).lines] == [theirs]
    with pytest.raises(NotFound):
        await office.contacts.others(office.anna, theirs, "Orbita")


async def test_nobody_is_merged_with_themselves(office: Office) -> None:
    contact_id = await office.client(office.anna, "Vector")
    fields = ContactFields("Vector", "", "", do_not_call=False)
    with pytest.raises(BadInput):
        await office.contacts.merge(office.anna, contact_id, contact_id, fields)


@pytest.mark.parametrize(
    ("values", "name"),
    [({"name": "x" * 201}, "name"), ({"company": "x" * 201}, "company"), ({"city": "x" * 101}, "city")],
)
async def test_too_much_of_a_field_is_named(office: Office, values: dict[str, str], name: str) -> None:
    contact_id = await office.client(office.anna, "Vector")
    with pytest.raises(BadInput) as refusal:
        await office.change(office.anna, contact_id, **values)
    assert set(refusal.value.reasons) == {name}


async def test_who_asked_not_to_be_called_is_called_by_no_click_and_no_task(office: Office) -> None:
    contact_id = await office.client(office.anna, "Vector", "+74951234567")
    await office.change(office.anna, contact_id, do_not_call=True)
    dialling = Dialling(office.database, office.clock, "UTC")
    phones = WrittenPhones()
    dialling.offer("main", Outlet(phones, NumberPlan("RU"), DialRules()))

    await office.database.write(extensions.link, "main", "101", office.anna.id, NOW - timedelta(days=1))
    with pytest.raises(DoNotCall):
        await dialling.dial(office.anna, "8 495 123-45-67", "click")
    by_hand = Tasks(office.database, office.live, office.clock)
    with pytest.raises(BadInput) as refusal:
        await by_hand.add_to_deal(office.anna, 1, TaskKind.CALL, NOW)
    assert set(refusal.value.reasons) == {"kind"}
    await by_hand.add_to_deal(office.anna, 1, TaskKind.OFFER, NOW)

    def by_rule(cause: str) -> Callable[[Transaction], int | None]:
        new = NewTask(TaskKind.CALL, office.anna.id, NOW, NOW, 1, contact_id, cause=cause)
        return lambda tx: tasks.add(tx, new)

    assert await office.database.write(by_rule("trigger:1")) is None
    assert await office.database.write(by_rule(f"{CAUSE}1")) is not None, "who calls in vain waits for a call"


async def test_a_seller_sees_the_companies_of_own_clients_and_renames_them(office: Office) -> None:
    vector = await office.client(office.anna, "Sara")
    await office.change(office.anna, vector, company="Vector")
    orbita = await office.client(office.boris, "Boris's client")
    await office.change(office.boris, orbita, company="Orbita")
    companies = office.clients.companies
    for who, names in (
        (office.anna, ["Vector"]),
        (office.boris, ["Orbita"]),
        (office.olga, ["Orbita", "Vector"]),
    ):
        lines, goes_on = await companies.found(who, "")
        assert ([line.name for line in lines], goes_on) == (names, None)
    [line] = (await companies.found(office.olga, "VECT"))[0]
    card = await companies.view(office.anna, line.id)
    assert [one.name for one in card.contacts] == ["Sara"]
    await companies.rename(office.anna, line.id, "Vector Ltd")
    for name in ("orbita", "", "x" * 201):
        with pytest.raises(BadInput):
            await companies.rename(office.anna, line.id, name)
    with pytest.raises(NotFound):
        await companies.rename(office.boris, line.id, "mine")


async def test_a_deleted_deal_comes_back_to_whom_its_client_was_merged_into(office: Office) -> None:
    keep, gone = await office.client(office.anna, "Vector"), await office.client(office.anna, "Vektor")
    item_id = await office.clients.bin.throw_deal(office.anna, 2, 1)
    fields = ContactFields("Vector", "", "", do_not_call=False)
    await office.contacts.merge(office.olga, keep, gone, fields)
    await office.clients.bin.put_back(office.anna, item_id)
    titles = [deal.title for deal in (await office.contacts.view(office.anna, keep)).card.deals]
    assert titles == ["for Vektor", "for Vector"]
