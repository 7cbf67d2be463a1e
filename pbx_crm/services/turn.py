"""Work that only one instance of the program may do at a time, done by whichever has the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from pbx_crm.db import fencing
from pbx_crm.db.engine import Database
from pbx_crm.db.fencing import Fence
from pbx_crm.db.leases import Lease
from pbx_crm.domain.errors import StoreUnavailable

log = logging.getLogger(__name__)

ASK_EVERY_SECONDS = 3.0
STOP_SECONDS = 10.0
"""What was heard is stored before the end; a database that takes longer than this is stuck."""


class Work(Protocol):
    """What is done while it is this instance's turn."""

    async def run(self) -> None:
        """Works until `stop()`."""

    async def stop(self) -> None:
        """Ends the work; `run` returns once all is stored."""


class Turn:
    """Runs the work whenever the lease is ours, and lets it rest while another instance has it.

    Work that dies of a fault of ours is begun anew: better a call lost than all that follow.
    All that the work writes is written behind a fence: an instance that was stopped, and goes on after
    another took over, cannot write before it has noticed.
    """

    def __init__(
        self,
        name: str,
        database: Database,
        lease: Lease,
        make: Callable[[], Work],
        *,
        on_wait: Callable[[], None] = lambda: None,
    ) -> None:
        """`make` gives the work afresh for every turn; `on_wait` is told that another has the lease."""
        self._name = name
        self._database = database
        self._lease = lease
        self._make = make
        self._on_wait = on_wait
        self._stopped = asyncio.Event()
        self._fence: Fence | None = None
        self._work: Work | None = None
        self._running: asyncio.Task[None] | None = None
        self._waits = False

    async def run(self) -> None:
        """Asks for the lease until `stop()`."""
        try:
            while not self._stopped.is_set():
                await self._follow(await self._is_ours())
                try:
                    await asyncio.wait_for(self._stopped.wait(), ASK_EVERY_SECONDS)
                except TimeoutError:
                    continue
        finally:
            await self._rest()
            await asyncio.to_thread(self._lease.release)

    async def stop(self) -> None:
        """Has the work end and the lease given back."""
        self._stopped.set()

    async def _is_ours(self) -> bool:
        try:
            ours = await asyncio.to_thread(self._lease.take)
            if ours and self._fence is not None and not await self._fence_stands(self._fence):
                await asyncio.to_thread(self._lease.release)
                return False
        except StoreUnavailable:
            return self._work is not None  # nobody can take over while the database is away
        return ours

    async def _fence_stands(self, fence: Fence) -> bool:
        return await self._database.read(fencing.stands, fence)

    async def _follow(self, ours: bool) -> None:
        if ours and self._running is not None and self._running.done():
            await self._rest()
        if ours and self._work is None:
            await self._begin()
        elif not ours:
            if self._work is not None:
                log.warning("%s: another instance has taken over", self._name)
            await self._rest()
            if not self._waits:
                log.info("%s: another instance does it; waiting", self._name)
                self._on_wait()
            self._waits = True

    async def _begin(self) -> None:
        try:
            self._fence = await self._database.write(fencing.claim, self._name)
        except StoreUnavailable:
            return  # asked again in a moment
        if self._waits:
            log.warning("%s: taken over from another instance", self._name)
        self._waits = False
        with fencing.behind(self._fence):
            self._work = self._make()
            self._running = asyncio.create_task(self._work.run(), name=self._name)
        self._running.add_done_callback(self._say_if_it_died)

    async def _rest(self) -> None:
        work, running, fence = self._work, self._running, self._fence
        self._work = self._running = self._fence = None
        if work is not None and running is not None:
            with fencing.behind(fence):
                await work.stop()
            await asyncio.wait([running], timeout=STOP_SECONDS)

    def _say_if_it_died(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("%s died and is begun anew", self._name, exc_info=error)
