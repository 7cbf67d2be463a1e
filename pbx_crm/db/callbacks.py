"""Wishes to call a client back: made by a missed call, fulfilled by the next conversation."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.prepared import fetch, write_rows
from pbx_crm.db.tables import calls, tasks
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.sentence import N_

CAUSE = "callback:"
# A message id: the pages show it in the reader's language.
CALLED = N_("Talked on the phone")


OPEN_ON = select(tasks.c.deal_id).where(
    tasks.c.deal_id.in_(bindparam("deal_ids", expanding=True)),
    tasks.c.done_at.is_(None),
    tasks.c.cause.startswith(CAUSE),
)
FULFIL = (
    update(tasks)
    .where(
        tasks.c.contact_id == bindparam("client"),
        tasks.c.cause.startswith(CAUSE),
        tasks.c.done_at.is_(None),
        tasks.c.created_at <= bindparam("answered_at"),
    )
    .values(done_at=bindparam("answered_at"), result=CALLED, version=tasks.c.version + 1)
)


def add_all(tx: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes automatic tasks; a cause that led to a task before adds none. One statement."""
    insert_missing(tx, tasks, list(rows))


def open_on(tx: Connection, deal_ids: Collection[int]) -> set[int]:
    """Which of these deals have a wish to call back that nobody has fulfilled. One statement."""
    if not deal_ids:
        return set()
    return {deal_id for (deal_id,) in fetch(tx, OPEN_ON, {"deal_ids": list(deal_ids)})}


def last_talks(
    tx: Connection, contact_ids: Collection[int], since: datetime, *, besides: Collection[int]
) -> dict[int, datetime]:
    """When somebody last got to talk with these clients, in calls begun since then; one statement.

    The calls `besides` do not count: their answer is being taken back.
    """
    query = (
        select(calls.c.contact_id, func.max(calls.c.answered_at, type_=UtcTime()))
        .where(calls.c.contact_id.in_(contact_ids), calls.c.started_at >= since)
        .where(calls.c.answered_at.is_not(None), calls.c.id.not_in(besides))
        .group_by(calls.c.contact_id)
    )
    return {contact_id: at for contact_id, at in tx.execute(query)}


def fulfil(tx: Connection, conversations: Iterable[Mapping[str, Any]]) -> None:
    """Closes what waited for a talk with these: each names `client` (a contact's id) and `answered_at`."""
    write_rows(tx, FULFIL, list(conversations))
