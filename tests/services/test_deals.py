"""What sellers and the head do with deals, on both databases; what they may not, is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from pbx_crm.db import contacts
from pbx_crm.db.engine import Database
from pbx_crm.domain.board import CARDS_AT_FIRST, BoardView, Order
from pbx_crm.domain.deal import (
    Deal,
    DealChanged,
    MoveQuestions,
    MoveRequest,
    NothingToUndo,
    Priority,
)
from pbx_crm.domain.deal_card import Entry, EntryKind
from pbx_crm.domain.errors import BadInput, NotAllowed, NotFound
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.task import TaskKind, Urgency
from pbx_crm.services.boards import Boards
from pbx_crm.services.deal_cards import DealCards
from pbx_crm.services.deal_edits import DealFields
from pbx_crm.services.deals import DealForm, Deals
from pbx_crm.services.moves import Moves
from pbx_crm.services.stage_settings import StageSettings
from pbx_crm.services.tasks import Tasks
from tests import builders
from tests.office import INSTALLATION, Workplace

NUMBER = "+74951234567"


@dataclass
class Office(Workplace):
    """Two sellers and a head with one funnel; `heard` is what each one's browser was told."""

    heard: dict[str, set[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.deals = Deals(self.database, self.live, self.clock, INSTALLATION)
        self.moves = Moves(self.database, self.live, self.clock)
        self.boards = Boards(self.database, self.clock)
        self.cards = DealCards(self.database, self.clock)
        self.tasks = Tasks(self.database, self.live, self.clock)
        for person in (self.anna, self.boris, self.olga):
            self.heard[person.name] = set()
            self.live.subscribe(person, self.heard[person.name].update)

    async def new(self, who: Person, **form: Any) -> Deal:
        """A deal made by this person."""
        return await self.deals.get(who, await self.deals.create(who, DealForm(**form)))

    async def move(self, who: Person, deal: Deal, stage: int, key: str = "k", **more: Any) -> Deal:
        """The deal after this move by this person."""
        request = replace(MoveRequest(self.stage(stage), deal.version, f"{deal.id}-{key}"), **more)
        await self.moves.move(who, deal.id, request)
        return await self.deals.get(who, deal.id)

    async def history(self, deal: Deal) -> list[Entry]:
        """The deal's timeline, oldest first."""
        card = await self.cards.show(self.olga, deal.id, UTC)
        return list(reversed(card.entries))


@pytest.fixture
async def office(database: Database) -> Office:
    return await Office.on(database)


async def test_a_new_deal_lies_in_unsorted_and_belongs_to_who_clicked(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vector", number="8 495 123-45-67", title="Fibre")
    assert (deal.stage_id, deal.owner_id, deal.currency) == (office.stage(0), office.anna.id, "EUR")
    card = await office.cards.show(office.anna, deal.id, UTC)
    assert (card.client_name, card.numbers) == ("Vector", (NUMBER,))
    assert [entry.kind for entry in card.entries] == [EntryKind.CREATED]


async def test_the_head_chooses_who_gets_a_new_deal_and_a_seller_does_not(office: Office) -> None:
    deal = await office.new(office.olga, owner_id=office.boris.id)
    assert deal.owner_id == office.boris.id
    with pytest.raises(NotAllowed):
        await office.new(office.anna, owner_id=office.boris.id)


async def test_new_deal_clicked_twice_makes_one(office: Office) -> None:
    first = await office.new(office.anna, title="Fibre", request_key="one click")
    second = await office.new(office.anna, title="Fibre", request_key="one click")
    assert first.id == second.id


async def test_a_known_number_is_the_same_client_and_a_nameless_one_gets_the_name(office: Office) -> None:
    first = await office.new(office.anna, number=NUMBER)
    second = await office.new(office.anna, number="84951234567", client_name="Vector")
    assert first.contact_id == second.contact_id
    assert first.contact_id is not None
    assert await office.database.read(contacts.name_of, first.contact_id) == "Vector"


async def test_a_colleagues_client_is_named_and_not_taken(office: Office) -> None:
    await office.new(office.boris, number=NUMBER, client_name="Vector")
    with pytest.raises(BadInput) as refusal:
        await office.new(office.anna, number=NUMBER)
    assert refusal.value.details["owner"] == "Boris"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"number": "call me"}, "number"),
        ({"title": "x" * 201}, "title"),
        ({"client_name": "x" * 201}, "client_name"),
        ({"source": "x" * 101}, "source"),
        ({"amount": Decimal(-1)}, "amount"),
        ({"amount": Decimal("1e15")}, "amount"),
    ],
)
async def test_a_wrong_value_is_named(office: Office, form: dict[str, Any], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        await office.new(office.anna, **form)
    assert set(refusal.value.reasons) == {field}


async def test_a_move_is_made_remembered_and_told_to_owner_and_head_only(office: Office) -> None:
    deal = await office.new(office.anna)
    for heard in office.heard.values():
        heard.clear()
    moved = await office.move(office.anna, deal, 2)
    assert moved.stage_id == office.stage(2)
    topics = {f"stage-{office.stage(0)}", f"stage-{office.stage(2)}", f"deal-{deal.id}", "tasks"}
    assert office.heard == {"Anna": topics, "Olga": topics, "Boris": set()}
    last = (await office.history(deal))[-1]
    assert (last.who, last.from_stage, last.to_stage) == ("Anna", "Unsorted", "Presentation")


async def test_another_sellers_card_cannot_be_touched_in_any_way(office: Office) -> None:
    deal = await office.new(office.anna)
    boris, request = office.boris, MoveRequest(office.stage(1), deal.version, "k")
    fields = DealFields(deal.version, "", "", "", Decimal(0), Priority.LOW, None)
    for attempt in (
        office.deals.get(boris, deal.id),
        office.moves.move(boris, deal.id, request),
        office.moves.undo(boris, deal.id, 1, "u"),
        office.deals.change(boris, deal.id, fields),
        office.deals.hand_over(boris, deal.id, boris.id, deal.version),
        office.deals.add_note(boris, deal.id, "mine now"),
        office.tasks.add_to_deal(boris, deal.id, TaskKind.CALL, office.clock()),
        office.cards.show(boris, deal.id, UTC),
    ):
        with pytest.raises(NotFound):
            await attempt
    assert await office.deals.get(office.anna, deal.id) == deal


async def test_the_same_move_sent_twice_is_made_once(office: Office) -> None:
    deal = await office.new(office.anna)
    request = MoveRequest(office.stage(2), deal.version, "one wish")
    first = await office.moves.move(office.anna, deal.id, request)
    second = await office.moves.move(office.anna, deal.id, request)
    assert first.move == second.move
    assert (await office.deals.get(office.anna, deal.id)).version == deal.version + 1


async def test_the_slower_of_two_is_told_who_was_faster(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.move(office.olga, deal, 3, key="fast")
    with pytest.raises(DealChanged) as refusal:
        await office.move(office.anna, deal, 1, key="slow")
    assert refusal.value.details["who"] == "Olga"
    assert refusal.value.details["stage"] == "Commercial offer"
    assert (await office.deals.get(office.anna, deal.id)).stage_id == office.stage(3)


async def test_won_takes_the_amount_along_and_closes_the_deal(office: Office) -> None:
    deal = await office.new(office.anna, amount=Decimal(100))
    with pytest.raises(MoveQuestions):
        await office.move(office.anna, deal, 4)
    won = await office.move(office.anna, deal, 4, amount=Decimal(250))
    assert (won.amount, won.closed_at) == (Decimal(250), office.clock())


async def test_an_undone_move_leaves_no_trace_but_the_history(office: Office) -> None:
    deal = await office.new(office.anna, amount=Decimal(100))
    office.clock.go_on(timedelta(hours=1))
    won = await office.move(office.anna, deal, 4, amount=Decimal(250))
    office.clock.go_on(timedelta(seconds=5))
    last = (await office.history(won))[-1]
    assert last.undo_id is not None
    await office.moves.undo(office.anna, deal.id, last.undo_id, "u")
    back = await office.deals.get(office.anna, deal.id)
    assert replace(back, version=deal.version, active_at=deal.active_at) == deal
    history = await office.history(back)
    assert [entry.is_undo for entry in history] == [False, False, True]
    assert history[-1].undo_id is None


async def test_an_undo_repeated_by_the_browser_is_one_undo(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.move(office.anna, deal, 1)
    move_id = (await office.history(deal))[-1].undo_id or 0
    await office.moves.undo(office.anna, deal.id, move_id, "u")
    again = await office.moves.undo(office.anna, deal.id, move_id, "u")
    assert again.deal.stage_id == office.stage(0)
    assert len(await office.history(deal)) == 3


async def test_whoever_asks_twice_hears_the_same_of_a_move_and_of_its_undo(office: Office) -> None:
    deal = await office.new(office.anna)
    request = MoveRequest(office.stage(2), deal.version, "one wish")
    moves = [await office.moves.move(office.anna, deal.id, request) for _ in range(2)]
    assert [moved.from_stage_id for moved in moves] == [office.stage(0)] * 2
    assert [moved.deal.version for moved in moves] == [deal.version + 1] * 2
    assert [moved.stage.id for moved in moves] == [office.stage(2)] * 2
    move_id = (await office.history(deal))[-1].undo_id or 0
    undone = [await office.moves.undo(office.anna, deal.id, move_id, "u") for _ in range(2)]
    assert [moved.from_stage_id for moved in undone] == [office.stage(2)] * 2
    assert [moved.stage.id for moved in undone] == [office.stage(0)] * 2


async def test_nobody_gets_back_into_a_stage_that_is_retired(office: Office) -> None:
    settings = StageSettings(office.database, office.live, office.clock)
    deal = await office.move(office.anna, await office.new(office.anna), 1, key="in")
    await office.move(office.anna, deal, 2, key="on")
    move_id = (await office.history(deal))[-1].undo_id or 0
    await settings.retire(office.olga, office.stage(1), office.stage(2), "We skip it")
    with pytest.raises(NothingToUndo):
        await office.moves.undo(office.anna, deal.id, move_id, "u")
    await settings.restore(office.olga, office.stage(1))
    await office.moves.undo(office.anna, deal.id, move_id, "u")
    assert (await office.deals.get(office.anna, deal.id)).stage_id == office.stage(1)


async def test_a_move_that_others_stand_on_is_not_undone(office: Office) -> None:
    deal = await office.new(office.anna)
    moved = await office.move(office.anna, deal, 1, key="first")
    move_id = (await office.history(deal))[-1].undo_id or 0
    await office.move(office.anna, moved, 2, key="second")
    with pytest.raises(NothingToUndo):
        await office.moves.undo(office.anna, deal.id, move_id, "u")


async def test_making_a_deal_is_no_move_to_undo(office: Office) -> None:
    deal = await office.new(office.anna)
    first = (await office.history(deal))[0]
    assert first.undo_id is None
    with pytest.raises(NothingToUndo):
        await office.moves.undo(office.anna, deal.id, 1, "u")


async def test_fields_change_together_and_a_stale_form_overrules_nobody(office: Office) -> None:
    deal = await office.new(office.anna, client_name="Vektor")
    fields = DealFields(deal.version, "Vector", "Fibre", "site", Decimal("48000.50"), Priority.HIGH, None)
    await office.deals.change(office.anna, deal.id, fields)
    changed = await office.deals.get(office.anna, deal.id)
    assert (changed.title, changed.amount, changed.priority) == ("Fibre", Decimal("48000.50"), Priority.HIGH)
    with pytest.raises(DealChanged):
        await office.deals.change(office.olga, deal.id, replace(fields, title="Radio"))


async def test_a_card_handed_over_takes_its_open_tasks_along(office: Office) -> None:
    deal = await office.new(office.anna)
    await office.tasks.add_to_deal(office.anna, deal.id, TaskKind.CALL, office.clock())
    await office.deals.hand_over(office.anna, deal.id, office.boris.id, deal.version)
    with pytest.raises(NotFound):
        await office.deals.get(office.anna, deal.id)
    card = await office.cards.show(office.boris, deal.id, UTC)
    assert [task.owner_name for task in card.tasks] == ["Boris"]
    assert (await office.history(deal))[-1].to_person == "Boris"
    assert f"deal-{deal.id}" in office.heard["Boris"]


async def test_nobody_hands_a_card_to_someone_who_sees_no_clients(office: Office) -> None:
    peter = await office.database.write(builders.person, "Peter", Role.NONE, is_admin=True)
    deal = await office.new(office.anna)
    with pytest.raises(BadInput):
        await office.deals.hand_over(office.anna, deal.id, peter.id, deal.version)


@pytest.mark.parametrize("text", ["", "x" * 5001])
async def test_a_note_is_something_and_not_a_book(office: Office, text: str) -> None:
    deal = await office.new(office.anna)
    with pytest.raises(BadInput):
        await office.deals.add_note(office.anna, deal.id, text)


async def test_the_timeline_tells_all_in_order(office: Office) -> None:
    deal = await office.new(office.anna)
    for minute in range(2):
        office.clock.go_on(timedelta(minutes=1))
        await office.deals.add_note(office.anna, deal.id, f"note {minute}")
    office.clock.go_on(timedelta(minutes=1))
    await office.tasks.add_to_deal(office.anna, deal.id, TaskKind.OFFER, office.clock(), "by mail")
    card = await office.cards.show(office.anna, deal.id, UTC)
    await office.tasks.finish(office.anna, card.tasks[0].task.id, UTC)
    history = await office.history(deal)
    assert [(entry.kind, entry.text) for entry in history[1:]] == [
        (EntryKind.NOTE, "note 0"),
        (EntryKind.NOTE, "note 1"),
        (EntryKind.TASK, "by mail"),
    ]


async def test_the_board_shows_each_their_own_with_counts_and_sums(office: Office) -> None:
    for amount in (100, 200):
        await office.new(office.anna, amount=Decimal(amount))
    await office.new(office.boris, amount=Decimal(1000))
    seen = {}
    for who in (office.anna, office.boris, office.olga):
        board = await office.boards.show(who, BoardView(), UTC)
        column = board.columns[0]
        seen[who.name] = (column.deals, column.sums, len(column.cards), board.shows_owner)
    assert seen == {
        "Anna": (2, (("EUR", Decimal(300)),), 2, False),
        "Boris": (1, (("EUR", Decimal(1000)),), 1, False),
        "Olga": (3, (("EUR", Decimal(1300)),), 3, True),
    }


async def test_a_seller_who_asks_for_another_sellers_board_gets_an_empty_one(office: Office) -> None:
    await office.new(office.boris)
    board = await office.boards.show(office.anna, BoardView(owner_id=office.boris.id), UTC)
    assert board.deals == 0
    assert not board.columns[0].cards


async def test_a_column_shows_the_newest_first_and_more_when_asked(office: Office) -> None:
    for number in range(CARDS_AT_FIRST + 5):
        office.clock.go_on(timedelta(minutes=1))
        await office.new(office.anna, title=str(number))
    board = await office.boards.show(office.anna, BoardView(), UTC)
    first = board.columns[0]
    assert [card.title for card in first.cards[:2]] == ["34", "33"]
    assert (len(first.cards), first.deals, first.can_show_more) == (30, 35, True)
    shown = {office.stage(0): first.next_shown}
    [column] = await office.boards.columns(office.anna, shown, BoardView(), UTC)
    assert (len(column.cards), column.can_show_more) == (35, False)
    [column] = await office.boards.columns(office.anna, shown, BoardView(order=Order.OLDEST), UTC)
    assert [card.title for card in column.cards[:2]] == ["0", "1"]


async def test_a_card_says_what_is_next(office: Office) -> None:
    deals = [await office.new(office.anna, title=str(number)) for number in range(4)]
    for deal, hours in zip(deals, (-1, 3, 40), strict=False):
        due_at = office.clock() + timedelta(hours=hours)
        await office.tasks.add_to_deal(office.anna, deal.id, TaskKind.CALL, due_at)
    board = await office.boards.show(office.anna, BoardView(), UTC)
    steps = {card.title: card.step.urgency for card in board.columns[0].cards}
    assert steps == {"0": Urgency.OVERDUE, "1": Urgency.TODAY, "2": Urgency.LATER, "3": Urgency.NONE}


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Collects the statements the database is asked meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(database.engine, "before_cursor_execute", note)


async def test_a_board_takes_three_statements_however_much_lies_on_it(office: Office) -> None:
    for number in range(12):
        deal = await office.new(office.anna, number=f"+7495765432{number % 10}")
        await office.move(office.anna, deal, number % 4)
    for who in (office.anna, office.olga):
        with counted(office.database) as statements:
            await office.boards.show(who, BoardView(), UTC)
        assert len([one for one in statements if not one.startswith("BEGIN")]) == 3


async def test_a_board_without_its_cards_comes_to_the_same(office: Office) -> None:
    await office.new(office.anna, client_name="Vector", amount=Decimal(500))
    await office.new(office.boris, client_name="Orbita", amount=Decimal(700))
    for viewer in (office.anna, office.olga):
        whole = await office.boards.show(viewer, BoardView(), UTC)
        outline = await office.boards.outline(viewer, BoardView(), UTC)
        assert (outline.deals, outline.sums) == (whole.deals, whole.sums)
        assert [column.deals for column in outline.columns] == [column.deals for column in whole.columns]


async def test_a_board_there_is_not_is_not_found(office: Office) -> None:
    with pytest.raises(NotFound):
        await office.boards.show(office.anna, BoardView(funnel_id=99), UTC)
    with pytest.raises(NotFound):
        await office.boards.columns(office.anna, {99: 30}, BoardView(), UTC)
