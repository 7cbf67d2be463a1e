"""Taking back what a trigger did to a card beside moving it; a move is taken back as any other."""

from __future__ import annotations

from datetime import datetime

from pbx_crm.db import deal_notes, deals, tasks
from pbx_crm.db.deal_notes import DealEvent
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import Deal, NothingToUndo, seller
from pbx_crm.domain.person import Person
from pbx_crm.domain.trigger import may_take_back
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


class TriggerActs:
    """The acts of triggers on one card."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def take_back(self, viewer: Person, deal_id: int, event_id: int) -> None:
        """Priority, owner or task as before; NothingToUndo if somebody has changed that since."""
        before = await self._database.write(_take_back, viewer, deal_id, event_id, self._clock())
        topics = {f"deal-{before.id}", f"stage-{before.stage_id}", "tasks"}
        self._live.tell(topics, {before.owner_id})


def _take_back(tx: Transaction, viewer: Person, deal_id: int, event_id: int, now: datetime) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    event = deal_notes.lock_event(tx, deal_id, event_id)
    if not may_take_back(event.details) or not _restore(tx, deal, event, viewer, now):
        raise NothingToUndo(deal_id=deal_id)
    deal_notes.mark_taken_back(tx, event)
    return deal


def _restore(tx: Transaction, deal: Deal, event: DealEvent, viewer: Person, now: datetime) -> bool:
    """Whether things still were as the trigger had left them, and are now as before it."""
    told = event.details
    match told["id"]:
        case "trigger_priority" if deal.priority == told["is"]:
            deals.set_fields(tx, deal, {"priority": told["was"]}, now)
        case "trigger_owner" if deal.owner_id == told["to"]:
            deals.set_owner(tx, deal, told["from"], now, seller(viewer.id), {})
        case "trigger_task":
            return tasks.drop_caused(tx, told["cause"])
        case _:
            return False
    return True
