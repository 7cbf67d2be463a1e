"""One act on many cards: each judged alone, all of it undoable, never past the scope."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, timedelta
from typing import Any

import pytest

from pbx_crm.db import stage_totals
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deals, tasks
from pbx_crm.domain.bulk import UNDO_WITHIN, BulkDone, BulkKind, BulkWish, NothingToTakeBack, Stayed
from pbx_crm.domain.deal import MoveRequest
from pbx_crm.domain.errors import BadInput, Refused
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.wrap_up import NextStep
from pbx_crm.services.bulk_deals import BulkDeals
from pbx_crm.services.moves import Moves
from tests.builders import EVERYTHING, NOW
from tests.company import Company, topics
from tests.turned_clock import TurnedClock

WON = -2
"""The stage before Lost."""


class Desk:
    """The company, its cards, and what is done to many of them."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock(NOW)
        self.bulk = BulkDeals(database, self.company.live, self.clock)
        self.moves = Moves(database, self.company.live, self.clock)

    async def cards(self, count: int, owner: Person | None = None, stage: int = 1) -> list[int]:
        """Cards of Anna's, if not said, in the funnel's n-th stage."""
        made = []
        for _ in range(count):
            client = await self.company.client("Vector")
            made.append(await self.company.deal(owner or self.company.anna, client, stage=stage, amount=100))
        return made

    def stage(self, number: int) -> int:
        """The id of the funnel's n-th stage."""
        return self.company.funnel.stages[number].id

    async def act(
        self, ids: Sequence[int], kind: BulkKind, who: Person | None = None, **more: Any
    ) -> BulkDone:
        """Anna, if not said, does this to the cards as they were first."""
        versions = more.pop("versions", dict.fromkeys(ids, 1))
        return await self.bulk.act(who or self.company.anna, BulkWish(kind, versions, **more), UTC)

    async def column(self, name: str, ids: Sequence[int]) -> list[Any]:
        """That field of these deals."""
        rows = {row["id"]: row for row in await self.company.rows(deals)}
        return [rows[deal_id][name] for deal_id in ids]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_ticked_cards_move_together_and_back_together(desk: Desk) -> None:
    ids = await desk.cards(3)
    told = desk.company.listen(desk.company.anna)
    done = await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(2))
    assert (done.done, done.stayed) == (3, ())
    assert await desk.column("stage_id", ids) == [desk.stage(2)] * 3
    assert {f"stage-{desk.stage(1)}", f"stage-{desk.stage(2)}", f"deal-{ids[0]}"} <= topics(told)
    assert done.act_id is not None
    undone = await desk.bulk.take_back(desk.company.anna, done.act_id)
    assert (undone.done, undone.act_id) == (3, None)
    assert await desk.column("stage_id", ids) == [desk.stage(1)] * 3


async def test_counts_and_sums_stay_true(desk: Desk) -> None:
    ids = await desk.cards(4)
    done = await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(3))
    await desk.act(ids[:2], BulkKind.ASSIGN, owner_id=desk.company.boris.id, versions=dict.fromkeys(ids, 2))
    stages = [stage.id for stage in desk.company.funnel.stages]
    totals = await desk.company.database.read(stage_totals.of_stages, stages, EVERYTHING)
    assert [(total.stage_id, total.deals, int(total.amount)) for total in totals if total.deals] == [
        (desk.stage(3), 4, 400)
    ]
    assert done.done == 4


async def test_a_card_somebody_was_faster_with_stays_and_the_others_go(desk: Desk) -> None:
    ids = await desk.cards(3)
    await desk.moves.move(desk.company.olga, ids[1], MoveRequest(desk.stage(3), 1, "faster"))
    done = await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(2))
    assert done.done == 2
    assert [(card.deal_id, card.name) for card in done.stayed] == [(ids[1], "Vector")]
    assert await desk.column("stage_id", ids) == [desk.stage(2), desk.stage(3), desk.stage(2)]


async def test_steps_back_want_a_reason_that_is_given_once_for_all(desk: Desk) -> None:
    ids = await desk.cards(2, stage=3)
    done = await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(1))
    assert (done.done, done.act_id) == (0, None)
    assert {why: len(cards) for why, cards in done.refused.items()} == {"A step back: say why.": 2}
    done = await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(1), reason="asked again")
    assert done.done == 2


async def test_many_cards_are_lost_for_one_reason(desk: Desk) -> None:
    ids = await desk.cards(2)
    reason = desk.company.funnel.loss_reasons[0].id
    await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(-1), loss_reason_id=reason)
    assert await desk.column("loss_reason_id", ids) == [reason] * 2


async def test_many_cards_are_won_each_for_what_stands_on_it(desk: Desk) -> None:
    ids = await desk.cards(2)
    bare = await desk.company.deal(desk.company.anna, await desk.company.client("Orbita"), stage=1)
    done = await desk.act([*ids, bare], BulkKind.MOVE, to_stage_id=desk.stage(WON))
    assert done.done == 2
    assert {why: [card.deal_id for card in cards] for why, cards in done.refused.items()} == {
        "Won: for how much?": [bare]
    }
    assert await desk.column("stage_id", [*ids, bare]) == [desk.stage(WON)] * 2 + [desk.stage(1)]
    assert await desk.column("amount", ids) == [100, 100]
    assert done.act_id is not None
    assert (await desk.bulk.take_back(desk.company.anna, done.act_id)).done == 2
    assert await desk.column("closed_at", ids) == [None, None]


async def test_undo_leaves_what_went_on_since(desk: Desk) -> None:
    ids = await desk.cards(2)
    done = await desk.act(ids, BulkKind.MOVE, to_stage_id=desk.stage(2))
    await desk.moves.move(desk.company.anna, ids[0], MoveRequest(desk.stage(3), 2, "on"))
    assert done.act_id is not None
    undone = await desk.bulk.take_back(desk.company.anna, done.act_id)
    assert (undone.done, len(undone.stayed)) == (1, 1)
    assert await desk.column("stage_id", ids) == [desk.stage(3), desk.stage(1)]


async def test_a_seller_gives_own_cards_away_and_may_take_them_back(desk: Desk) -> None:
    ids, boris = await desk.cards(2), desk.company.boris
    told = desk.company.listen(boris)
    done = await desk.act(ids, BulkKind.ASSIGN, owner_id=boris.id)
    assert await desk.column("owner_id", ids) == [boris.id] * 2
    assert f"deal-{ids[0]}" in topics(told)
    assert done.act_id is not None
    await desk.bulk.take_back(desk.company.anna, done.act_id)
    assert await desk.column("owner_id", ids) == [desk.company.anna.id] * 2


async def test_a_step_is_set_on_each_and_taken_back_unless_done(desk: Desk) -> None:
    ids = await desk.cards(2)
    done = await desk.act(ids, BulkKind.TASK, step=NextStep.CALL_TOMORROW)
    rows = await desk.company.rows(tasks)
    assert [(row["deal_id"], row["kind"], row["due_at"]) for row in rows] == [
        (deal_id, TaskKind.CALL, NOW + timedelta(hours=22)) for deal_id in ids
    ]
    assert done.act_id is not None
    await desk.bulk.take_back(desk.company.anna, done.act_id)
    assert await desk.company.rows(tasks) == []


async def test_a_colleagues_card_among_the_ticked_is_as_good_as_none(desk: Desk) -> None:
    mine, foreign = await desk.cards(1), await desk.cards(1, desk.company.boris)
    for more in ({"kind": BulkKind.MOVE, "to_stage_id": desk.stage(2)}, {"kind": BulkKind.TASK}):
        done = await desk.act([*mine, *foreign, 999_999], **more)
        absent = [Stayed(deal_id, "There is no such record.") for deal_id in (*foreign, 999_999)]
        assert list(done.stayed) == absent, "not even a name is told"
    assert await desk.column("stage_id", foreign) == [desk.stage(1)]


async def test_nobody_takes_back_what_another_did(desk: Desk) -> None:
    done = await desk.act(await desk.cards(1), BulkKind.TASK)
    assert done.act_id is not None
    for who in (desk.company.boris, desk.company.olga):
        with pytest.raises(NothingToTakeBack):
            await desk.bulk.take_back(who, done.act_id)


async def test_it_can_be_taken_back_once_and_for_thirty_days(desk: Desk) -> None:
    ids = await desk.cards(1)
    first = await desk.act(ids, BulkKind.TASK)
    second = await desk.act(ids, BulkKind.TASK, step=NextStep.OFFER)
    assert first.act_id is not None
    assert second.act_id is not None
    await desk.bulk.take_back(desk.company.anna, first.act_id)
    assert [act.taken_back_at for act in await desk.bulk.history(desk.company.anna)] == [None, NOW]
    desk.clock.go_on(UNDO_WITHIN)
    for act_id in (first.act_id, second.act_id):
        with pytest.raises(NothingToTakeBack):
            await desk.bulk.take_back(desk.company.anna, act_id)
    assert await desk.bulk.history(desk.company.anna) == []


@pytest.mark.parametrize("count", [0, 201])
async def test_no_cards_or_far_too_many_are_refused(desk: Desk, count: int) -> None:
    with pytest.raises(BadInput):
        await desk.act(range(1, count + 1), BulkKind.TASK)


async def test_a_person_without_clients_gets_no_cards(desk: Desk) -> None:
    ids = await desk.cards(1)
    for owner_id in (None, 999_999):
        with pytest.raises(Refused):
            await desk.act(ids, BulkKind.ASSIGN, owner_id=owner_id)
    assert await desk.column("owner_id", ids) == [desk.company.anna.id]


async def test_two_who_move_the_same_cards_at_once_move_each_once(desk: Desk) -> None:
    ids = await desk.cards(5)
    wishes = [
        desk.act(ids, BulkKind.MOVE, who, to_stage_id=desk.stage(stage))
        for who, stage in ((desk.company.anna, 2), (desk.company.olga, 3))
    ]
    first, second = await asyncio.gather(*wishes)
    assert first.done + second.done == 5
    assert len(set(await desk.column("version", ids))) == 1
