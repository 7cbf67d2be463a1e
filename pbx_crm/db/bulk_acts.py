"""Acts on many cards, kept as long as they may be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from pbx_crm.db.tables import bulk_acts
from pbx_crm.domain.bulk import UNDO_WITHIN, BulkAct, BulkKind, NothingToTakeBack

Cards = Sequence[Mapping[str, Any]]


def add(tx: Connection, person_id: int, kind: BulkKind, at: datetime) -> int:
    """The id of an act that is about to be done."""
    row = insert(bulk_acts).values(person_id=person_id, kind=kind, at=at, details={"cards": []})
    return int(tx.execute(row.returning(bulk_acts.c.id)).scalar_one())


def keep(tx: Connection, act_id: int, cards: Cards) -> None:
    """Writes down what was done to which card."""
    query = update(bulk_acts).where(bulk_acts.c.id == act_id)
    tx.execute(query.values(details={"cards": [dict(card) for card in cards]}))


def lock(tx: Connection, act_id: int, person_id: int, now: datetime) -> tuple[BulkKind, Cards]:
    """What this person did, held until this transaction ends; NothingToTakeBack."""
    table = bulk_acts.c
    mine = (table.id == act_id, table.person_id == person_id, table.taken_back_at.is_(None))
    query = select(table.kind, table.details).where(*mine, table.at > now - UNDO_WITHIN).with_for_update()
    row = tx.execute(query).one_or_none()
    if row is None:
        raise NothingToTakeBack(act_id=act_id)
    return BulkKind(row.kind), row.details["cards"]


def mark_taken_back(tx: Connection, act_id: int, at: datetime) -> None:
    """It is taken back once."""
    tx.execute(update(bulk_acts).where(bulk_acts.c.id == act_id).values(taken_back_at=at))


def of_person(tx: Connection, person_id: int, now: datetime) -> list[BulkAct]:
    """What this person did and may still take back or has, the latest first. One statement."""
    table = bulk_acts.c
    query = select(table.id, table.kind, table.at, table.details, table.taken_back_at)
    query = query.where(table.person_id == person_id, table.at > now - UNDO_WITHIN)
    return [
        BulkAct(row.id, BulkKind(row.kind), row.at, len(row.details["cards"]), row.taken_back_at)
        for row in tx.execute(query.order_by(table.at.desc(), table.id.desc()))
    ]
