"""Jobs: done once, by one process, however often asked; tried again if they fail, and given up in the end."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from pbx_crm.db import jobs as job_rows
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import jobs
from pbx_crm.domain.job import LEASE, PAUSES, STANDING_PAUSES, Job, NewJob, next_try
from pbx_crm.domain.webhook import NotDelivered
from pbx_crm.services.job_loop import AT_ONCE, JobLoop
from tests.builders import NOW
from tests.parts.scripted_ami import until
from tests.turned_clock import TurnedClock


class Worker:
    """Writes down what it was given to do; fails so often first."""

    def __init__(self, failures: int = 0, again: timedelta | None = None) -> None:
        self.done: list[str] = []
        self.failures = failures
        self.again = again

    async def work(self, job: Job) -> datetime | None:
        self.done.append(job.key)
        if len(self.done) <= self.failures:
            raise NotDelivered
        return NOW + self.again if self.again else None


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


async def wait_for(database: Database, *keys: str, hours: float = 0) -> None:
    for key in keys:
        new = NewJob("walk", key, NOW + timedelta(hours=hours), {"key": key})
        await database.write(job_rows.add, new)


async def rows(database: Database) -> list[dict[str, object]]:
    return await database.read(
        lambda tx: [dict(row) for row in tx.execute(jobs.select().order_by(jobs.c.id)).mappings()]
    )


async def test_a_job_waits_for_its_time_and_is_gone_when_it_is_done(
    database: Database, clock: TurnedClock
) -> None:
    worker = Worker()
    loop = JobLoop(database, clock, {"walk": worker.work})
    await wait_for(database, "later", hours=1)
    await wait_for(database, "now")
    assert await loop.run_due() == 1
    assert worker.done == ["now"]
    clock.go_on(timedelta(hours=1))
    assert await loop.run_due() == 1
    assert await loop.run_due() == 0
    assert await rows(database) == []


async def test_one_key_makes_one_job(database: Database, clock: TurnedClock) -> None:
    await wait_for(database, "twice", "twice")
    assert len(await rows(database)) == 1
    loop = JobLoop(database, clock, {})
    await loop.ensure("robots")
    await loop.ensure("robots")
    assert [row["key"] for row in await rows(database)] == ["twice", "robots"]


async def test_several_processes_do_every_job_once(database: Database, clock: TurnedClock) -> None:
    worker = Worker()
    loops = [JobLoop(database, clock, {"walk": worker.work}) for _ in range(4)]
    wanted = [f"job {number}" for number in range(3 * AT_ONCE)]
    await wait_for(database, *wanted)
    while await rows(database):
        await asyncio.gather(*(loop.run_due() for loop in loops))
    assert sorted(worker.done) == sorted(wanted)


async def test_a_process_that_dies_with_a_job_loses_it(database: Database, clock: TurnedClock) -> None:
    await wait_for(database, "left")
    (taken,) = await database.write(job_rows.take, clock(), AT_ONCE)
    worker = Worker()
    heir = JobLoop(database, clock, {"walk": worker.work})
    clock.go_on(LEASE)
    assert await heir.run_due() == 0
    clock.go_on(timedelta(seconds=1))
    assert await heir.run_due() == 1
    await database.write(job_rows.finish, taken, NOW)
    assert await rows(database) == [], "who comes back from the dead changes nothing"


async def test_a_job_that_fails_is_tried_again_ever_later_and_given_up(
    database: Database, clock: TurnedClock
) -> None:
    worker = Worker(failures=99)
    loop = JobLoop(database, clock, {"walk": worker.work})
    await wait_for(database, "hopeless")
    for pause in PAUSES:
        assert await loop.run_due() == 1
        assert await loop.run_due() == 0
        clock.go_on(pause)
    assert await loop.run_due() == 1
    clock.go_on(timedelta(days=30))
    assert await loop.run_due() == 0
    assert len(worker.done) == len(PAUSES) + 1
    (told,) = await database.read(job_rows.troubled, "walk")
    assert (str(told.failure), told.tries, told.again_at) == (str(NotDelivered()), len(PAUSES) + 1, None)


async def test_a_standing_job_comes_again_and_forgets_its_failures(
    database: Database, clock: TurnedClock
) -> None:
    worker = Worker(failures=1, again=timedelta(hours=2))
    loop = JobLoop(database, clock, {"robots": worker.work})
    await loop.ensure("robots")
    await loop.run_due()
    clock.go_on(PAUSES[0])
    await loop.run_due()
    (row,) = await rows(database)
    assert (row["due_at"], row["tries"], row["taken_until"]) == (NOW + timedelta(hours=2), 0, None)


async def test_a_standing_job_is_never_given_up(database: Database, clock: TurnedClock) -> None:
    worker = Worker(failures=20, again=timedelta(hours=2))
    loop = JobLoop(database, clock, {"robots": worker.work})
    await loop.ensure("robots")
    while len(worker.done) <= worker.failures:
        assert await loop.run_due() == 1
        clock.go_on(STANDING_PAUSES[-1])
    assert [
        one.again_at for one in await database.read(job_rows.troubled, "robots") if not one.again_at
    ] == []
    assert [(row["tries"], row["given_up_at"]) for row in await rows(database)] == [(0, None)]


async def test_a_standing_job_that_an_earlier_program_gave_up_stands_again(
    database: Database, clock: TurnedClock
) -> None:
    worker = Worker(again=timedelta(hours=2))
    loop = JobLoop(database, clock, {"robots": worker.work})
    await loop.ensure("robots")
    await database.write(lambda tx: tx.execute(jobs.update().values(given_up_at=NOW, tries=9)))
    clock.go_on(timedelta(days=3))
    await loop.ensure("robots")
    assert await loop.run_due() == 1
    assert worker.done == ["robots"]


async def test_a_kind_nobody_knows_fails_alone(database: Database, clock: TurnedClock) -> None:
    worker = Worker()
    loop = JobLoop(database, clock, {"walk": worker.work})
    await database.write(job_rows.add, NewJob("unknown", "unknown", NOW, {}))
    await wait_for(database, "known")
    await loop.run_due()
    assert worker.done == ["known"]
    assert [row["tries"] for row in await rows(database)] == [1]


async def test_the_loop_outlives_a_database_that_fails(database: Database, clock: TurnedClock) -> None:
    done = asyncio.Event()

    async def work(job: Job) -> None:
        done.set()

    class Shaky(JobLoop):
        """Its first three looks fail."""

        looks = 0

        async def run_due(self) -> int:
            self.looks += 1
            if self.looks <= 3:
                raise OSError("gone")
            return await super().run_due()

    await wait_for(database, "patient")
    loop = Shaky(database, clock, {"walk": work}, pause_seconds=0)
    with capture_logs() as told:
        running = asyncio.create_task(loop.run())
        await until(lambda: done.is_set() and len(told) > 1, 20)
        running.cancel()
        await asyncio.wait([running])
    assert loop.looks >= 4
    assert [line["log_level"] for line in told] == ["error", "info"], "said once, and once that it is over"


def test_the_pauses_grow_and_end() -> None:
    assert list(PAUSES) == sorted(PAUSES)
    fresh = Job(1, "walk", "a", {}, 0, NOW)
    assert next_try(fresh, NOW) == NOW + PAUSES[0]
    assert next_try(replace(fresh, tries=len(PAUSES)), NOW) is None
