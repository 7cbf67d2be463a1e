"""Notes on deals, and the other lines of a deal's history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from pbx_crm.db.tables import deal_events, deal_notes

MOST = 200


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote on a deal."""

    id: int
    author_id: int | None
    text: str
    at: datetime


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
    table = deal_notes.c
    query = select(table.id, table.author_id, table.text, table.at).where(table.deal_id == deal_id)
    return [Note(*row) for row in tx.execute(query.order_by(table.id.desc()).limit(MOST))]


def events_of(tx: Connection, deal_id: int) -> list[DealEvent]:
    """What else happened to the deal, newest first."""
    table = deal_events.c
    query = select(table.id, table.at, table.kind, table.actor_id, table.details)
    query = query.where(table.deal_id == deal_id).order_by(table.id.desc()).limit(MOST)
    return [DealEvent(*row) for row in tx.execute(query)]
