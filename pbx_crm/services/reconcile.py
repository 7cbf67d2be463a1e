"""Nothing is lost while the CRM is deaf or down: what the PBX wrote down meanwhile is read and taken in.

Runs at the start, after every reconnect and on a schedule. The place in the PBX's records moves on only
after what stood before it is stored; whatever is read twice for that reason changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from pbx_crm.db import gaps, record_places
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Call
from pbx_crm.domain.voice_call import VoiceWord
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

log = logging.getLogger(__name__)

Place = Mapping[str, Any]

RIPE_AFTER = timedelta(seconds=30)
"""Younger rows wait: their calls are still being told by AMI."""


class Written(Protocol):
    """A stretch of the PBX's records."""

    @property
    def calls(self) -> Sequence[Call]:
        """Those that have ended."""

    @property
    def following(self) -> Place:
        """Where the next reading begins."""

    @property
    def going_on_since(self) -> datetime | None:
        """When the oldest call began that has not ended."""

    @property
    def whole(self) -> bool:
        """Whether there was no more to read."""

    @property
    def broken(self) -> Mapping[str, int]:
        """What was wrong with rows left out → how often."""

    @property
    def rows(self) -> int:
        """How many were read for it."""

    @property
    def voice_words(self) -> Sequence[VoiceWord]:
        """What the dialplan wrote down of robots' calls."""


class Records(Protocol):
    """What one PBX writes down. Its methods block and may raise RecordsUnreadable."""

    @property
    def tells_what_lives(self) -> bool:
        """Whether an end told here is the call's end; CEL's is, CDR has rows of calls that go on."""

    def end(self) -> Place:
        """The place from which only what is still to come is read."""

    def read(self, place: Place, before: datetime) -> Written:
        """The calls from there on, by rows older than `before`."""


class Hearing(Protocol):
    """Who wants to know what became of robots' calls."""

    async def reported(self, pbx: str, channel_id: str, said: str) -> bool:
        """Takes it in; whether that call is known here. Told twice it changes nothing."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a run came to."""

    found: int = 0
    """Calls stored that were unknown, or known only in part."""
    filled: int = 0
    """Gaps that are none any more."""


class Reconcile:
    """Brings the calls on record up to what the PBX wrote down."""

    def __init__(
        self,
        database: Database,
        intake: CallIntake,
        live: LiveFeed,
        clock: Clock,
        voice: Hearing | None = None,
    ) -> None:
        """`voice` is told what the dialplan wrote of robots' calls; None where no robot calls."""
        self._database = database
        self._intake = intake
        self._voice = voice
        self._live = live
        self._clock = clock

    async def run(self, pbx: str, records: Records) -> Reconciled:
        """Reads on from where the last run stopped; the very first one only notes where the end is."""
        place = await self._database.read(record_places.get, pbx)
        if place is None:
            end = await asyncio.to_thread(records.end)
            await self._database.write(record_places.keep, pbx, end, self._clock())
            return Reconciled()
        found, whole, filled = 0, False, 0
        while not whole:
            before = self._clock() - RIPE_AFTER
            written = await asyncio.to_thread(records.read, place, before)
            for reason, times in written.broken.items():
                log.warning("Records of %s: %d rows left out: %s", pbx, times, reason)
            found += await self._intake.take_written(pbx, written.calls, even_open=records.tells_what_lives)
            await self._tell_voice(pbx, written.voice_words)
            until = None if not written.whole else written.going_on_since or before
            filled += await self._database.write(_move_on, pbx, written.following, until, self._clock())
            whole = written.whole or written.following == place
            place = written.following
        return self._told(pbx, Reconciled(found, filled))

    async def _tell_voice(self, pbx: str, words: Sequence[VoiceWord]) -> None:
        if self._voice is not None:
            for word in words:
                await self._voice.reported(pbx, word.channel_id, word.said)

    def _told(self, pbx: str, came_to: Reconciled) -> Reconciled:
        if came_to.found:
            log.info("Records of %s: %d calls taken in that were not heard whole", pbx, came_to.found)
        if came_to.found or came_to.filled:
            self._live.tell_everybody({"calls"})
        return came_to


def _move_on(tx: Transaction, pbx: str, place: Place, until: datetime | None, now: datetime) -> int:
    record_places.keep(tx, pbx, place, now)
    return gaps.fill(tx, pbx, until, now) if until is not None else 0
