"""Which cards a board shows and in which order: the count over a column is that of the cards meant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from pbx_crm.db import funnel_edits, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.board import BoardView, Column, Order, Period, filter_of
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.task import NewTask, TaskKind, Urgency
from pbx_crm.services.boards import Boards
from tests import builders
from tests.builders import NOW


@dataclass
class Office:
    """A funnel with cards of every urgency in its second stage."""

    database: Database
    boards: Boards
    funnel: Funnel
    anna: Person
    olga: Person

    async def column(self, view: BoardView, who: Person | None = None) -> Column:
        """The second stage."""
        board = await self.boards.show(who or self.anna, view, UTC)
        return board.columns[1]

    async def titles(self, view: BoardView) -> list[str]:
        """The cards shown, top to bottom."""
        return [card.title for card in (await self.column(view)).cards]


CARDS = [
    # title, days in the stage, hours until its step is due, source, priority
    ("overdue", 40, -5, "site", Priority.NORMAL),
    ("overdue high", 50, -1, "site", Priority.HIGH),
    ("today", 3, 3, "radio", Priority.NORMAL),
    ("none", 0, None, "radio", Priority.LOW),
    ("none high", 100, None, "", Priority.HIGH),
    ("later", 1, 72, "site", Priority.HIGH),
]


@pytest.fixture
async def office(database: Database) -> Office:
    def fill(tx: Transaction) -> tuple[Funnel, Person, Person]:
        anna, olga = builders.person(tx, "Anna"), builders.person(tx, "Olga", Role.HEAD)
        funnel = builders.funnel(tx)
        for title, days, due, source, priority in CARDS:
            since = NOW - timedelta(days=days)
            deal_id = builders.deal(
                tx, funnel, anna, stage=1, amount=10, title=title, source=source, at=since, priority=priority
            )
            if due is not None:
                due_at = NOW + timedelta(hours=due)
                tasks.add(tx, NewTask(TaskKind.CALL, anna.id, due_at, since, deal_id))
        return funnel, anna, olga

    funnel, anna, olga = await database.write(fill)
    return Office(database, Boards(database, lambda: NOW), funnel, anna, olga)


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (BoardView(step=Urgency.OVERDUE), ["overdue", "overdue high"]),
        (BoardView(step=Urgency.TODAY), ["today"]),
        (BoardView(step=Urgency.LATER), ["later"]),
        (BoardView(step=Urgency.NONE), ["none", "none high"]),
        (BoardView(source="radio"), ["none", "today"]),
        (BoardView(source="radio", step=Urgency.TODAY), ["today"]),
        (BoardView(source="nowhere"), []),
        (BoardView(period=Period.TODAY), ["none"]),
        (BoardView(period=Period.WEEK), ["none", "later", "today"]),
        (BoardView(period=Period.QUARTER), ["none", "later", "today", "overdue", "overdue high"]),
    ],
)
async def test_a_filter_shows_what_it_says_and_counts_it(
    office: Office, view: BoardView, expected: list[str]
) -> None:
    assert await office.titles(view) == expected
    column = await office.column(view)
    assert column.deals == len(expected)
    assert column.sums == ((("EUR", Decimal(10 * len(expected))),) if expected else ())
    outline = await office.boards.outline(office.anna, view, UTC)
    assert outline.deals == len(expected)


async def test_urgent_first_means_step_then_priority_then_date(office: Office) -> None:
    assert await office.titles(BoardView(order=Order.URGENT)) == [
        *("overdue high", "overdue", "today", "none high", "none", "later")
    ]


async def test_the_order_decides_which_cards_are_the_first_thirty(office: Office) -> None:
    def add(tx: Transaction) -> None:
        for number in range(40):
            builders.deal(tx, office.funnel, office.anna, stage=1, title=f"fresh {number}")

    await office.database.write(add)
    assert "overdue high" not in await office.titles(BoardView())
    assert (await office.titles(BoardView(order=Order.URGENT)))[0] == "overdue high"
    assert (await office.titles(BoardView(order=Order.OLDEST)))[0] == "none high"


async def test_a_done_step_is_no_next_step(office: Office) -> None:
    def finish(tx: Transaction) -> None:
        task = tasks.lock(tx, 1, builders.EVERYTHING)
        tasks.change(tx, task, done_at=NOW)

    await office.database.write(finish)
    assert "overdue" in await office.titles(BoardView(step=Urgency.NONE))


async def test_sources_are_those_of_the_deals_the_viewer_sees(office: Office) -> None:
    def add(tx: Transaction) -> None:
        builders.deal(tx, office.funnel, office.olga, stage=1, source="fair")
        builders.deal(tx, office.funnel, office.anna, stage=5, source="long ago")

    await office.database.write(add)
    anna = await office.boards.show(office.anna, BoardView(), UTC)
    olga = await office.boards.show(office.olga, BoardView(source="gone"), UTC)
    assert anna.sources == ("long ago", "radio", "site")
    assert olga.sources == ("fair", "gone", "long ago", "radio", "site"), (
        "the one asked for can be seen to be set"
    )


async def test_a_folded_column_keeps_its_count_and_is_folded_for_one_person(office: Office) -> None:
    stage_id = office.funnel.stages[1].id
    await office.boards.fold(office.anna, stage_id, is_folded=True)
    await office.boards.fold(office.anna, stage_id, is_folded=True)
    column = await office.column(BoardView())
    assert (column.is_folded, column.cards, column.deals, column.can_show_more) == (True, (), 6, False)
    [alone] = await office.boards.columns(office.anna, {stage_id: 30}, BoardView(), UTC)
    assert alone == column
    assert len((await office.column(BoardView(), office.olga)).cards) == 6
    await office.boards.fold(office.anna, stage_id, is_folded=False)
    assert len((await office.column(BoardView())).cards) == 6
    with pytest.raises(NotFound):
        await office.boards.fold(office.anna, 999, is_folded=True)


async def test_a_card_in_a_retired_stage_is_still_on_the_board(office: Office) -> None:
    await office.database.write(funnel_edits.set_stage_retired, office.funnel.stages[1].id, NOW)
    await office.database.write(funnel_edits.set_stage_retired, office.funnel.stages[2].id, NOW)
    board = await office.boards.show(office.anna, BoardView(), UTC)
    assert [column.stage.name for column in board.columns][:3] == ["Unsorted", "New", "Commercial offer"]


def test_a_day_is_the_readers_day() -> None:
    late = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    tokyo = timezone(timedelta(hours=9))
    assert Period.TODAY.since(late, UTC) == datetime(2026, 11, 21, tzinfo=UTC)
    assert Period.TODAY.since(late, tokyo) == datetime(2026, 11, 21, 15, tzinfo=UTC)
    assert filter_of(BoardView(), late, tokyo).day_ends == datetime(2026, 11, 22, 15, tzinfo=UTC)
