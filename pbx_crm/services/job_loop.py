"""Work that waits for its time: taken when due, by one process at a time, tried again if it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import structlog

from pbx_crm.db import jobs
from pbx_crm.db.engine import Database
from pbx_crm.domain.job import Failure, Job
from pbx_crm.services.clock import Clock

log = structlog.get_logger(__name__)

Work = Callable[[Job], Awaitable[datetime | None]]
"""Does a job; says when it is to be done again, None for not at all. An error means another try later."""
AT_ONCE = 5
PAUSE_SECONDS = 5.0


class JobLoop:
    """The loop of one process; any number of them may share a database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        works: Mapping[str, Work],
        pause_seconds: float | None = None,
    ) -> None:
        """`works` tells how each kind of job is done; it looks for more after each pause."""
        self._pause_seconds = PAUSE_SECONDS if pause_seconds is None else pause_seconds
        self._database = database
        self._clock = clock
        self._works = works

    async def ensure(self, kind: str) -> None:
        """There is one standing job of this kind, due at once if it is new or was given up."""
        await self._database.write(jobs.stand, kind, self._clock())

    async def run_due(self) -> int:
        """Does what is due now, some of it at once; how many jobs that were."""
        taken = await self._database.write(jobs.take, self._clock(), AT_ONCE)
        await asyncio.gather(*(self._do(job) for job in taken))
        return len(taken)

    async def run(self) -> None:
        """Works until it is cancelled; a database that fails now and then does not end it."""
        is_failing = False
        while True:
            try:
                done = await self.run_due()
            except Exception as error:
                if not is_failing:
                    log.error("jobs cannot be looked for; trying again", error=str(error))
                is_failing, done = True, 0
            else:
                if is_failing:
                    log.info("jobs can be looked for again")
                is_failing = False
            await asyncio.sleep(0 if done == AT_ONCE else self._pause_seconds)

    async def _do(self, job: Job) -> None:
        try:
            again_at = await self._works[job.kind](job)
        except Exception as error:
            failure = Failure.of(error)
            gone = await self._database.write(jobs.fail, job, failure, self._clock())
            log.warning("a job failed", kind=job.kind, key=job.key, given_up=gone, error=str(failure))
            return
        await self._database.write(jobs.finish, job, again_at)
