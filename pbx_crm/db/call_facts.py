"""The raw side of calls, many at a time. The ids must come from a read within the viewer's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from pbx_crm.db.tables import calls, legs, talks
from pbx_crm.domain.call import LegKind
from pbx_crm.domain.call_record import CallFacts


def behind(tx: Connection, call_ids: Sequence[int]) -> dict[int, CallFacts]:
    """The facts by call id, in three statements however many there are."""
    if not call_ids:
        return {}
    rang, talked = _rang(tx, call_ids), _talked(tx, call_ids)
    rows = tx.execute(select(calls).where(calls.c.id.in_(call_ids)))
    return {row.id: _facts(row, tuple(rang[row.id]), talked[row.id]) for row in rows}


def _facts(row: Row[*tuple[Any, ...]], rang: tuple[str, ...], talk_by: dict[str, float]) -> CallFacts:
    return CallFacts(
        pbx=row.pbx,
        linkedid=row.linkedid,
        did=row.did,
        trunk=row.trunk,
        seller_extension=row.seller_extension,
        answered_extension=row.answered_extension,
        final_extension=row.final_extension,
        rang_extensions=rang,
        answered_at=row.answered_at,
        ring_seconds=row.ring_seconds,
        hold_seconds=row.hold_seconds,
        talk_by=talk_by,
        line_id=row.line_id,
        contact_id=row.contact_id,
    )


def _rang(tx: Connection, call_ids: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    statement = (
        select(legs.c.call_id, legs.c.extension)
        .where(legs.c.call_id.in_(call_ids), legs.c.kind == LegKind.SELLER, legs.c.rang_at.is_not(None))
        .order_by(legs.c.rang_at, legs.c.id)
    )
    for call_id, extension in tx.execute(statement):
        if extension is not None and extension not in found[call_id]:
            found[call_id].append(extension)
    return found


def _talked(tx: Connection, call_ids: Sequence[int]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    statement = select(talks.c.call_id, talks.c.extension, talks.c.started_at, talks.c.ended_at)
    for call_id, extension, started_at, ended_at in tx.execute(
        statement.where(talks.c.call_id.in_(call_ids))
    ):
        if ended_at is not None:
            found[call_id][extension] += (ended_at - started_at).total_seconds()
    return found
