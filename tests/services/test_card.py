"""What lies on a deal's card, on both databases: fields, contacts, notes, drafts, the usual time, the bin."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.db import call_days, cuttings, scoped
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, contacts, metadata
from pbx_crm.domain.bin import BinKind, RootIsGone
from pbx_crm.domain.board import BoardView
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Deal, DealChanged, MoveRequest, Priority
from pbx_crm.domain.deal_card import DealCard, EntryKind
from pbx_crm.domain.deal_edit import FieldChange, FieldsClash, NoteChanged
from pbx_crm.domain.errors import BadInput, NotAllowed, NotFound
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import TaskKind
from pbx_crm.services.boards import Boards
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.deal_edits import DealFields, texts_of
from pbx_crm.services.deal_people import ContactForm
from pbx_crm.services.deals import DealForm, Deals
from pbx_crm.services.moves import Moves
from pbx_crm.services.tasks import Tasks
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.office import INSTALLATION, Workplace


@dataclass
class Office(Workplace):
    """Two sellers and a head with one funnel."""

    def __post_init__(self) -> None:
        self.clients = Clientele.on(self.ground)
        self.deals = Deals(self.database, self.live, self.clock, INSTALLATION)
        self.moves = Moves(self.database, self.live, self.clock)
        self.cards = DealCards(self.database, self.clock)
        self.boards = Boards(self.database, self.clock)
        self.tasks = Tasks(self.database, self.live, self.clock)

    async def new(self, who: Person, **form: Any) -> Deal:
        """A deal made by this person."""
        return await self.deals.get(who, await self.deals.create(who, DealForm(**form)))

    async def card(self, who: Person, deal: Deal) -> DealCard:
        """The card as this person sees it."""
        return await self.cards.show(who, deal.id, UTC)

    async def seen(self, who: Person, deal: Deal) -> tuple[DealFields, dict[str, str]]:
        """The form this person has before them, and what it showed."""
        card = await self.card(who, deal)
        stored = card.deal
        fields = DealFields(
            stored.version,
            card.client_name,
            stored.title,
            stored.source,
            stored.amount,
            stored.priority,
            stored.expected_close,
            card.company,
            card.tags,
        )
        return fields, texts_of(stored, card.client_name, card.company, card.tags)

    async def change(self, who: Person, deal: Deal, **values: Any) -> None:
        """Opens the form, types these and saves."""
        fields, seen = await self.seen(who, deal)
        await self.deals.change(who, deal.id, replace(fields, **values), seen)

    async def move(self, who: Person, deal: Deal, stage: int) -> None:
        """The deal goes to the funnel's n-th stage."""
        now = await self.deals.get(who, deal.id)
        key = f"{deal.id}-{now.version}"
        request = MoveRequest(self.funnel.stages[stage].id, now.version, key, reason="so")
        await self.moves.move(who, deal.id, request)

    async def everything(self) -> dict[str, list[str]]:
        """All rows but those that deleting leaves on purpose."""

        def read(tx: Transaction) -> dict[str, list[str]]:
            kept = [table for table in metadata.sorted_tables if table.name not in ("audit", "bin_items")]
            return {table.name: sorted(map(repr, tx.execute(table.select()).all())) for table in kept}

        return await self.database.read(read)


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


async def test_a_draft_waits_on_every_device_and_is_nobody_elses(office: Office) -> None:
    deal = await office.new(office.anna)
    notes = office.clients.notes
    await notes.save_draft(office.anna, deal.id, "wants a dis", "")
    await notes.save_draft(office.anna, deal.id, "wants a discount", "wants a dis")
    assert (await office.card(office.anna, deal)).draft == "wants a discount"
    assert (await office.card(office.olga, deal)).draft == ""
    with pytest.raises(NotFound):
        await notes.save_draft(office.boris, deal.id, "mine", "")
    await notes.save_draft(office.anna, deal.id, "", "wants a discount")
    assert (await office.card(office.anna, deal)).draft == ""


async def test_a_draft_kept_offline_does_not_push_aside_what_another_device_wrote(office: Office) -> None:
    deal, notes = await office.new(office.anna), office.clients.notes
    await notes.save_draft(office.anna, deal.id, "from the phone", "")
    with pytest.raises(NoteChanged):
        await notes.save_draft(office.anna, deal.id, "from the desk", "")
    assert (await office.card(office.anna, deal)).draft == "from the phone"
    await notes.save_draft(office.anna, deal.id, "from the phone\nfrom the desk", "")
    assert (await office.card(office.anna, deal)).draft == "from the phone\nfrom the desk"


async def test_spaces_at_the_end_of_a_line_are_no_other_draft(office: Office) -> None:
    deal, notes = await office.new(office.anna), office.clients.notes
    await notes.save_draft(office.anna, deal.id, "one\ntwo", "")
    await notes.save_draft(office.anna, deal.id, "only two", "one \ntwo ")
    assert (await office.card(office.anna, deal)).draft == "only two"


async def test_a_draft_that_comes_after_its_note_does_not_come_back(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.clients.notes.save_draft(office.anna, deal.id, "wants a disc", "")
    await office.deals.add_note(office.anna, deal.id, "wants a discount")
    assert (await office.card(office.anna, deal)).draft == ""
    await office.clients.notes.save_draft(office.anna, deal.id, "wants a discount", "wants a disc")
    assert (await office.card(office.anna, deal)).draft == ""


async def test_a_note_is_changed_by_its_author_and_the_head_alone(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.add_note(office.olga, deal.id, "call them")
    note = (await office.card(office.olga, deal)).entries[0]
    assert note.note_id is not None
    assert (await office.card(office.anna, deal)).entries[0].note_id is None
    notes = office.clients.notes
    with pytest.raises(NotAllowed):
        await notes.change(office.anna, deal.id, note.note_id, "call us", "call them")
    with pytest.raises(NotFound):
        await notes.change(office.boris, deal.id, note.note_id, "call us", "call them")
    await notes.change(office.olga, deal.id, note.note_id, "call them today", "call them")
    changed = (await office.card(office.anna, deal)).entries[0]
    assert (changed.text, changed.edited_at) == ("call them today", office.clock())
    with pytest.raises(NoteChanged):
        await notes.change(office.olga, deal.id, note.note_id, "never mind", "call them")


async def test_a_deleted_note_comes_back_as_it_was(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.add_note(office.anna, deal.id, "wants a discount")
    before = await office.everything()
    note = (await office.card(office.anna, deal)).entries[0]
    item_id = await office.clients.notes.delete(office.anna, deal.id, note.note_id or 0)
    assert [entry.kind for entry in (await office.card(office.anna, deal)).entries] == [EntryKind.CREATED]
    [item] = await office.clients.bin.listed(office.anna)
    assert (item.id, item.kind, item.name, item.by) == (item_id, BinKind.NOTE, "wants a discount", "Anna")
    await office.clients.bin.put_back(office.anna, item_id)
    assert await office.everything() == before


async def full(office: Office) -> Deal:
    """A deal with everything on it that a deal may have."""
    deal = await office.new(office.anna, client_name="Vector", number="84951234567", amount=Decimal("0.50"))
    await office.change(office.anna, deal, company="Vector Ltd", tags=("vip",), title="Fibre")
    await office.clients.people.add(office.anna, deal.id, ContactForm("Sara", "", "accountant"))
    await office.deals.add_note(office.anna, deal.id, "note")
    await office.clients.notes.save_draft(office.olga, deal.id, "begun", "")
    await office.tasks.add_to_deal(office.anna, deal.id, TaskKind.CALL, office.clock())
    await office.move(office.anna, deal, 2)
    await office.move(office.anna, deal, 1)

    def call(tx: Transaction) -> None:
        CallRows(tx, NOW, deal_id=deal.id, contact_id=deal.contact_id).ring(office.anna).answer(office.anna)

    await office.database.write(call)
    return await office.deals.get(office.anna, deal.id)


async def test_a_deleted_deal_is_gone_everywhere_and_comes_back_as_it_was(office: Office) -> None:
    await office.new(office.anna, amount=Decimal(7))
    deal = await full(office)
    before = await office.everything()
    item_id = await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)
    with pytest.raises(NotFound):
        await office.card(office.olga, deal)
    board = await office.boards.show(office.olga, BoardView(), UTC)
    assert (board.deals, [len(column.cards) for column in board.columns][:2]) == (1, [1, 0])
    assert [(column.deals, column.sums) for column in board.columns][1] == (0, ())
    # A card made meanwhile gets a number of its own.
    other = await office.new(office.anna)
    assert other.id > deal.id
    await office.clients.bin.throw_deal(office.anna, other.id, other.version)
    await office.clients.bin.put_back(office.anna, item_id)
    assert await office.everything() == before


async def test_the_calls_of_a_deleted_deal_stay_in_the_log(office: Office) -> None:
    deal = await full(office)
    await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)

    def deal_of_call(tx: Transaction) -> list[int | None]:
        return list(tx.execute(calls.select().with_only_columns(calls.c.deal_id)).scalars())

    assert await office.database.read(deal_of_call) == [None]


async def test_only_the_owner_and_the_head_delete_and_nobody_a_deal_that_went_on(office: Office) -> None:
    deal = await office.new(office.anna)
    with pytest.raises(NotFound):
        await office.clients.bin.throw_deal(office.boris, deal.id, deal.version)
    await office.change(office.olga, deal, title="Fibre")
    with pytest.raises(DealChanged):
        await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)


async def test_the_bin_shows_each_their_own_and_forgets_after_thirty_days(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vector", title="Fibre")
    item_id = await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)
    assert [item.name for item in await office.clients.bin.listed(office.olga)] == ["Vector · Fibre"]
    assert await office.clients.bin.listed(office.boris) == []
    with pytest.raises(NotFound):
        await office.clients.bin.put_back(office.boris, item_id)
    office.clock.go_on(timedelta(days=30, seconds=1))
    assert await office.clients.bin.listed(office.olga) == []
    with pytest.raises(NotFound):
        await office.clients.bin.put_back(office.olga, item_id)


async def test_what_is_put_back_twice_is_put_back_once(office: Office) -> None:
    deal = await office.new(office.anna)
    item_id = await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)
    await office.clients.bin.put_back(office.anna, item_id)
    with pytest.raises(NotFound):
        await office.clients.bin.put_back(office.anna, item_id)


async def test_a_note_of_a_deleted_deal_waits_for_its_deal(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.add_note(office.anna, deal.id, "note")
    note = (await office.card(office.anna, deal)).entries[0].note_id or 0
    item_id = await office.clients.notes.delete(office.anna, deal.id, note)
    of_deal = await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)
    with pytest.raises(NotFound):
        await office.clients.bin.put_back(office.anna, item_id)
    await office.clients.bin.put_back(office.anna, of_deal)
    await office.clients.bin.put_back(office.anna, item_id)
    assert [entry.text for entry in (await office.card(office.anna, deal)).entries] == ["note", ""]


async def test_rows_whose_root_is_gone_for_good_are_refused(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.add_note(office.anna, deal.id, "note")

    def lose(tx: Transaction) -> None:
        table = metadata.tables["deal_notes"]
        cutting = cuttings.take_out(tx, table, 1)
        tx.execute(metadata.tables["deals"].delete())
        cuttings.put_back(tx, cutting)

    with pytest.raises(RootIsGone):
        await office.database.write(lose)


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


def test_whatever_points_at_a_deal_can_be_cut_out_with_it() -> None:
    # A row that stays and points at nothing is named by its id in the cutting.
    pointing = [key for table in metadata.sorted_tables for key in table.foreign_keys]
    to_deals = [key for key in pointing if key.column.table.name in ("deals", "contacts", "tasks")]
    assert len(to_deals) > 10
    for key in to_deals:
        assert key.ondelete == "CASCADE" or not key.parent.nullable or "id" in key.parent.table.c, key


async def test_a_note_with_loose_ends_is_changed_like_any_other(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.add_note(office.anna, deal.id, "wants a discount  \nsoon ")
    note = (await office.card(office.anna, deal)).entries[0]
    change = office.clients.notes.change
    await change(office.anna, deal.id, note.note_id or 0, "wants it now", "wants a discount\nsoon")
    assert (await office.card(office.anna, deal)).entries[0].text == "wants it now"


async def test_the_sums_of_calls_stay_right_when_a_deal_goes_and_comes(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vector")

    def call(tx: Transaction) -> None:
        call_days.choose_zone(tx, "UTC")
        rows = CallRows(tx, NOW, Direction.IN, deal_id=deal.id).ring(office.anna).answer(office.anna)
        call_days.put_in(tx, [rows.end(60, Outcome.ANSWERED).id])

    await office.database.write(call)
    wrong = functools.partial(office.database.read, call_days.wrong_rows, NOW.date(), ZoneInfo("UTC"))
    assert await wrong() == 0
    item_id = await office.clients.bin.throw_deal(office.anna, deal.id, deal.version)
    assert await wrong() == 0
    await office.clients.bin.put_back(office.anna, item_id)
    assert await wrong() == 0
