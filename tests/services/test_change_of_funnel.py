"""A deal goes to another funnel: it takes its history along, and may come back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from pbx_crm.db import deals, funnel_edits, stage_moves, stage_totals
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import open_deals
from pbx_crm.domain.deal import ClosedDealStays, Deal, DealChanged, MoveRequest, NothingToUndo
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.moves import Moves
from tests import builders
from tests.builders import EVERYTHING, NOW


@dataclass
class Office:
    """Two funnels, and a deal of Anna's in the first one's third stage."""

    database: Database
    moves: Moves
    live: LiveFeed
    here: Funnel
    there: Funnel
    anna: Person
    boris: Person
    deal_id: int

    async def deal(self) -> Deal:
        """The deal as it stands."""
        return await self.database.read(deals.get, self.deal_id, EVERYTHING)

    def wish(self, stage: int = 1, version: int = 1, key: str = "over") -> MoveRequest:
        """Into the other funnel's n-th stage."""
        return MoveRequest(self.there.stages[stage].id, version, key, "They buy again")


@pytest.fixture
async def office(database: Database) -> Office:
    def fill(tx: Transaction) -> tuple[Funnel, Funnel, Person, Person, int]:
        anna, boris = builders.person(tx, "Anna"), builders.person(tx, "Boris")
        here, there = builders.funnel(tx), builders.funnel(tx, 2)
        client = builders.contact(tx, "Vector")
        deal_id = builders.deal(tx, here, anna, stage=2, amount=70, contact_id=client)
        return here, there, anna, boris, deal_id

    live = LiveFeed()
    made = await database.write(fill)
    return Office(database, Moves(database, live, lambda: NOW), live, *made)


async def test_the_deal_lies_in_the_other_funnel_with_its_money_and_its_story(office: Office) -> None:
    told: list[frozenset[str]] = []
    office.live.subscribe(office.anna, told.append)
    moved = await office.moves.change_funnel(office.anna, office.deal_id, office.wish())
    assert moved.stage == office.there.stages[1]
    deal = await office.deal()
    assert (deal.funnel_id, deal.stage_id, deal.amount) == (office.there.id, moved.stage.id, Decimal(70))
    [last, first] = await office.database.read(stage_moves.of_deal, office.deal_id)
    assert (last.from_stage_id, last.reason) == (office.here.stages[2].id, "They buy again")
    assert first.to_stage_id == office.here.stages[2].id
    stages = [office.here.stages[2].id, office.there.stages[1].id]
    totals = await office.database.read(stage_totals.of_stages, stages, EVERYTHING)
    assert [(total.stage_id, total.deals) for total in totals] == [(stages[1], 1)]
    assert {f"stage-{stage}" for stage in stages} <= set().union(*told), "both boards hear of it"


async def test_a_call_of_the_client_finds_the_deal_in_its_new_funnel(office: Office) -> None:
    await office.moves.change_funnel(office.anna, office.deal_id, office.wish())
    rows = await office.database.read(lambda tx: tx.execute(open_deals.select()).all())
    assert [(row.funnel_id, row.deal_id) for row in rows] == [(office.there.id, office.deal_id)]


async def test_the_same_wish_again_moves_once(office: Office) -> None:
    await office.moves.change_funnel(office.anna, office.deal_id, office.wish())
    await office.moves.change_funnel(office.anna, office.deal_id, office.wish())
    assert (await office.deal()).version == 2


async def test_the_change_is_undone_like_any_move(office: Office) -> None:
    moved = await office.moves.change_funnel(office.anna, office.deal_id, office.wish())
    assert moved.move is not None
    await office.moves.undo(office.anna, office.deal_id, moved.move.id, "back")
    deal = await office.deal()
    assert (deal.funnel_id, deal.stage_id) == (office.here.id, office.here.stages[2].id)
    rows = await office.database.read(lambda tx: tx.execute(open_deals.select()).all())
    assert [row.funnel_id for row in rows] == [office.here.id]


async def test_nothing_is_undone_into_a_funnel_that_is_retired_since(office: Office) -> None:
    moved = await office.moves.change_funnel(office.anna, office.deal_id, office.wish())
    await office.database.write(funnel_edits.set_retired, office.here.id, NOW)
    assert moved.move is not None
    with pytest.raises(NothingToUndo):
        await office.moves.undo(office.anna, office.deal_id, moved.move.id, "back")


@pytest.mark.parametrize("stage", [-1, -2], ids=["lost", "won"])
async def test_no_deal_is_closed_on_the_way(office: Office, stage: int) -> None:
    with pytest.raises(BadInput):
        await office.moves.change_funnel(office.anna, office.deal_id, office.wish(stage))
    assert (await office.deal()).funnel_id == office.here.id


async def test_what_cannot_be_is_refused(office: Office) -> None:
    with pytest.raises(DealChanged):
        await office.moves.change_funnel(office.anna, office.deal_id, office.wish(version=7))
    with pytest.raises(NotFound):
        await office.moves.change_funnel(office.boris, office.deal_id, office.wish())
    nowhere, same_funnel = MoveRequest(9999, 1, "a"), MoveRequest(office.here.stages[1].id, 1, "b")
    with pytest.raises(NotFound):
        await office.moves.change_funnel(office.anna, office.deal_id, nowhere)
    with pytest.raises(BadInput):
        await office.moves.change_funnel(office.anna, office.deal_id, same_funnel)
    await office.database.write(funnel_edits.set_retired, office.there.id, NOW)
    with pytest.raises(BadInput):
        await office.moves.change_funnel(office.anna, office.deal_id, office.wish())


async def test_a_closed_deal_stays_where_it_was_closed(office: Office) -> None:
    lost = MoveRequest(office.here.stages[-1].id, 1, "lost", loss_reason_id=office.here.loss_reasons[0].id)
    await office.moves.move(office.anna, office.deal_id, lost)
    with pytest.raises(ClosedDealStays):
        await office.moves.change_funnel(office.anna, office.deal_id, office.wish(version=2))
