"""Erasing a client for good: the recordings on the disk first, then every trace in the database."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from pbx_crm.db import audit, contact_edits, erasure
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.erasure import ClientTrace, Erased, LeftRecording, OnThePhone, RecordingsLeft
from pbx_crm.domain.person import Person, require_head
from pbx_crm.services.ground import Ground
from pbx_crm.services.recordings import Recordings

SweepFiles = Callable[[], Awaitable[object]]
"""Takes files from the disk that no deal has any more."""


class Erasure:
    """For heads. Nothing brings a client back: neither the bin nor an undo."""

    def __init__(self, ground: Ground, recordings: Recordings, sweep_files: SweepFiles) -> None:
        self._ground = ground
        self._recordings = recordings
        self._sweep_files = sweep_files

    async def look(self, viewer: Person, contact_id: int) -> ClientTrace:
        """What would go; NotFound, NotAllowed for whoever is no head."""
        return await self._ground.database.read(_trace, viewer, contact_id)

    async def erase(self, viewer: Person, contact_id: int, *, even_if_left: bool) -> Erased:
        """Nobody knows this client any more; OnThePhone.

        Where a recording cannot be deleted RecordingsLeft names it and the client stays, unless
        `even_if_left`: then they are named in the answer, once, for no one can find them afterwards.
        """
        found = await self.look(viewer, contact_id)
        if found.is_on_the_phone:
            raise OnThePhone(contact_id=contact_id)
        removed, left = await self._recordings.erase(viewer, found.recorded)
        if left and not even_if_left:
            raise RecordingsLeft(left)
        now = self._ground.clock()
        gone = await self._ground.database.write(_erase, viewer, contact_id, removed, left, now)
        await self._sweep_files()
        self._ground.live.tell_everybody({"calls", "call", "tasks", *(f"deal-{one}" for one in gone.deals)})
        return Erased(len(gone.calls), len(gone.deals), removed, left)


def _trace(tx: Transaction, viewer: Person, contact_id: int) -> ClientTrace:
    require_head(viewer)
    contact_edits.lock(tx, contact_id, viewer.scope)
    return erasure.trace(tx, contact_id)


def _erase(
    tx: Transaction,
    viewer: Person,
    contact_id: int,
    removed: int,
    left: tuple[LeftRecording, ...],
    now: datetime,
) -> ClientTrace:
    contact_edits.lock(tx, contact_id, viewer.scope)
    gone = erasure.trace(tx, contact_id)
    if gone.is_on_the_phone:
        raise OnThePhone(contact_id=contact_id)
    erasure.erase(tx, gone)
    told = {"calls": len(gone.calls), "deals": len(gone.deals), "recordings": removed}
    told_left = {"left": [one.call_id for one in left]} if left else {}
    audit.note(tx, now, viewer.id, "client erased", f"contact {contact_id}", details={**told, **told_left})
    return gone
