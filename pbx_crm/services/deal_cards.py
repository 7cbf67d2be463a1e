"""A deal's card: everything about one deal, put together for its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from pbx_crm.db import (
    companies,
    deal_calls,
    deal_contacts,
    deal_files,
    deal_notes,
    deal_tags,
    deals,
    funnels,
    house,
    note_drafts,
    people,
    stage_moves,
    stage_stays,
    tasks,
)
from pbx_crm.db.deal_calls import DealCall
from pbx_crm.db.deal_notes import DealEvent, Note
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import Deal, StageMove
from pbx_crm.domain.deal_card import (
    CallFacts,
    CardContact,
    DealCard,
    Entry,
    EntryKind,
    OpenTask,
    OtherDeal,
)
from pbx_crm.domain.deal_edit import FieldChange
from pbx_crm.domain.deal_file import DealFile
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.passage import story_of
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.stage_stay import LOOK_BACK, usual_seconds
from pbx_crm.domain.task import Task, urgency
from pbx_crm.domain.trigger import may_take_back
from pbx_crm.services.clock import Clock
from pbx_crm.services.deal_files import SWITCH
from pbx_crm.services.notes import may_change_note
from pbx_crm.services.regions import places_of_clients


class DealCards:
    """Reads cards, in one transaction each."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def show(self, viewer: Person, deal_id: int, zone: tzinfo) -> DealCard:
        """The card; NotFound outside the viewer's scope."""
        return await self._database.read(_card, viewer, deal_id, self._clock(), zone)


@dataclass(frozen=True, slots=True)
class _Names:
    """Who is who, and which stage is called what."""

    people: Mapping[int, str]
    stages: Mapping[int, str]

    def person(self, person_id: int | None) -> str:
        return "" if person_id is None else self.people.get(person_id, "")


def _card(tx: Transaction, viewer: Person, deal_id: int, now: datetime, zone: tzinfo) -> DealCard:
    deal = deals.get(tx, deal_id, viewer.scope)
    # A deal may have come from a funnel that is retired by now: its history still names the stages.
    known = funnels.everything(tx)
    funnel = funnels.load(tx, deal.funnel_id)
    staff = people.everybody(tx)
    stages = {stage.id: stage.name for one in (*known, funnel) for stage in one.stages}
    names = _Names({person.id: person.name for person in staff}, stages)
    found = tasks.of_deal(tx, deal_id, viewer.scope)
    files = deal_files.of_deal(tx, deal_id)
    contacts = _placed(tx, deal_contacts.of_deal(tx, deal_id, deal.contact_id))
    first = contacts[0] if deal.contact_id is not None else None
    return DealCard(
        deal=deal,
        funnel=funnel,
        stage=next(stage for stage in funnel.stages if stage.id == deal.stage_id),
        owner_name=names.person(deal.owner_id),
        client_name=first.name if first else "",
        numbers=first.numbers if first else (),
        tasks=tuple(_open_task(task, names, now, zone) for task in found if task.done_at is None),
        others=tuple(_other(other, names) for other in deals.others_of(tx, deal, viewer.scope)),
        entries=_timeline(tx, viewer, deal, (found, files), names),
        other_funnels=tuple(one for one in known if deal.is_open and _may_take(one, deal)),
        colleagues=tuple((one.id, one.name) for one in staff if _may_own(one)),
        loss_reason=funnels.loss_reason_name(tx, deal.loss_reason_id) if deal.loss_reason_id else "",
        people=contacts,
        company=companies.name_of(tx, deal.company_id),
        tags=deal_tags.of_deal(tx, deal_id),
        files=tuple(files),
        takes_files=house.is_on(tx, SWITCH),
        draft=note_drafts.of(tx, viewer.id, deal_id),
        usual_seconds=usual_seconds(stage_stays.ended_since(tx, deal.stage_id, now - LOOK_BACK)),
    )


def _placed(tx: Transaction, contacts: Sequence[CardContact]) -> tuple[CardContact, ...]:
    places = places_of_clients(tx, {one.id: one.numbers for one in contacts})
    return tuple(replace(one, place=places[one.id]) for one in contacts)


def _may_take(funnel: Funnel, deal: Deal) -> bool:
    return funnel.id != deal.funnel_id and not funnel.is_retired


def _may_own(person: Person) -> bool:
    return person.is_active and person.role is not Role.NONE


def _open_task(task: Task, names: _Names, now: datetime, zone: tzinfo) -> OpenTask:
    return OpenTask(task, names.person(task.owner_id), urgency(task.due_at, now, zone))


def _other(deal: Deal, names: _Names) -> OtherDeal:
    return OtherDeal(deal, names.stages.get(deal.stage_id, ""))


def _timeline(
    tx: Transaction, viewer: Person, deal: Deal, known: tuple[list[Task], list[DealFile]], names: _Names
) -> tuple[Entry, ...]:
    found, files = known
    moves = stage_moves.of_deal(tx, deal.id)
    last_id = moves[0].id if moves else None
    entries = [
        *(_of_move(move, names, last_id) for move in moves),
        *(_of_note(note, names, viewer) for note in deal_notes.of_deal(tx, deal.id)),
        *(_of_event(event, names) for event in deal_notes.events_of(tx, deal.id)),
        *(_of_call(call) for call in deal_calls.of_deal(tx, deal.id, viewer.scope)),
        *(_of_file(file, names) for file in files),
        *(_of_done(task, task.done_at, names) for task in found if task.done_at),
    ]
    return tuple(sorted(entries, key=_age, reverse=True))


def _age(entry: Entry) -> tuple[datetime, int]:
    # Of what happened at one moment the call came first, then the card it made.
    return entry.at, {EntryKind.CALL: 0, EntryKind.CREATED: 1}.get(entry.kind, 2)


def _of_move(move: StageMove, names: _Names, last_id: int | None) -> Entry:
    kind = EntryKind.CREATED if move.from_stage_id is None else EntryKind.MOVE
    may_undo = move.id == last_id and move.undoes_id is None and "before" in move.evidence
    return Entry(
        kind,
        move.at,
        names.person(move.actor.person_id),
        actor=move.actor.kind,
        text=move.reason,
        from_stage=names.stages.get(move.from_stage_id or 0, ""),
        to_stage=names.stages.get(move.to_stage_id, ""),
        is_undo=move.undoes_id is not None,
        undo_id=move.id if may_undo else None,
        trigger=str(move.evidence.get("name", "")),
        passage=story_of(move.evidence),
    )


def _of_note(note: Note, names: _Names, viewer: Person) -> Entry:
    return Entry(
        EntryKind.NOTE,
        note.at,
        names.person(note.author_id),
        text=note.text,
        note_id=note.id if may_change_note(viewer, note.author_id) else None,
        edited_at=note.edited_at,
    )


def _of_file(file: DealFile, names: _Names) -> Entry:
    return Entry(EntryKind.FILE, file.at, names.person(file.by_id), text=file.name)


def _of_event(event: DealEvent, names: _Names) -> Entry:
    details: Mapping[str, Any] = event.details
    if event.kind == "fields":
        changes = tuple(FieldChange(*change) for change in details["changes"])
        return Entry(EntryKind.FIELDS, event.at, names.person(event.actor_id), changes=changes)
    return Entry(
        EntryKind.OWNER if event.kind == "owner" else EntryKind.EVENT,
        event.at,
        names.person(event.actor_id),
        to_person=names.person(details.get("to")),
        why=details,
        act_id=event.id if may_take_back(details) else None,
    )


def _of_call(call: DealCall) -> Entry:
    facts = CallFacts(
        call.id,
        call.direction,
        call.outcome,
        call.wait_seconds,
        call.talk_seconds,
        call.line,
        call.owner_rule,
        call.recorded,
    )
    return Entry(EntryKind.CALL, call.started_at, call.seller, call=facts)


def _of_done(task: Task, done_at: datetime, names: _Names) -> Entry:
    return Entry(
        EntryKind.TASK,
        done_at,
        names.person(task.owner_id),
        text=task.title,
        result=task.result,
        task_kind=task.kind,
    )
