"""Work for one instance alone: begun with the lease, ended with it, and never written past its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from pbx_crm.db import fencing, gaps
from pbx_crm.db.engine import Database
from pbx_crm.domain.errors import LeaseLost, StoreUnavailable
from pbx_crm.services import turn as turns
from pbx_crm.services.turn import Turn
from tests.company import later
from tests.parts.scripted_ami import until

NAME = "calls of office"
PATIENCE = 20.0
BROKEN = 13
"""The wish that no work survives."""


@dataclass
class HeldByWord:
    """A lease that is ours as long as the test says so."""

    ours: bool = True
    away: bool = False
    asked: int = 0
    released: int = 0

    def take(self) -> bool:
        """As the test says."""
        self.asked += 1
        if self.away:
            raise StoreUnavailable
        return self.ours

    def release(self) -> None:
        """Counted."""
        self.released += 1


@dataclass
class Listening:
    """Work that writes when it is asked to."""

    database: Database
    wishes: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    refused: list[int] = field(default_factory=list)

    async def run(self) -> None:
        """Writes each wish."""
        while (minute := await self.wishes.get()) >= 0:
            if minute == BROKEN:
                raise LookupError("a fault of ours")
            try:
                await self.database.write(gaps.heard, "office", later(minutes=minute))
            except LeaseLost:
                self.refused.append(minute)
            self.wishes.task_done()
        self.ended.set()

    async def stop(self) -> None:
        """The last wish."""
        self.wishes.put_nowait(-1)


@dataclass
class Shift:
    """A turn, its lease, and the works it began."""

    database: Database
    lease: HeldByWord = field(default_factory=HeldByWord)
    works: list[Listening] = field(default_factory=list)
    waited: int = 0

    def begin(self) -> Listening:
        """One more work."""
        self.works.append(Listening(self.database))
        return self.works[-1]

    def wait(self) -> None:
        """Told that another instance has the lease."""
        self.waited += 1

    async def heard(self) -> object:
        """What the works have written."""
        return await self.database.read(gaps.last_heard, "office")


@pytest.fixture
async def shift(database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Shift]:
    """A turn that asks for its lease all the time."""
    monkeypatch.setattr(turns, "ASK_EVERY_SECONDS", 0.01)
    made = Shift(database)
    turn = Turn(NAME, database, made.lease, made.begin, on_wait=made.wait)
    running = asyncio.create_task(turn.run())
    yield made
    await turn.stop()
    await running


async def works(shift: Shift, count: int) -> Listening:
    """The work of that number, once it has begun."""
    await until(lambda: len(shift.works) == count, PATIENCE)
    return shift.works[-1]


async def test_the_work_begins_with_the_lease_and_ends_with_it(shift: Shift) -> None:
    work = await works(shift, 1)
    shift.lease.ours = False
    await work.ended.wait()
    await until(lambda: shift.waited == 1, PATIENCE)
    shift.lease.ours = True
    assert await works(shift, 2) is not work


async def test_work_that_dies_is_begun_anew(shift: Shift) -> None:
    work = await works(shift, 1)
    work.wishes.put_nowait(BROKEN)
    heir = await works(shift, 2)
    await wished(heir, 1)
    assert await shift.heard() == later(minutes=1)


async def test_a_claim_of_another_instance_ends_it_even_if_the_lease_seems_ours(shift: Shift) -> None:
    work = await works(shift, 1)
    await shift.database.write(fencing.claim, NAME)
    await work.ended.wait()
    await until(lambda: shift.lease.released >= 1, PATIENCE)
    await works(shift, 2)


async def test_between_losing_it_and_noticing_nothing_is_written(shift: Shift) -> None:
    work = await works(shift, 1)
    await wished(work, 1)
    assert await shift.heard() == later(minutes=1)
    await notices_nothing(shift)
    await shift.database.write(fencing.claim, NAME)
    await wished(work, 2)
    assert work.refused == [2]
    assert await shift.heard() == later(minutes=1)


async def wished(work: Listening, minute: int) -> None:
    """Has the work write this."""
    work.wishes.put_nowait(minute)
    await work.wishes.join()


async def notices_nothing(shift: Shift) -> None:
    """The turn cannot ask from now on, as that of a process that has only just gone on."""
    shift.lease.away = True
    asked = shift.lease.asked
    await until(lambda: shift.lease.asked > asked + 1, PATIENCE)


async def test_a_database_that_is_away_ends_no_work_and_begins_none(shift: Shift) -> None:
    work = await works(shift, 1)
    await notices_nothing(shift)
    await wished(work, 1)
    assert not work.ended.is_set()
    assert len(shift.works) == 1
