"""Moving every card of a stage to another at once, each with a move of its own in the history."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from pbx_crm.db import stage_moves, stage_totals
from pbx_crm.db.tables import deals
from pbx_crm.domain.deal import NewMove


def clear(tx: Connection, from_stage_id: int, move: NewMove) -> set[int]:
    """Owners of the cards moved. What was closed stays closed when it was, and for the same reason.

    Five statements for any number of cards; nobody's `active_at` changes, for nobody worked on them.
    """
    query = select(deals.c.id, deals.c.owner_id).where(deals.c.stage_id == from_stage_id)
    moved = tx.execute(query.order_by(deals.c.id).with_for_update()).all()
    if not moved:
        return set()
    stage_moves.insert_all(tx, [(deal_id, from_stage_id, move) for deal_id, _ in moved])
    tx.execute(
        update(deals)
        .where(deals.c.stage_id == from_stage_id)
        .values(stage_id=move.to_stage.id, stage_since=move.at, version=deals.c.version + 1)
    )
    stage_totals.pour(tx, from_stage_id, move.to_stage.id)
    return {owner_id for _, owner_id in moved}
