"""The doctor's look at recordings: the folder, and whether calls of the last days are found in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from pbx_crm.db import recordings
from pbx_crm.db.engine import Database
from pbx_crm.domain.finding import Finding
from pbx_crm.domain.recording import RecordedCall
from pbx_crm.domain.recording_checkup import RecordedLately, RootSeen, judge_root, judge_unset
from pbx_crm.services.clock import Clock

LATELY = timedelta(days=14)
MOST_CALLS = 20
STILL_WRITTEN = timedelta(minutes=2)
"""So long after the end of a call its file may still be moved or converted by the PBX."""


class Root(Protocol):
    """A folder of recordings. Its methods block."""

    def find(self, call: RecordedCall) -> Path | None:
        """The call's file."""

    def seen(self, now: datetime, days: int) -> RootSeen:
        """The folder, and the endings of files of so many days."""


class RecordingRounds:
    """Looks at every PBX's recordings."""

    def __init__(
        self, database: Database, clock: Clock, pbxes: Iterable[str], roots: Mapping[str, Root]
    ) -> None:
        self._database = database
        self._clock = clock
        self._pbxes = tuple(pbxes)
        self._roots = roots

    async def look(self) -> list[Finding]:
        """All findings, each with its PBX."""
        return [replace(one, where=pbx) for pbx in self._pbxes for one in await self._look_at(pbx)]

    async def _look_at(self, pbx: str) -> list[Finding]:
        now = self._clock()
        span = (now - LATELY, now - STILL_WRITTEN)
        calls = await self._database.read(recordings.lately, pbx, *span, MOST_CALLS)
        root = self._roots.get(pbx)
        if root is None:
            return judge_unset(RecordedLately(len(calls), 0))
        deletes = await self._database.read(recordings.any_limit, pbx)
        seen = await asyncio.to_thread(root.seen, now, LATELY.days)
        files = await asyncio.to_thread(lambda: [root.find(call) for call in calls])
        lately = RecordedLately(len(calls), sum(file is not None for file in files), deletes)
        return judge_root(seen, lately)
