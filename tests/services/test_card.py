"""What lies on a deal's card, on both databases: fields, contacts, the usual time in its stage."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pbx_crm.db import scoped
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import contacts
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.deal_card import EntryKind
from pbx_crm.domain.deal_edit import FieldChange, FieldsClash
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.services.deal_people import ContactForm
from tests.services.card_office import Office


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office.on(database)


async def test_company_and_tags_stand_on_the_card_and_in_its_history(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vector")
    await office.change(office.anna, deal, company="Vector Ltd", tags=("vip", "fibre"), amount=Decimal(100))
    card = await office.card(office.anna, deal)
    assert (card.company, card.tags) == ("Vector Ltd", ("fibre", "vip"))
    entry = card.entries[0]
    assert (entry.kind, entry.who) == (EntryKind.FIELDS, "Anna")
    assert entry.changes == (
        FieldChange("company", "", "Vector Ltd"),
        FieldChange("amount", "", "100"),
        FieldChange("tags", "", "fibre, vip"),
    )
    await office.change(office.anna, deal, company="", tags=())
    card = await office.card(office.anna, deal)
    assert (card.company, card.tags) == ("", ())


async def test_a_company_is_the_same_whatever_its_capitals(office: Office) -> None:
    first, second = await office.new(office.anna), await office.new(office.anna)
    await office.change(office.anna, first, company="Вектор")
    await office.change(office.anna, second, company="ВЕКТОР")
    one, two = await office.card(office.anna, first), await office.card(office.anna, second)
    assert one.deal.company_id == two.deal.company_id
    assert two.company == "Вектор"


async def test_saving_what_is_stored_already_changes_nothing(office: Office) -> None:
    deal = await office.new(office.anna, title="Fibre")
    await office.change(office.anna, deal)
    card = await office.card(office.anna, deal)
    assert card.deal.version == deal.version
    assert [entry.kind for entry in card.entries] == [EntryKind.CREATED]


async def test_two_who_change_different_fields_both_keep_theirs(office: Office) -> None:
    deal = await office.new(office.anna, title="Fibre")
    fields, seen = await office.seen(office.anna, deal)
    await office.change(office.olga, deal, amount=Decimal(500), tags=("vip",))
    await office.deals.change(office.anna, deal.id, replace(fields, title="Fibre for office"), seen)
    card = await office.card(office.anna, deal)
    assert (card.deal.title, card.deal.amount, card.tags) == ("Fibre for office", Decimal(500), ("vip",))


async def test_the_second_writer_is_told_who_made_it_what(office: Office) -> None:
    deal = await office.new(office.anna, amount=Decimal(100))
    fields, seen = await office.seen(office.anna, deal)
    await office.change(office.olga, deal, amount=Decimal(200))
    with pytest.raises(FieldsClash) as refusal:
        await office.deals.change(office.anna, deal.id, replace(fields, amount=Decimal(300)), seen)
    assert refusal.value.changes == (FieldChange("amount", "100", "200"),)
    assert refusal.value.who == "Olga"
    assert (await office.deals.get(office.anna, deal.id)).amount == Decimal(200)


async def test_a_key_that_raises_the_priority_is_in_the_history_too(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.raise_priority(office.anna, deal.id)
    card = await office.card(office.anna, deal)
    assert card.entries[0].changes == (FieldChange("priority", Priority.NORMAL, Priority.HIGH),)


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({"company": "x" * 201}, "company"),
        ({"tags": tuple(map(str, range(21)))}, "tags"),
        ({"tags": ("x" * 41,)}, "tags"),
    ],
)
async def test_too_much_of_a_field_is_named(office: Office, values: dict[str, Any], name: str) -> None:
    deal = await office.new(office.anna)
    with pytest.raises(BadInput) as refusal:
        await office.change(office.anna, deal, **values)
    assert set(refusal.value.reasons) == {name}


async def test_several_contacts_stand_on_a_deal_and_the_first_can_change(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vector", number="84951234567")
    people = office.clients.people
    await people.add(office.anna, deal.id, ContactForm("Sara", "8 905 111-22-33", "accountant"))
    await people.add(office.anna, deal.id, ContactForm("", "8 905 111-22-33", "again"))
    card = await office.card(office.anna, deal)
    assert [(one.name, one.role, one.numbers) for one in card.people] == [
        ("Vector", "", ("+74951234567",)),
        ("Sara", "accountant", ("+79051112233",)),
    ]
    await people.put_first(office.anna, deal.id, card.people[1].id)
    card = await office.card(office.anna, deal)
    assert (card.client_name, [one.name for one in card.people]) == ("Sara", ["Sara", "Vector"])
    await people.drop(office.anna, deal.id, card.people[1].id)
    await people.drop(office.anna, deal.id, card.people[0].id)
    assert [one.name for one in (await office.card(office.anna, deal)).people] == ["Sara"]


async def test_a_colleagues_client_is_not_put_on_my_deal(office: Office) -> None:
    await office.new(office.boris, number="84951234567", client_name="Vector")
    deal = await office.new(office.anna)
    with pytest.raises(BadInput) as refusal:
        await office.clients.people.add(office.anna, deal.id, ContactForm("", "84951234567", ""))
    assert refusal.value.details["owner"] == "Boris"


async def test_a_contact_beside_the_first_is_a_client_of_the_deals_owner(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vector")
    await office.clients.people.add(office.anna, deal.id, ContactForm("Sara", "", ""))
    sara = (await office.card(office.anna, deal)).people[1].id

    def sees(tx: Transaction, who: Person) -> bool:
        query = contacts.select().where(contacts.c.id == sara, scoped.contacts_in(who.scope, contacts.c.id))
        return tx.execute(query).first() is not None

    assert await office.database.read(sees, office.anna)
    assert not await office.database.read(sees, office.boris)


async def test_the_card_says_how_long_deals_usually_stay_in_its_stage(office: Office) -> None:
    for number in range(10):
        deal = await office.new(office.anna, title=str(number))
        await office.move(office.anna, deal, 1)
        office.clock.go_on(timedelta(hours=number))
        await office.move(office.anna, deal, 2)
    lying = await office.new(office.anna)
    await office.move(office.anna, lying, 1)
    assert (await office.card(office.anna, lying)).usual_seconds == 4.5 * 3600
    # An eleventh that was moved on and taken back at once says nothing.
    await office.move(office.anna, lying, 2)
    entry = (await office.card(office.anna, lying)).entries[0]
    await office.moves.undo(office.anna, lying.id, entry.undo_id or 0, "undo")
    assert (await office.card(office.anna, lying)).usual_seconds == 4.5 * 3600
    office.clock.go_on(timedelta(days=91))
    assert (await office.card(office.anna, lying)).usual_seconds is None
