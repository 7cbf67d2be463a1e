"""Not a client: the courier's card is lost, his number skipped or asked to be; and telling a colleague."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import alerts, calls, deal_events, deals, skip_rules, tasks
from pbx_crm.domain.deal import NothingToUndo
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.line import SkipKind, SkipRule
from pbx_crm.domain.not_client import Marked, NobodyToTell, NotClient
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import TaskKind
from pbx_crm.services.moves import Moves
from pbx_crm.services.not_clients import NotClients
from pbx_crm.services.owners_told import OwnersTold
from pbx_crm.services.popups import Popups
from tests.builders import NOW
from tests.company import Company, later, topics
from tests.stories import Story
from tests.turned_clock import TurnedClock

COURIER = "+79161234567"


class Desk:
    """The company and its junk calls."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock(NOW + timedelta(minutes=2))
        self.marks = NotClients(database, self.company.live, self.clock)
        self.owners_told = OwnersTold(database, self.company.live, self.clock)
        self.popups = Popups(database, self.company.live, self.clock)
        self.moves = Moves(database, self.company.live, self.clock)

    @property
    def reason(self) -> int:
        """Why junk is lost: Not a client."""
        return self.company.funnel.loss_reasons[-1].id

    async def call(self, extension: str = "101", minutes: float = 0) -> int:
        """The courier rings and is answered; the call's id."""
        story = Story.incoming(COURIER, at=later(minutes=minutes)).rings(extension).answers(extension).ends()
        await self.company.play(story)
        return int((await self.company.rows(calls))[-1]["id"])

    async def mark(self, who: Person, call_id: int, *, skips: bool = True) -> Marked:
        """This person says that it is no client."""
        return await self.marks.mark(who, call_id, NotClient(self.reason, skips, "Courier"))


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_a_seller_loses_the_card_and_asks_the_head_to_skip_the_number(desk: Desk) -> None:
    call_id, anna = await desk.call(), desk.company.anna
    told = desk.company.listen(anna)
    marked = await desk.mark(anna, call_id)
    deal = await desk.company.one(deals)
    assert (deal["loss_reason_id"], deal["closed_at"], marked.is_asked) == (desk.reason, desk.clock(), True)
    assert await desk.company.rows(skip_rules) == []
    (wish,) = await desk.marks.wishes()
    assert (wish.number, wish.name, wish.by) == (COURIER, "Courier", "Anna")
    assert await desk.popups.current(anna) is None
    stages = (desk.company.funnel.unsorted.id, deal["stage_id"])
    assert {"call", "tasks", *(f"stage-{stage}" for stage in stages)} <= topics(told)


async def test_the_head_says_yes_and_the_next_call_makes_no_card(desk: Desk) -> None:
    await desk.mark(desk.company.anna, await desk.call())
    await desk.marks.decide(desk.company.olga, COURIER, skips=True)
    assert await desk.marks.wishes() == []
    await desk.call(minutes=30)
    assert len(await desk.company.rows(deals)) == 1
    assert (await desk.company.rows(calls))[-1]["skipped_by"] == "Courier"


async def test_the_head_says_no_and_is_not_asked_again(desk: Desk) -> None:
    await desk.mark(desk.company.anna, await desk.call())
    await desk.marks.decide(desk.company.olga, COURIER, skips=False)
    assert (await desk.marks.wishes(), await desk.company.rows(skip_rules)) == ([], [])
    with pytest.raises(NotFound):
        await desk.marks.decide(desk.company.olga, COURIER, skips=True)


async def test_a_head_makes_the_rule_at_once_and_undo_takes_all_of_it_back(desk: Desk) -> None:
    call_id, olga = await desk.call(), desk.company.olga
    marked = await desk.mark(olga, call_id)
    rule = await desk.company.one(skip_rules)
    assert (rule["name"], rule["value"]) == ("Courier", COURIER)
    await desk.marks.take_back(olga, marked, "undo-1")
    assert await desk.company.rows(skip_rules) == []
    deal = await desk.company.one(deals)
    assert (deal["stage_id"], deal["closed_at"]) == (desk.company.funnel.unsorted.id, None)


async def test_undo_leaves_a_rule_that_stood_before(desk: Desk) -> None:
    call_id, olga = await desk.call(), desk.company.olga
    await desk.company.skip(SkipRule("Courier", SkipKind.NUMBER, COURIER))
    marked = await desk.mark(olga, call_id)
    await desk.marks.take_back(olga, marked, "undo-1")
    assert (await desk.company.one(skip_rules))["name"] == "Courier"


async def test_a_seller_takes_back_card_and_wish_together(desk: Desk) -> None:
    call_id, anna = await desk.call(), desk.company.anna
    marked = await desk.mark(anna, call_id)
    await desk.marks.take_back(anna, marked, "undo-1")
    assert await desk.marks.wishes() == []
    assert (await desk.company.one(deals))["closed_at"] is None
    assert await desk.popups.current(anna) is not None


async def test_what_went_on_since_is_left_as_it_is_the_wish_too(desk: Desk) -> None:
    call_id, anna, olga = await desk.call(), desk.company.anna, desk.company.olga
    marked = await desk.mark(anna, call_id)
    assert marked.move_id is not None
    await desk.moves.undo(olga, (await desk.company.one(deals))["id"], marked.move_id, "head-1")
    with pytest.raises(NothingToUndo):
        await desk.marks.take_back(anna, marked, "undo-1")
    assert len(await desk.marks.wishes()) == 1


async def test_a_seller_cannot_take_back_a_rule_of_the_heads_by_its_id(desk: Desk) -> None:
    call_id, olga = await desk.call(), desk.company.olga
    marked = await desk.mark(olga, call_id)
    await desk.marks.take_back(desk.company.anna, Marked(call_id, rule_id=marked.rule_id), "undo-1")
    assert len(await desk.company.rows(skip_rules)) == 1


async def test_a_reason_of_another_funnel_is_refused_and_nothing_happens(desk: Desk) -> None:
    call_id, other = await desk.call(), await desk.company.second_funnel()
    with pytest.raises(BadInput) as refused:
        await desk.marks.mark(desk.company.anna, call_id, NotClient(other.loss_reasons[0].id, True, "x"))
    assert "loss_reason_id" in refused.value.reasons
    assert (await desk.company.rows(alerts), (await desk.company.one(deals))["closed_at"]) == ([], None)


async def test_nobody_marks_a_colleagues_client(desk: Desk) -> None:
    """Boris's phone rang, too, but the client is Anna's by now."""
    await desk.call()
    await desk.company.play(Story.incoming(COURIER, at=later(minutes=9)).rings("102").ends(after=20))
    call_id = (await desk.company.rows(calls))[-1]["id"]
    with pytest.raises(NotFound):
        await desk.mark(desk.company.boris, call_id)
    with pytest.raises(NotFound):
        await desk.marks.form(desk.company.boris, call_id)


async def test_telling_anna_gives_her_one_call_back_however_often_it_is_clicked(desk: Desk) -> None:
    await desk.call()
    await desk.company.play(Story.incoming(COURIER, at=later(minutes=9)).rings("102").answers("102").ends())
    call_id = (await desk.company.rows(calls))[-1]["id"]
    boris, before = desk.company.boris, len(await desk.company.rows(tasks))
    told = desk.company.listen(desk.company.anna)
    desk.clock.go_on(timedelta(minutes=8))
    shown = await desk.popups.current(boris)
    assert shown is not None
    assert (shown.client is not None and shown.client.is_foreign, shown.owner_told) == (True, False)
    for _ in range(2):
        await desk.owners_told.tell(boris, call_id)
    task = (await desk.company.rows(tasks))[-1]
    assert len(await desk.company.rows(tasks)) == before + 1
    assert (task["kind"], task["owner_id"], task["cause"]) == (
        TaskKind.CALL,
        desk.company.anna.id,
        f"told:{call_id}",
    )
    assert (await desk.company.one(deal_events, kind="told"))["details"]["by"] == "Boris"
    assert "tasks" in topics(told)
    shown = await desk.popups.current(boris)
    assert shown is not None
    assert shown.owner_told


async def test_there_is_nobody_to_tell_about_ones_own_client(desk: Desk) -> None:
    call_id = await desk.call()
    with pytest.raises(NobodyToTell):
        await desk.owners_told.tell(desk.company.anna, call_id)
