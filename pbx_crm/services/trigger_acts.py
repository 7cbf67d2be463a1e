"""Taking back what a trigger did to a card beside moving it; a move is taken back as any other."""

from __future__ import annotations

from datetime import datetime

from pbx_crm.db import deal_notes, deals, tasks
from pbx_crm.db.deal_notes import DealEvent
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Deal, NothingToUndo, seller
from pbx_crm.domain.person import Person
from pbx_crm.domain.trigger import may_take_back


def take_back(tx: Transaction, viewer: Person, deal_id: int, event_id: int, now: datetime) -> Deal:
    """The deal as it was before that; NothingToUndo if somebody has changed it since, NotFound."""
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
