"""How long deals stayed in a stage before they went on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from pbx_crm.db.tables import stage_moves

MOST = 500
"""The latest so many stays; more of them would not move a median."""


def ended_since(tx: Connection, stage_id: int, since: datetime) -> list[float]:
    """Seconds of the stays that ended since then, the latest first; moves taken back do not count."""
    left, undoing = stage_moves.alias("left"), stage_moves.alias("undoing")
    entered, undone = stage_moves.alias("entered"), select(undoing.c.undoes_id)
    since_when = (
        select(func.max(entered.c.at))
        .where(
            entered.c.deal_id == left.c.deal_id,
            entered.c.to_stage_id == stage_id,
            entered.c.id < left.c.id,
        )
        .correlate(left)
        .scalar_subquery()
    )
    query = select(left.c.at, since_when).where(
        left.c.from_stage_id == stage_id,
        left.c.at >= since,
        left.c.undoes_id.is_(None),
        left.c.id.not_in(undone.where(undoing.c.deal_id == left.c.deal_id, undoing.c.undoes_id.is_not(None))),
    )
    rows = tx.execute(query.order_by(left.c.at.desc()).limit(MOST))
    return [(ended - began).total_seconds() for ended, began in rows if began is not None]
