"""What a trigger does to a card; taking back what triggers and robots did beside moving it.

Nobody is there to be asked when a call moves a card: past a gate that only prompts it goes, and the move says
what was not confirmed; a binding gate leaves it where it is, and the history says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pbx_crm.db import advices, contact_edits, deal_notes, deals, tasks, voice_calls
from pbx_crm.db.deal_notes import DealEvent
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import TRIGGER, Deal, NewMove, NothingToUndo, before_move, seller
from pbx_crm.domain.person import THE_PROGRAM, Person
from pbx_crm.domain.task import NewTask
from pbx_crm.domain.trigger import Act, may_take_back
from pbx_crm.services import gates

ACTED = "trigger"


@dataclass(frozen=True, slots=True)
class Occasion:
    """What set rules off: a call, the card it concerns, and when."""

    deal_id: int
    call_id: int | None
    """None where the call log may not have it, as with a voice message."""
    call_key: str
    """`pbx/linkedid`; with the rule's id it makes every act one that is done once."""
    at: datetime
    due: Callable[[timedelta], datetime]
    """When a task is due that is to be done within so long, by the hours of the call's line."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What became of the card."""

    left_stage_id: int | None = None
    """Where it lay, if it was moved."""
    owner_id: int | None = None
    """Whose it is now, if it was handed over."""


def carry_out(tx: Transaction, occasion: Occasion, act: Act) -> Carried:
    """Does what the rule says; what it has done for this call before is not done again."""
    left = _move(tx, occasion, act) if act.to_stage is not None else None
    if act.priority is not None:
        _set_priority(tx, occasion, act)
    if act.owner_id is not None:
        _hand_over(tx, occasion, act, act.owner_id)
    if act.task_kind is not None:
        _set_task(tx, occasion, act)
    return Carried(left, act.owner_id)


def _move(tx: Transaction, occasion: Occasion, act: Act) -> int | None:
    deal = _lock(tx, occasion)
    if act.to_stage is None:
        return None
    passage = gates.judge(tx, deal, act.way, occasion.at)
    if passage.is_barred:
        _note(tx, occasion, act, {"id": "trigger_gate", "stage": act.to_stage.name})
        return None
    move = NewMove(
        act.to_stage,
        occasion.at,
        TRIGGER,
        request_key=_key(occasion, act),
        evidence={**_why(occasion, act), "before": before_move(deal), **passage.story()},
        loss_reason_id=act.trigger.loss_reason_id,
    )
    return deal.stage_id if deals.set_stage(tx, deal, move) is not None else None


def _set_priority(tx: Transaction, occasion: Occasion, act: Act) -> None:
    deal = _lock(tx, occasion)
    details = {"id": "trigger_priority", "was": deal.priority, "is": act.priority}
    if _note(tx, occasion, act, details):
        deals.set_fields(tx, deal, {"priority": act.priority}, occasion.at)


def _hand_over(tx: Transaction, occasion: Occasion, act: Act, owner_id: int) -> None:
    deal = _lock(tx, occasion)
    deals.set_owner(tx, deal, owner_id, occasion.at, TRIGGER, _why_owner(occasion, act))


def _set_task(tx: Transaction, occasion: Occasion, act: Act) -> None:
    deal = _lock(tx, occasion)
    if act.task_kind is None:
        return
    new = NewTask(
        act.task_kind,
        deal.owner_id,
        occasion.due(timedelta(minutes=act.trigger.task_minutes)),
        occasion.at,
        deal_id=deal.id,
        contact_id=deal.contact_id,
        call_id=occasion.call_id,
        cause=_key(occasion, act),
    )
    if tasks.add(tx, new) is not None:
        _note(tx, occasion, act, {"id": "trigger_task", "cause": new.cause})


def _note(tx: Transaction, occasion: Occasion, act: Act, details: Mapping[str, Any]) -> bool:
    """Whether the line of history is new: what was done before is not done again."""
    key = f"{_key(occasion, act)}:{details['id']}"
    told = {**details, **_why(occasion, act)}
    return deals.add_event_once(tx, occasion.deal_id, ACTED, occasion.at, told, key)


def _why(occasion: Occasion, act: Act) -> dict[str, Any]:
    return {"trigger": act.trigger.id, "name": act.trigger.name, "call": occasion.call_id}


def _why_owner(occasion: Occasion, act: Act) -> dict[str, Any]:
    return {"id": "trigger_owner", **_why(occasion, act)}


def _key(occasion: Occasion, act: Act) -> str:
    return f"trigger:{act.trigger.id}:{occasion.call_key}"


def _lock(tx: Transaction, occasion: Occasion) -> Deal:
    return deals.lock(tx, occasion.deal_id, THE_PROGRAM)


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
        case "trigger_priority" | "robot_priority" if deal.priority == told["is"]:
            deals.set_fields(tx, deal, {"priority": told["was"]}, now)
        case "trigger_owner" | "robot_owner" if deal.owner_id == told["to"]:
            deals.set_owner(tx, deal, told["from"], now, seller(viewer.id), {})
        case "trigger_task" | "robot_task":
            return tasks.drop_caused(tx, told["cause"])
        case "robot_voice":
            return voice_calls.call_off(tx, int(told["run"]), now)
        case "voice_opted_out":
            return contact_edits.lift_ban(tx, told["contact"])
        case "robot_advice" | "robot_head":
            return advices.drop_of_run(tx, told["run"], for_head=told["id"] == "robot_head")
        case _:
            return False
    return True
