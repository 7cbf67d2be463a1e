"""What is deleted goes to the bin and comes back whole, on both databases."""

from __future__ import annotations

import functools
from datetime import UTC, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from pbx_crm.db import call_days, cuttings
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, metadata
from pbx_crm.domain.bin import RootIsGone
from pbx_crm.domain.board import BoardView
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Deal, DealChanged
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.task import TaskKind
from pbx_crm.services.deal_people import ContactForm
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.services.card_office import Office


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office.on(database)


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


def test_whatever_points_at_a_deal_can_be_cut_out_with_it() -> None:
    # A row that stays and points at nothing is named by its id in the cutting.
    pointing = [key for table in metadata.sorted_tables for key in table.foreign_keys]
    to_deals = [key for key in pointing if key.column.table.name in ("deals", "contacts", "tasks")]
    assert len(to_deals) > 10
    for key in to_deals:
        assert key.ondelete == "CASCADE" or not key.parent.nullable or "id" in key.parent.table.c, key


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
