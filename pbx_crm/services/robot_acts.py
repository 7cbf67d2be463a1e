"""What a robot does to one card, each act with a line of history that names it and its reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pbx_crm.db import (
    advices,
    callers,
    deals,
    jobs,
    people,
    robot_runs,
    rotas,
    tasks,
    voice_calls,
    voice_messages,
)
from pbx_crm.db.engine import Transaction
from pbx_crm.db.voice_calls import NewVoiceCall
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.job import NewJob
from pbx_crm.domain.person import THE_PROGRAM
from pbx_crm.domain.robot import CAUSE, ROBOT, SETTLING, DueCard, Heir, Occasion, Robot, Watch, next_owner
from pbx_crm.domain.task import NewTask
from pbx_crm.domain.voice_call import Why
from pbx_crm.domain.working_time import WorkingTime
from pbx_crm.services import voice_ends

ACTED = "robot"
WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Acting:
    """A robot that acts on a card for a certain reason."""

    watch: Watch
    card: DueCard
    run_id: int
    now: datetime
    time: WorkingTime
    """Of those who answer the card's line."""

    @property
    def robot(self) -> Robot:
        """The robot."""
        return self.watch.robot

    @property
    def why(self) -> dict[str, Any]:
        """Who did it and for what reason, for the card's history."""
        robot = self.robot
        reason = {"step": f"robot_{robot.occasion}", "hours": self.watch.hours, "day": self.card.key}
        return {"robot": robot.id, "name": robot.name, "run": self.run_id, **reason}


def carry_out(tx: Transaction, acting: Acting, deal: Deal) -> Deal:
    """Does all that the robot says; the card as it is afterwards."""
    robot = acting.robot
    if robot.heir is not None:
        deal = _hand_over(tx, acting, deal, robot.heir)
    if robot.priority is not None and robot.priority is not deal.priority:
        _note(tx, acting, deal, "priority", {"was": deal.priority, "is": robot.priority})
        # What a robot does is no sign of life: a card that lies idle goes on lying idle.
        deals.set_fields(tx, deal, {"priority": robot.priority}, deal.active_at)
        deal = deals.lock(tx, deal.id, THE_PROGRAM)
    if robot.task_kind is not None:
        _set_task(tx, acting, deal)
    for for_head, is_wanted in ((False, bool(robot.advice)), (True, robot.tells_head)):
        if is_wanted:
            _advise(tx, acting, deal, for_head=for_head)
    if robot.webhook_url:
        _send(tx, acting, deal)
    if robot.voice_id is not None:
        _have_called(tx, acting, deal, robot.voice_id)
    return deal


def _hand_over(tx: Transaction, acting: Acting, deal: Deal, heir: Heir) -> Deal:
    owner_id = _heir(tx, acting, deal, heir)
    if owner_id is None or owner_id == deal.owner_id:
        return deal
    deals.set_owner(tx, deal, owner_id, acting.now, ROBOT, {"id": "robot_owner", **acting.why})
    return deals.lock(tx, deal.id, THE_PROGRAM)


def _heir(tx: Transaction, acting: Acting, deal: Deal, heir: Heir) -> int | None:
    if heir is Heir.RESPONSIBLE:
        return callers.responsible_of(tx, deal.contact_id) if deal.contact_id else None
    load = robot_runs.open_deals_by_seller(tx)
    owners = people.card_owners(tx)[0] if heir is Heir.PERSON else sorted(load)
    rota = f"robot:{acting.robot.id}"
    last = rotas.load(tx).get(rota)
    chosen = next_owner(heir, acting.robot, owners, deal.owner_id, last=last, load=load)
    if heir is Heir.ROTA and chosen is not None:
        rotas.store(tx, {rota: chosen})
    return chosen


def _set_task(tx: Transaction, acting: Acting, deal: Deal) -> None:
    robot = acting.robot
    if robot.task_kind is None:
        return
    new = NewTask(
        robot.task_kind,
        deal.owner_id,
        acting.time.due(acting.now, timedelta(minutes=robot.task_minutes)),
        acting.now,
        deal_id=deal.id,
        contact_id=deal.contact_id,
        title=robot.task_title,
        cause=f"{CAUSE}{acting.run_id}",
    )
    # A client who wants no calls is called by no rule, and then nothing was set.
    if tasks.add(tx, new) is not None:
        _note(tx, acting, deal, "task", {"cause": new.cause})


def _advise(tx: Transaction, acting: Acting, deal: Deal, *, for_head: bool) -> None:
    robot, act = acting.robot, "head" if for_head else "advice"
    row = {
        "deal_id": deal.id,
        "for_head": for_head,
        "run_id": acting.run_id,
        "name": robot.name,
        "text": robot.advice,
        "occasion": robot.occasion,
        "why": {"id": f"robot_{act}", **acting.why},
        "stage_id": deal.stage_id,
        "at": acting.now,
    }
    advices.put(tx, row)
    _note(tx, acting, deal, act, {})


def _send(tx: Transaction, acting: Acting, deal: Deal) -> None:
    robot = acting.robot
    key = f"{CAUSE}{acting.run_id}"
    body = {
        "id": key,
        "robot": robot.name,
        "occasion": robot.occasion,
        "at": acting.now.isoformat(),
        "deal": _told(deal),
    }
    payload = {"robot": robot.id, "deal": deal.id, "body": body}
    # Like everything that cannot be called back it waits until an undo has had its time.
    jobs.add(tx, NewJob(WEBHOOK, key, acting.now + SETTLING, payload))
    _note(tx, acting, deal, "webhook", {"host": urlsplit(robot.webhook_url).hostname or ""})


def _have_called(tx: Transaction, acting: Acting, deal: Deal, voice_id: int) -> None:
    message = voice_messages.get(tx, voice_id)
    is_meeting = acting.robot.occasion is Occasion.MEETING
    meeting = voice_calls.meeting_at(tx, deal.id, acting.card.since) if is_meeting else None
    new = NewVoiceCall(acting.run_id, deal.id, message.id, message.name, deal.stage_id, acting.now, meeting)
    call_id = voice_calls.plan(tx, new)
    _note(tx, acting, deal, "voice", {"message": message.name})
    # Who has just agreed on a meeting need not be called about it.
    window = timedelta(hours=acting.watch.hours)
    if is_meeting and (meeting is None or meeting.created_at > meeting.due_at - window):
        voice_ends.leave(tx, call_id, Why.TOO_SOON, acting.now)


def _told(deal: Deal) -> dict[str, Any]:
    """What another system is told of a card: no client, which it may ask for with rights of its own."""
    names = ("id", "funnel_id", "stage_id", "owner_id", "contact_id", "title", "currency", "priority")
    return {**{name: getattr(deal, name) for name in names}, "amount": str(deal.amount)}


def _note(tx: Transaction, acting: Acting, deal: Deal, act: str, details: Mapping[str, Any]) -> None:
    told = {"id": f"robot_{act}", **details, **acting.why}
    deals.add_event_once(tx, deal.id, ACTED, acting.now, told, f"{CAUSE}{acting.run_id}:{act}")
