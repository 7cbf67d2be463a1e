"""Notes on a deal's card and their drafts, on both databases."""

from __future__ import annotations

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.deal_card import EntryKind
from pbx_crm.domain.deal_edit import NoteChanged
from pbx_crm.domain.errors import NotAllowed, NotFound
from tests.services.card_office import Office


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office.on(database)


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


async def test_a_note_with_loose_ends_is_changed_like_any_other(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.deals.add_note(office.anna, deal.id, "wants a discount  \nsoon ")
    note = (await office.card(office.anna, deal)).entries[0]
    change = office.clients.notes.change
    await change(office.anna, deal.id, note.note_id or 0, "wants it now", "wants a discount\nsoon")
    assert (await office.card(office.anna, deal)).entries[0].text == "wants it now"
