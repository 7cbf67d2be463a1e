"""Whether what the program stands on still holds."""

from __future__ import annotations

import asyncio
import logging

from pbx_crm.db import people
from pbx_crm.db.engine import Database

log = logging.getLogger(__name__)

# A watcher asks every few seconds; a database that takes longer is as good as gone for people too.
PATIENCE_SECONDS = 3.0


class Health:
    """Answers a watcher's question by asking for real."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._answered = True

    async def database_answers(self) -> bool:
        """Whether a read comes back in time."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._database.read(people.anybody)
        except Exception:
            # Whatever kept the answer away, it is the same to a probe; said once, for probes come often.
            if self._answered:
                log.exception("the database does not answer a probe")
            self._answered = False
            return False
        self._answered = True
        return True

    def database_takes_changes(self) -> bool:
        """Whether the last write was stored; the call loops write every few seconds."""
        return self._database.takes_changes
