"""One call told leg by leg."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime

from sqlalchemy import Connection, select

from pbx_crm.db import call_log
from pbx_crm.db.tables import calls, legs, people, talks, transfers
from pbx_crm.domain.call import LegKind, LegResult, TransferKind
from pbx_crm.domain.call_log import CallStory, LegLine, TransferLine
from pbx_crm.domain.person import Scope

Stretch = tuple[datetime, datetime | None]


def get(tx: Connection, call_id: int, scope: Scope) -> CallStory:
    """The call from ring to end; NotFound if it is none of the viewer's business."""
    row = call_log.one(tx, call_id, scope)
    rule, skipped_by = tx.execute(
        select(calls.c.owner_rule, calls.c.skipped_by).where(calls.c.id == call_id)
    ).one()
    hides_number = row.client is not None and row.client.is_foreign
    return CallStory(row, _legs(tx, call_id, hides_number), _transfers(tx, call_id), rule, skipped_by)


def _legs(tx: Connection, call_id: int, hides_number: bool) -> tuple[LegLine, ...]:
    talked = _talks(tx, call_id)
    rows = tx.execute(
        select(legs, people.c.name.label("person_name"))
        .outerjoin(people, people.c.id == legs.c.person_id)
        .where(legs.c.call_id == call_id)
        .order_by(legs.c.started_at, legs.c.id)
    ).all()
    return tuple(
        LegLine(
            who=row.person_name or row.extension or (row.number if not hides_number else None) or "",
            extension=row.extension,
            kind=LegKind(row.kind),
            started_at=row.started_at,
            rang_at=row.rang_at,
            answered_at=row.answered_at,
            ended_at=row.ended_at,
            result=LegResult(row.result) if row.result else None,
            talks=_within(talked[row.extension], row.answered_at, row.ended_at) if row.extension else (),
        )
        for row in rows
    )


def _within(stretches: list[Stretch], since: datetime | None, until: datetime | None) -> tuple[Stretch, ...]:
    """The extension's talks that fall into this leg: one phone may have several legs in a call."""
    if since is None:
        return ()
    return tuple(
        stretch for stretch in stretches if stretch[0] >= since and (until is None or stretch[0] <= until)
    )


def _talks(tx: Connection, call_id: int) -> dict[str, list[Stretch]]:
    found: dict[str, list[Stretch]] = defaultdict(list)
    statement = select(talks.c.extension, talks.c.started_at, talks.c.ended_at)
    for extension, started_at, ended_at in tx.execute(
        statement.where(talks.c.call_id == call_id).order_by(talks.c.started_at)
    ):
        found[extension].append((started_at, ended_at))
    return found


def _transfers(tx: Connection, call_id: int) -> tuple[TransferLine, ...]:
    statement = (
        select(
            transfers.c.at, transfers.c.kind, transfers.c.source, transfers.c.target, transfers.c.completed
        )
        .where(transfers.c.call_id == call_id)
        .order_by(transfers.c.at)
    )
    return tuple(
        TransferLine(at, TransferKind(kind), from_whom, to_whom, completed)
        for at, kind, from_whom, to_whom, completed in tx.execute(statement)
    )
