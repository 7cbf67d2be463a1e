"""Writing down what a gate asks for, as the card's own forms would, before the card is moved."""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Any

from pbx_crm.db import deal_notes, deals, stage_moves, tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Deal, MoveRequest, check_version
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.gate_answer import GateAnswer, check_link
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services import deal_edits
from pbx_crm.services.deal_edits import DealFields
from pbx_crm.services.deals import check_texts
from pbx_crm.services.ground import Ground
from pbx_crm.services.notes import check_note
from pbx_crm.services.tasks import finish


class GateAnswers:
    """One transaction an answer; it stays whether or not the card then moves, for it is true either way."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def give(
        self, viewer: Person, deal_id: int, request: MoveRequest, answer: GateAnswer, zone: tzinfo
    ) -> int:
        """The deal's version afterwards, which the move has to name. NotFound, DealChanged.

        BadInput names each wrong value. A move that was made already writes nothing twice.
        """
        check_link(answer.link)
        if answer.note:
            check_note(answer.note)
        now = self._ground.clock()
        deal = await self._ground.database.write(_give, viewer, deal_id, request, answer, now, zone)
        topics = {f"deal-{deal.id}", f"stage-{deal.stage_id}", "tasks"}
        self._ground.live.tell(topics, {deal.owner_id})
        return deal.version


def _give(
    tx: Transaction,
    viewer: Person,
    deal_id: int,
    request: MoveRequest,
    answer: GateAnswer,
    now: datetime,
    zone: tzinfo,
) -> Deal:
    deal = deals.lock(tx, deal_id, viewer.scope)
    if stage_moves.by_request(tx, deal_id, request.request_key):
        return deal
    check_version(deal, request.version)
    if answer.changes_fields:
        _fill(tx, viewer, deal, answer, now)
    for text in filter(None, (answer.note, answer.link)):
        deal_notes.add(tx, deal_id, viewer.id, text, now)
    for task_id in answer.task_ids:
        _finish(tx, viewer, deal, task_id, now, zone)
    for kind in answer.did:
        _note_done(tx, viewer, deal, kind, now)
    deals.touch(tx, deal_id, now)
    return deals.get(tx, deal_id, viewer.scope)


def _fill(tx: Transaction, viewer: Person, deal: Deal, answer: GateAnswer, now: datetime) -> None:
    texts: dict[str, Any] = {"title": deal.title, "source": deal.source, "client_name": None, "company": None}
    fields = DealFields(
        version=deal.version,
        amount=deal.amount if answer.amount is None else answer.amount,
        priority=deal.priority,
        expected_close=answer.expected_close or deal.expected_close,
        **{**texts, **answer.texts},
    )
    check_texts(fields.title, fields.source, fields.client_name or "", fields.amount)
    deal_edits.check(fields)
    deal_edits.change(tx, viewer, deal.id, fields, None, now)


def _finish(tx: Transaction, viewer: Person, deal: Deal, task_id: int, now: datetime, zone: tzinfo) -> None:
    task, _ = finish(tx, viewer, task_id, now, zone)
    if task.deal_id != deal.id:
        raise NotFound(task_id=task_id)


def _note_done(tx: Transaction, viewer: Person, deal: Deal, kind: TaskKind, now: datetime) -> None:
    new = NewTask(kind, deal.owner_id, now, now, deal_id=deal.id, contact_id=deal.contact_id)
    task_id = tasks.add(tx, new)
    if task_id is not None:
        tasks.change(tx, tasks.lock(tx, task_id, viewer.scope), done_at=now)
