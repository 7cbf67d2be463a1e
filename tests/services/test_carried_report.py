"""The board as it lay on a day gone by: the moves tell what somebody saw who stood before it then."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import deals, stages
from pbx_crm.domain.carried_report import CarriedReport, Fate
from pbx_crm.domain.deal import NothingToUndo
from pbx_crm.domain.deal_list import Rows
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from tests.builders import NOW
from tests.services.test_funnel_reports import Office

HOUR = timedelta(hours=1)
WON, LOST = 4, 5
"""Places in the funnel of the presets' first."""
Seen = dict[int, tuple[int, str]]
"""Stage and its kind by deal."""


def _look(tx: Transaction) -> Seen:
    query = select(deals.c.id, stages.c.id, stages.c.kind).join(stages, stages.c.id == deals.c.stage_id)
    return {deal_id: (stage_id, kind) for deal_id, stage_id, kind in tx.execute(query)}


class Photos(Office):
    """An office where somebody takes a picture of the board every hour."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.seen: dict[datetime, Seen] = {}

    async def take(self) -> datetime:
        """A picture, an hour after the last one."""
        self.clock.go_on(HOUR)
        at = self.clock()
        self.seen[at] = await self.database.read(_look)
        self.clock.go_on(HOUR)
        return at

    async def carried(
        self, since: datetime, until: datetime, viewer: Person | None = None, **slices: int
    ) -> CarriedReport:
        """What lay open at the first moment, and its fate at the second."""
        wanted = ReportFilter(Span(since, until), **slices)  # type: ignore[arg-type]
        found = await self.reports.carried((viewer or self.olga).scope, wanted)
        assert found is not None
        return found

    def by_eye(self, since: datetime, until: datetime) -> Counter[tuple[int, Fate]]:
        """The same, told from two pictures."""
        ends = {"won": Fate.WON, "lost": Fate.LOST}
        found: Counter[tuple[int, Fate]] = Counter()
        for deal_id, (stage_id, kind) in self.seen[since].items():
            if kind not in ends:
                now_in, now_kind = self.seen[until][deal_id]
                still = Fate.STILL if now_in == stage_id else Fate.MOVED
                found[stage_id, ends.get(now_kind, still)] += 1
        return found


@pytest.fixture
def office(database: Database) -> Photos:
    return Photos(database)


@pytest.mark.parametrize("seed", [1, 2])
async def test_any_two_pictures_of_the_board_are_told_again_from_the_moves(office: Photos, seed: int) -> None:
    chance, ids, undoable = random.Random(seed), list[int](), list[tuple[int, int]]()
    for _ in range(12):
        ids.append(await office.deal(office.anna, stage=chance.randrange(4), at=office.clock()))
        for deal_id in chance.sample(ids, min(3, len(ids))):
            office.clock.go_on(timedelta(minutes=5))
            stage = chance.randrange(6)
            if (await office.deals.get(office.olga, deal_id)).stage_id != office.funnel.stages[stage].id:
                undoable.append((deal_id, await office.move(deal_id, stage)))
        if undoable and chance.random() < 0.5:
            deal_id, move_id = undoable.pop()
            try:
                await office.moving.undo(office.olga, deal_id, move_id, f"undo-{move_id}")
            except NothingToUndo:
                continue
        await office.take()

    moments = list(office.seen)
    for since, until in zip(moments, [*moments[3:], *moments[-1:] * 3], strict=True):
        assert dict((await office.carried(since, until)).counts) == office.by_eye(since, until)


async def test_each_fate_is_told_apart_and_opens_its_deals(office: Photos) -> None:
    still, moved, won, lost = [await office.deal(office.anna, stage=1, at=office.clock()) for _ in range(4)]
    began = await office.take()
    await office.move(moved, 2)
    await office.move(won, WON)
    await office.move(lost, LOST)
    ended = await office.take()

    found = await office.carried(began, ended)
    wanted = ReportFilter(Span(began, ended))
    opened = {
        fate: [
            line.id
            for line in (
                await office.reports.carried_deals(
                    office.olga.scope, wanted, office.funnel, office.funnel.stages[1].id, fate, Rows()
                )
            ).lines
        ]
        for fate in Fate
    }

    assert opened == {Fate.STILL: [still], Fate.MOVED: [moved], Fate.WON: [won], Fate.LOST: [lost]}
    assert found.total.fates == dict.fromkeys(Fate, 1)
    assert (found.total.lay, found.total.won_share) == (4, None), "four deals are too few for a percentage"


async def test_what_was_made_or_closed_before_or_after_is_not_in_it(office: Photos) -> None:
    closed = await office.deal(office.anna, stage=1, at=office.clock())
    await office.move(closed, LOST)
    began = await office.take()
    await office.deal(office.anna, stage=1, at=office.clock())
    ended = await office.take()

    assert (await office.carried(began, ended)).counts == {}


async def test_a_deal_reopened_since_was_closed_then(office: Photos) -> None:
    deal_id = await office.deal(office.anna, stage=1, at=office.clock())
    await office.move(deal_id, LOST)
    began = await office.take()
    await office.move(deal_id, 2)
    ended = await office.take()

    assert (await office.carried(began, ended)).counts == {}


async def test_a_time_that_is_not_over_ends_now(office: Photos) -> None:
    deal_id = await office.deal(office.anna, stage=1, at=office.clock())
    began = await office.take()
    await office.move(deal_id, WON)

    found = await office.carried(began, office.clock() + timedelta(days=99))

    assert found.counts == {(office.funnel.stages[1].id, Fate.WON): 1}


async def test_a_seller_is_told_of_their_own_deals_and_slices_narrow_it(office: Photos) -> None:
    await office.deal(office.anna, stage=1, at=NOW)
    await office.deal(office.boris, stage=1, at=NOW)
    began = await office.take()
    ended = await office.take()

    assert (await office.carried(began, ended, office.boris)).total.lay == 1
    assert (await office.carried(began, ended, person_id=office.anna.id)).total.lay == 1
    assert (await office.carried(began, ended)).total.lay == 2


async def test_the_table_has_every_stage_also_an_empty_one(office: Photos) -> None:
    await office.deal(office.anna, stage=1, at=NOW)
    began = await office.take()

    table = (await office.carried(began, await office.take())).table()

    assert table.columns == ("stage", "lay", "still", "moved", "won", "lost")
    assert [row[1] for row in table.rows] == [0, 1, 0, 0]
