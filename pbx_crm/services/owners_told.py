"""Telling a colleague that their client is on the phone here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.db import calls, clients, deals, tasks
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.not_client import NobodyToTell
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class _Told:
    owner_id: int
    deal_id: int | None


class OwnersTold:
    """One click gives the client's seller a call to make, and a line in the card's history."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def tell(self, viewer: Person, call_id: int) -> None:
        """The owner has a call back to make, once a call; NobodyToTell of a client of one's own."""
        told = await self._database.write(_tell, viewer, call_id, self._clock())
        topics = {"tasks"} if told.deal_id is None else {"tasks", f"deal-{told.deal_id}"}
        self._live.tell(topics, {told.owner_id})
        self._live.tell({"call"}, {viewer.id})


def cause_of(call_id: int) -> str:
    """Names the task that telling of this call leads to."""
    return f"told:{call_id}"


def _tell(tx: Transaction, viewer: Person, call_id: int, now: datetime) -> _Told:
    call = calls.get(tx, call_id, viewer.scope)
    contact_id = call["contact_id"]
    client = clients.behind(tx, [contact_id], viewer.scope).get(contact_id) if contact_id else None
    owner = clients.owner_of(tx, contact_id) if client is not None and client.is_foreign else None
    if owner is None:
        raise NobodyToTell(call_id=call_id)
    new = NewTask(
        TaskKind.CALL,
        owner.person_id,
        now,
        now,
        deal_id=owner.deal_id,
        contact_id=contact_id,
        call_id=call_id,
        cause=cause_of(call_id),
    )
    if tasks.add(tx, new) is not None and owner.deal_id is not None:
        details = {"id": "told_owner", "by": viewer.name, "call": call_id}
        deals.add_event(tx, owner.deal_id, "told", now, viewer.id, details)
    return _Told(owner.person_id, owner.deal_id)
