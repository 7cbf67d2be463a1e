"""The losses of real cards and calls, against what reading every row by hand gives."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import select

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal_list import Rows
from pbx_crm.domain.loss_report import Dimension, LossReport
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.services.test_funnel_reports import Office

LOST, WON = 5, 4
WEEK = Span(NOW - timedelta(days=6), NOW + timedelta(days=1))


@pytest.fixture
def office(database: Database) -> Office:
    """The company, before the first deal."""
    return Office(database)


async def losses(office: Office, viewer: Person, **slices: Any) -> LossReport:
    """The week's losses as this person sees them."""
    found = await office.reports.losses(viewer.scope, ReportFilter(WEEK, **slices))
    assert found is not None
    return found


async def ring(office: Office, deal_id: int, minute: int, kind: str) -> None:
    """A call on the deal's card: missed, tried, reached or answered."""

    def story(tx: Transaction) -> None:
        out = kind in ("tried", "reached")
        at = NOW - timedelta(hours=3) + timedelta(minutes=minute)
        call = CallRows(tx, at, Direction.OUT if out else Direction.IN, deal_id=deal_id)
        call = call.dial(office.anna) if out else call.ring(office.anna)
        if kind in ("reached", "answered"):
            call.answer(office.anna, 6).end(60, Outcome.ANSWERED)
        else:
            call.end(30, Outcome.NO_ANSWER if out else Outcome.MISSED)

    await office.database.write(story)


async def test_a_loss_stands_with_its_reason_and_the_stage_it_lay_in(office: Office) -> None:
    deal_id = await office.deal(office.anna, 2, source="site")
    await office.move(deal_id, LOST)
    found = await losses(office, office.olga)
    assert found.deals.ids.tolist() == [deal_id]
    assert {dimension: name_of(found, dimension) for dimension in Dimension} == {
        Dimension.STAGE: office.funnel.stages[2].name,
        Dimension.REASON: office.funnel.loss_reasons[0].name,
        Dimension.SELLER: "Anna",
        Dimension.SOURCE: "site",
        Dimension.REGION: "",
        Dimension.BAND: "Under 1,000",
    }


def name_of(found: LossReport, dimension: Dimension) -> str:
    """What the one value there is is called."""
    (group,) = found.groups(dimension)
    return group.mark.name


async def test_the_clock_runs_from_the_first_missed_call_to_the_first_that_reached_them(
    office: Office,
) -> None:
    deal_id = await office.deal(office.anna, 1)
    for minute, kind in ((0, "missed"), (5, "missed"), (10, "tried"), (20, "reached"), (30, "reached")):
        await ring(office, deal_id, minute, kind)
    await office.move(deal_id, LOST)
    works = (await losses(office, office.olga)).deals.works
    assert [works.tries.tolist(), works.talks.tolist(), works.was_missed.tolist()] == [[3], [2], [True]]
    # The missed call ended half a minute in, they were reached six seconds into the other.
    assert works.callback_seconds.tolist() == [20 * 60 + 6 - 30]


async def test_who_got_through_by_themselves_was_not_called_back(office: Office) -> None:
    deal_id = await office.deal(office.anna, 1)
    await ring(office, deal_id, 0, "missed")
    await ring(office, deal_id, 5, "answered")
    await office.move(deal_id, LOST)
    found = await losses(office, office.olga)
    assert np.isnan(found.deals.works.callback_seconds).all()
    assert found.work.never_called_back == 1


async def test_a_loss_taken_back_is_none(office: Office) -> None:
    deal_id = await office.deal(office.anna, 1)
    move_id = await office.move(deal_id, LOST)
    await office.moving.undo(office.olga, deal_id, move_id, "undo-1")
    assert len((await losses(office, office.olga)).deals) == 0


async def test_a_seller_finds_their_own_losses(office: Office) -> None:
    for owner in (office.anna, office.boris):
        await office.move(await office.deal(owner, 1), LOST)
    assert name_of(await losses(office, office.anna), Dimension.SELLER) == "Anna"
    assert len((await losses(office, office.anna, person_id=office.boris.id)).deals) == 0


async def test_a_loss_counts_on_the_day_it_was_lost(office: Office) -> None:
    deal_id = await office.deal(office.anna, 1, at=NOW - timedelta(days=90))
    await office.move(deal_id, LOST)
    assert len((await losses(office, office.olga)).deals) == 1
    office.clock.go_on(timedelta(days=2))
    late = await office.deal(office.anna, 1)
    await office.move(late, LOST)
    assert (await losses(office, office.olga)).deals.ids.tolist() == [deal_id]


async def test_what_was_won_stands_beside_it_with_its_own_calls(office: Office) -> None:
    for number in range(10):
        deal_id = await office.deal(office.anna, 1)
        await ring(office, deal_id, number, "reached")
        await office.move(deal_id, WON)
    found = await losses(office, office.olga)
    assert (found.won.deals, found.won.tries, found.won.talks) == (10, 1, 1)


@pytest.mark.parametrize("seed", range(3))
async def test_every_mean_is_what_counting_the_calls_by_hand_gives(office: Office, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(14):
        owner = chance.choice([office.anna, office.boris])
        deal_id = await office.deal(owner, chance.randrange(4), source=chance.choice(["", "site"]))
        for minute in sorted(chance.sample(range(60), chance.randrange(5))):
            await ring(office, deal_id, minute, chance.choice(["missed", "tried", "reached", "answered"]))
        await office.move(deal_id, LOST)
    found = await losses(office, office.olga)
    rows = await office.database.read(lambda tx: tx.execute(select(calls)).all())
    for group in (group for dimension in Dimension for group in found.groups(dimension)):
        ids = set(group.ids.tolist())
        mine = [row for row in rows if row.deal_id in ids]
        if len(ids) >= 10:
            assert group.work.tries == pytest.approx(sum(row.direction == "out" for row in mine) / len(ids))
        else:
            assert group.work.tries is None
        talks = found.deals.works.talks[np.isin(found.deals.ids, group.ids)]
        assert talks.sum() == sum(row.answered_at is not None for row in mine)
    listed = (await office.reports.deals(office.olga.scope, found.deals.ids, Rows())).lines
    assert len(listed) == 14
