"""Gates before stages as rows; they are read with the funnel (`db/funnels.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, insert, select

from pbx_crm.db.tables import gates, stages
from pbx_crm.domain.funnel import Stage
from pbx_crm.domain.gate import Gate


def put(tx: Connection, stage_id: int, gate: Gate | None) -> None:
    """This gate stands before the stage from now on, or none."""
    tx.execute(delete(gates).where(gates.c.stage_id == stage_id))
    if gate is not None:
        values = {"stage_id": stage_id, "needs": gate.keys, "is_binding": gate.is_binding}
        tx.execute(insert(gates).values(**values))


def copy(tx: Connection, body: Sequence[Stage], funnel_id: int) -> None:
    """The funnel's stages have the gates of the stages of the same names."""
    gated = {stage.name: stage.gate for stage in body if stage.gate is not None}
    if not gated:
        return
    query = select(stages.c.id, stages.c.name).where(
        stages.c.funnel_id == funnel_id, stages.c.name.in_(gated)
    )
    for stage_id, name in tx.execute(query).all():
        put(tx, stage_id, gated[name])
