"""Who opened which client lately: kept for as long as somebody counts them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from pbx_crm.db.tables import client_reads
from pbx_crm.db.upsert import put


def note(tx: Connection, person_id: int, opened: Mapping[str, datetime]) -> None:
    """This person opened these, each at its time last."""
    # In one order in every process: two that write the same rows must not wait for each other in turn.
    rows = [{"person_id": person_id, "client": client, "at": at} for client, at in sorted(opened.items())]
    put(tx, client_reads, rows, keys=("person_id", "client"))


def count(tx: Connection, person_id: int, since: datetime) -> int:
    """How many different ones this person opened since then."""
    own = client_reads.c.person_id == person_id, client_reads.c.at > since
    return tx.execute(select(func.count()).select_from(client_reads).where(*own)).scalar_one()


def forget(tx: Connection, before: datetime) -> None:
    """Deletes what was opened no later than that."""
    tx.execute(delete(client_reads).where(client_reads.c.at <= before))
