"""Notes on deals, and the other lines of a deal's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pbx_crm.db import cuttings
from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.tables import deal_events, deal_notes
from pbx_crm.domain.errors import NotFound

MOST = 200


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on a deal."""

    id: int
    author_id: int | None
    text: str
    at: datetime
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class DealEvent:
    """Something that happened to a deal beside calls, moves, notes and tasks."""

    id: int
    at: datetime
    kind: str
    actor_id: int | None
    details: Mapping[str, Any]


def add(tx: Connection, deal_id: int, author_id: int, text: str, at: datetime) -> int:
    """The new note's id."""
    row = insert(deal_notes).values(deal_id=deal_id, author_id=author_id, text=text, at=at)
    note_id: int = tx.execute(row.returning(deal_notes.c.id)).scalar_one()
    return note_id


def of_deal(tx: Connection, deal_id: int) -> list[Note]:
    """The deal's newest notes, newest first."""
    query = _notes().where(deal_notes.c.deal_id == deal_id).order_by(deal_notes.c.id.desc())
    return [Note(*row) for row in tx.execute(query.limit(MOST))]


def lock(tx: Connection, deal_id: int, note_id: int) -> Note:
    """The note, held until this transaction ends; NotFound if it is not on this deal."""
    query = _notes().where(deal_notes.c.id == note_id, deal_notes.c.deal_id == deal_id)
    row = tx.execute(query.with_for_update()).first()
    if row is None:
        raise NotFound(note_id=note_id)
    return Note(*row)


def rewrite(tx: Connection, note: Note, text: str, at: datetime) -> None:
    """The note says this from now on."""
    tx.execute(update(deal_notes).where(deal_notes.c.id == note.id).values(text=text, edited_at=at))


def take_out(tx: Connection, note: Note) -> Cutting:
    """The note is gone; the cutting brings it back."""
    return cuttings.take_out(tx, deal_notes, note.id)


def _notes() -> Any:
    return select(*(deal_notes.c[name] for name in ("id", "author_id", "text", "at", "edited_at")))


def lock_event(tx: Connection, deal_id: int, event_id: int) -> DealEvent:
    """One line of the deal's history, held until this transaction ends; NotFound."""
    table = deal_events.c
    query = select(table.id, table.at, table.kind, table.actor_id, table.details)
    row = tx.execute(query.where(table.id == event_id, table.deal_id == deal_id).with_for_update()).first()
    if row is None:
        raise NotFound(event_id=event_id)
    return DealEvent(*row)


def mark_taken_back(tx: Connection, event: DealEvent) -> None:
    """The line stays, and says that somebody took back what it tells of."""
    details = {**event.details, "taken_back": True}
    tx.execute(update(deal_events).where(deal_events.c.id == event.id).values(details=details))


def events_of(tx: Connection, deal_id: int) -> list[DealEvent]:
    """What else happened to the deal, newest first."""
    table = deal_events.c
    query = select(table.id, table.at, table.kind, table.actor_id, table.details)
    query = query.where(table.deal_id == deal_id).order_by(table.id.desc()).limit(MOST)
    return [DealEvent(*row) for row in tx.execute(query)]
