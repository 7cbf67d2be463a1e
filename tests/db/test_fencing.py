"""Who lost their turn writes nothing more, and learns that; everybody else writes as ever."""

from __future__ import annotations

import asyncio

import pytest

from pbx_crm.db import fencing, gaps
from pbx_crm.db.engine import Database
from pbx_crm.domain.errors import LeaseLost
from tests.builders import NOW
from tests.company import later

WORK = "calls of office"


async def hear(database: Database, minutes: int) -> None:
    """What only the listener writes."""
    await database.write(gaps.heard, "office", later(minutes=minutes))


async def test_the_latest_claim_writes_and_the_one_before_writes_nothing(database: Database) -> None:
    first = await database.write(fencing.claim, WORK)
    second = await database.write(fencing.claim, WORK)
    with fencing.behind(first), pytest.raises(LeaseLost):
        await hear(database, 1)
    assert await database.read(gaps.last_heard, "office") is None
    with fencing.behind(second):
        await hear(database, 2)
    assert await database.read(gaps.last_heard, "office") == later(minutes=2)
    assert not await database.read(fencing.stands, first)


async def test_a_claim_to_other_work_takes_nothing_away(database: Database) -> None:
    ours = await database.write(fencing.claim, WORK)
    await database.write(fencing.claim, "calls of branch")
    with fencing.behind(ours):
        await hear(database, 1)
    assert await database.read(gaps.last_heard, "office") == later(minutes=1)


async def test_what_anybody_may_do_needs_no_claim(database: Database) -> None:
    await database.write(fencing.claim, WORK)
    await hear(database, 1)
    assert await database.read(gaps.last_heard, "office") == later(minutes=1)


async def test_tasks_of_the_work_write_behind_its_fence_and_others_do_not(database: Database) -> None:
    lost = await database.write(fencing.claim, WORK)
    await database.write(fencing.claim, WORK)
    with fencing.behind(lost):
        inside = asyncio.create_task(hear(database, 1))
    outside = asyncio.create_task(hear(database, 2))
    told = await asyncio.gather(inside, outside, return_exceptions=True)
    assert [type(one) for one in told] == [LeaseLost, type(None)]


async def test_a_refused_write_does_not_hold_up_those_beside_it(database: Database) -> None:
    lost = await database.write(fencing.claim, WORK)
    await database.write(fencing.claim, WORK)
    with fencing.behind(lost):
        refused = [asyncio.create_task(hear(database, minute)) for minute in range(20)]
    kept = [
        asyncio.create_task(database.write(gaps.note, "office", later(minutes=minute), NOW, "x"))
        for minute in range(20)
    ]
    told = await asyncio.gather(*refused, return_exceptions=True)
    assert {type(one) for one in told} == {LeaseLost}
    assert await asyncio.gather(*kept) == [True] * 20
    assert database.takes_changes, "a lost turn is no fault of the disk"
