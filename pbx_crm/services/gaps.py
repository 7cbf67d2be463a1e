"""What was not heard of a PBX: told in the call log until a record of the PBX fills it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pbx_crm.db import gaps
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


class GapCause(StrEnum):
    """Why nothing was heard."""

    LINK_LOST = "link_lost"
    PBX_RESTART = "pbx_restart"
    CRM_STOPPED = "crm_stopped"


class Gaps:
    """Notes gaps of the link, and those in which this program itself did not run."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def note(self, pbx: str, began: datetime, ended: datetime, *, pbx_restarted: bool) -> None:
        """Between these moments the link was down."""
        cause = GapCause.PBX_RESTART if pbx_restarted else GapCause.LINK_LOST
        if await self._database.write(gaps.note, pbx, began, ended, cause):
            self._live.tell_everybody({"calls"})

    async def began_listening(self, pbx: str) -> None:
        """The first link of this run stands: since the last run nothing was heard."""
        if await self._database.write(_since_last_run, pbx, self._clock()):
            self._live.tell_everybody({"calls"})

    async def heard(self, pbx: str) -> None:
        """Everything up to now was heard."""
        await self._database.write(gaps.heard, pbx, self._clock())


def _since_last_run(tx: Transaction, pbx: str, now: datetime) -> bool:
    before = gaps.last_heard(tx, pbx)
    gaps.heard(tx, pbx, now)
    return before is not None and gaps.note(tx, pbx, before, now, GapCause.CRM_STOPPED)
