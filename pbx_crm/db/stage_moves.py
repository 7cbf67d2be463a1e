"""Every move of every deal: from, to, when, who, why. Nothing here is ever changed or taken away."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from pbx_crm.db.tables import stage_moves, stages
from pbx_crm.db.upsert import insert_missing, insert_new
from pbx_crm.domain.deal import Actor, ActorKind, NewMove, StageMove
from pbx_crm.domain.funnel import StageKind


def insert(tx: Connection, deal_id: int, from_stage_id: int | None, move: NewMove) -> StageMove | None:
    """The row written; None if a move with this request key stands already."""
    move_id = insert_new(tx, stage_moves, _values(deal_id, from_stage_id, move))
    return None if move_id is None else by_id(tx, move_id)


def insert_first(tx: Connection, firsts: Sequence[tuple[int, NewMove]]) -> None:
    """Writes how these deals came into being. One statement."""
    insert_all(tx, [(deal_id, None, move) for deal_id, move in firsts])


def insert_all(tx: Connection, moves: Sequence[tuple[int, int | None, NewMove]]) -> None:
    """Writes moves as (deal, from stage, move), each with a request key of its own or none. One statement."""
    insert_missing(tx, stage_moves, [_values(*move) for move in moves])


def _values(deal_id: int, from_stage_id: int | None, move: NewMove) -> dict[str, Any]:
    return {
        "deal_id": deal_id,
        "from_stage_id": from_stage_id,
        "to_stage_id": move.to_stage.id,
        "at": move.at,
        "actor_kind": move.actor.kind,
        "actor_id": move.actor.person_id,
        "reason": move.reason,
        "evidence": dict(move.evidence),
        "undoes_id": move.undoes_id,
        "request_key": move.request_key,
    }


def by_id(tx: Connection, move_id: int) -> StageMove | None:
    """The move with this id."""
    row = tx.execute(select(stage_moves).where(stage_moves.c.id == move_id)).mappings().one_or_none()
    return None if row is None else _move(row)


def by_request(tx: Connection, deal_id: int, request_key: str) -> StageMove | None:
    """The move that this wish led to, if it was made on this deal."""
    query = select(stage_moves).where(
        stage_moves.c.request_key == request_key, stage_moves.c.deal_id == deal_id
    )
    row = tx.execute(query).mappings().one_or_none()
    return None if row is None else _move(row)


def last_of(tx: Connection, deal_id: int) -> StageMove | None:
    """The newest move of the deal."""
    query = select(stage_moves).where(stage_moves.c.deal_id == deal_id).order_by(stage_moves.c.id.desc())
    row = tx.execute(query.limit(1)).mappings().one_or_none()
    return None if row is None else _move(row)


def last_open_stage(tx: Connection, deal_id: int, funnel_id: int) -> int | None:
    """Where the deal lay last in this funnel while it was open; None if it never did."""
    query = (
        select(stages.c.id)
        .join(stage_moves, stage_moves.c.to_stage_id == stages.c.id)
        .where(stage_moves.c.deal_id == deal_id, stages.c.funnel_id == funnel_id)
        .where(stages.c.kind.not_in([StageKind.WON, StageKind.LOST]))
        .order_by(stage_moves.c.id.desc())
    )
    return tx.execute(query.limit(1)).scalar_one_or_none()


def of_deal(tx: Connection, deal_id: int, most: int = 100) -> list[StageMove]:
    """The deal's moves, newest first."""
    query = select(stage_moves).where(stage_moves.c.deal_id == deal_id).order_by(stage_moves.c.id.desc())
    return [_move(row) for row in tx.execute(query.limit(most)).mappings()]


def _move(row: RowMapping) -> StageMove:
    values = dict(row)
    actor = Actor(ActorKind(values.pop("actor_kind")), values.pop("actor_id"))
    return StageMove(**values, actor=actor)


def deal_of_request(tx: Connection, request_key: str) -> int | None:
    """The deal that a wish with this key has moved or made."""
    query = select(stage_moves.c.deal_id).where(stage_moves.c.request_key == request_key)
    return tx.execute(query).scalar_one_or_none()
