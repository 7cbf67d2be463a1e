"""Notes somebody has begun on a deal: one a person and deal, until the note is added."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select

from pbx_crm.db.tables import note_drafts
from pbx_crm.db.upsert import put


def save(tx: Connection, person_id: int, deal_id: int, text: str, now: datetime) -> None:
    """Keeps the draft in place of the one before; an empty one is none."""
    if not text:
        drop(tx, person_id, deal_id)
        return
    row = {"person_id": person_id, "deal_id": deal_id, "text": text, "saved_at": now}
    put(tx, note_drafts, [row], keys=("person_id", "deal_id"))


def drop(tx: Connection, person_id: int, deal_id: int) -> None:
    """There is nothing begun any more."""
    mine = (note_drafts.c.person_id == person_id, note_drafts.c.deal_id == deal_id)
    tx.execute(delete(note_drafts).where(*mine))


def of(tx: Connection, person_id: int, deal_id: int) -> str:
    """What this person has begun to write on the deal; empty if nothing."""
    mine = (note_drafts.c.person_id == person_id, note_drafts.c.deal_id == deal_id)
    return tx.execute(select(note_drafts.c.text).where(*mine)).scalar_one_or_none() or ""
