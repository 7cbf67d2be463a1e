"""The funnel report over real cards: moved, undone, lost and won through the services that do it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select, update

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import deals, stage_moves, stages
from pbx_crm.domain.deal import MoveRequest
from pbx_crm.domain.deal_courses import Part
from pbx_crm.domain.deal_list import Rows
from pbx_crm.domain.funnel_report import FunnelReport
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from pbx_crm.services.deals import Deals
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.moves import Moves
from pbx_crm.services.reports import Reports
from tests import builders
from tests.builders import NOW
from tests.turned_clock import TurnedClock

WEEK = Span(NOW - timedelta(days=6), NOW + timedelta(days=1))
HERE = Installation(region="DE", language="en", time_zone="UTC", currency="EUR", pbxes=("main",))


class Office:
    """Two sellers, a head, one funnel, and the services that move its cards."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = TurnedClock()
        self.reports = Reports(database)
        self.deals = Deals(database, LiveFeed(), self.clock, HERE)
        self.moving = Moves(database, LiveFeed(), self.clock)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.anna = builders.person(tx, "Anna")
            self.boris = builders.person(tx, "Boris")
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            self.funnel = builders.funnel(tx)

    async def deal(self, owner: Person, stage: int = 0, **more: Any) -> int:
        """A new deal."""
        return await self.database.write(
            lambda tx: builders.deal(tx, self.funnel, owner, stage=stage, **more)
        )

    async def move(self, deal_id: int, stage: int) -> int:
        """The deal moved by the head; the move's id."""
        deal = await self.deals.get(self.olga, deal_id)
        target = self.funnel.stages[stage]
        request = MoveRequest(
            target.id,
            deal.version,
            f"{deal_id}-{deal.version}",
            reason="because",
            amount=Decimal(100),
            loss_reason_id=self.funnel.loss_reasons[0].id if target.kind == "lost" else None,
        )
        made = (await self.moving.move(self.olga, deal_id, request)).move
        assert made is not None
        return made.id

    async def report(self, viewer: Person, **slices: Any) -> FunnelReport:
        """The week's cohort."""
        found = await self.reports.funnel(viewer.scope, ReportFilter(WEEK, **slices), NOW)
        assert found is not None
        return found


@pytest.fixture
def office(database: Database) -> Office:
    """The company, before the first deal."""
    return Office(database)


def count(found: FunnelReport, stage: int, part: Part) -> int:
    """A figure of the n-th stage."""
    return found.stages[stage].count(part)


async def test_a_move_undone_on_the_card_leaves_no_trace_in_the_report(office: Office) -> None:
    deal_id = await office.deal(office.anna, 1)
    before = await office.report(office.olga)
    lost = await office.move(deal_id, 5)
    assert count(await office.report(office.olga), 1, Part.DROPPED) == 1
    await office.moving.undo(office.olga, deal_id, lost, "undo-1")
    assert (await office.report(office.olga)).table() == before.table()


async def test_a_seller_sees_the_funnel_of_their_own_deals(office: Office) -> None:
    await office.deal(office.anna)
    await office.deal(office.boris, 2)
    assert (await office.report(office.olga)).deals == 2
    assert (await office.report(office.anna)).deals == 1
    assert (await office.report(office.anna, person_id=office.boris.id)).deals == 0
    foreign = (await office.report(office.boris)).stages[2].ids[Part.HERE]
    listed = await office.reports.deals(office.anna.scope, foreign, Rows())
    assert (len(foreign), listed.count, listed.lines) == (1, 0, ())


async def test_deals_made_before_the_time_are_another_cohort(office: Office) -> None:
    await office.deal(office.anna, at=WEEK.since - timedelta(seconds=1))
    await office.deal(office.anna, at=WEEK.since)
    assert (await office.report(office.olga)).deals == 1


async def test_a_retired_funnel_stage_is_shown_as_long_as_deals_tell_of_it(office: Office) -> None:
    deal_id = await office.deal(office.anna, 2)
    await office.move(deal_id, 3)

    def retire(tx: Transaction) -> None:
        tx.execute(update(stages).where(stages.c.id == office.funnel.stages[2].id).values(retired_at=NOW))

    await office.database.write(retire)
    names = [stage.stage.name for stage in (await office.report(office.olga)).stages]
    assert office.funnel.stages[2].name in names


async def invent(office: Office, seed: int) -> None:
    """Fourteen deals moved about; some moves are undone."""
    chance = random.Random(seed)
    for _ in range(14):
        owner = chance.choice([office.anna, office.boris])
        deal_id = await office.deal(owner, chance.randrange(4), amount=chance.randrange(1000))
        here = (await office.deals.get(office.olga, deal_id)).stage_id
        for _ in range(chance.randrange(5)):
            stage = chance.randrange(6)
            if office.funnel.stages[stage].id == here:
                continue
            made = await office.move(deal_id, stage)
            if chance.random() < 0.3:
                await office.moving.undo(office.olga, deal_id, made, f"undo-{made}")
            else:
                here = office.funnel.stages[stage].id


@pytest.mark.parametrize("seed", range(4))
async def test_the_report_is_what_replaying_every_move_by_hand_gives(office: Office, seed: int) -> None:
    await invent(office, seed)
    found = await office.report(office.olga)
    by_hand = await office.database.read(furthest_by_hand, office)
    for place, stage in enumerate(found.stages):
        reached = sum(count for furthest, count in by_hand.items() if furthest >= place)
        assert stage.count(Part.ENTERED) == reached, stage.stage.name
    here = await office.database.read(lying_by_hand)
    for stage in found.stages:
        assert stage.count(Part.HERE) == here[stage.stage.id], stage.stage.name
        for part in Part:
            lines = (await office.reports.deals(office.olga.scope, stage.ids[part], Rows())).lines
            assert {line.id for line in lines} == set(stage.ids[part].tolist())
    lost = here[office.funnel.stages[5].id]
    assert sum(stage.count(Part.DROPPED) for stage in found.stages) == lost


def furthest_by_hand(tx: Transaction, office: Office) -> Counter[int]:
    """How many deals came how far: the stack of stages is unwound at every undo."""
    places = {stage.id: place for place, stage in enumerate(office.funnel.stages)}
    stacks: dict[int, list[int]] = {}
    for move in tx.execute(select(stage_moves).order_by(stage_moves.c.id)):
        stack = stacks.setdefault(move.deal_id, [])
        if move.undoes_id is not None:
            stack.pop()
        else:
            stack.append(places[move.to_stage_id])
    return Counter(
        4 if stack[-1] == 4 else max([p for p in stack if p < 4] or [0]) for stack in stacks.values()
    )


def lying_by_hand(tx: Transaction) -> Counter[int]:
    """How many deals lie in which stage by the cards themselves."""
    return Counter(row.stage_id for row in tx.execute(select(deals)))
