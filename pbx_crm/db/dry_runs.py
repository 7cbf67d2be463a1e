"""What a dry run reads: the days of every card that had a call in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, select

from pbx_crm.db import deal_names, past_proofs
from pbx_crm.db.tables import calls, deals, stage_moves, wrap_ups
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import ActorKind
from pbx_crm.domain.dry_run import HeardCall, MovedByHand, PastCard, Place, SaidOf
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.past_proof import PastProof
from pbx_crm.domain.person import THE_PROGRAM

Found = TypeVar("Found")
MOST_NAMED = 10_000
UNDONE = stage_moves.alias("undone")
WITH_UNDONE = stage_moves.outerjoin(UNDONE, UNDONE.c.id == stage_moves.c.undoes_id)
"""Moves, beside each the one that it took back."""


def cards(tx: Connection, funnel: Funnel, since: datetime) -> list[PastCard]:
    """Every card of the funnel that had a call end since then, with its days. Four statements.

    A card that has changed funnels since is the new funnel's. Where gates stand, what each had to show them
    is read, too.
    """
    wanted = _deals(funnel.id, since)
    lay = tx.execute(_where_they_lay(wanted, since))
    began = {deal_id: Place(stage_id, _lies_since(*entered)) for deal_id, stage_id, *entered in lay}
    heard = _grouped(tx.execute(_calls(wanted)), _heard)
    said = _grouped(tx.execute(_said(wanted, since)), lambda row: SaidOf(*row))
    moves = _grouped(tx.execute(_moves(wanted, since)), _moved)
    kinds = {need.kind for stage in funnel.stages_in_use if stage.gate for need in stage.gate.needs}
    proofs = past_proofs.of_deals(tx, wanted, since, kinds)
    return [
        PastCard(
            deal_id, place, heard[deal_id], said[deal_id], moves[deal_id], proofs.get(deal_id, PastProof())
        )
        for deal_id, place in sorted(began.items())
    ]


def _deals(funnel_id: int, since: datetime) -> Select[Any]:
    ended = select(calls.c.deal_id).where(calls.c.ended_at >= since, calls.c.deal_id.is_not(None))
    return select(deals.c.id).where(deals.c.funnel_id == funnel_id, deals.c.id.in_(ended))


def _where_they_lay(wanted: Select[Any], since: datetime) -> Select[Any]:
    """By card its last stage before that moment, or the one it was made in."""
    table = stage_moves.c
    first, last = func.min(table.id), func.max(table.id).filter(table.at < since)
    ends = select(func.coalesce(last, first)).where(table.deal_id.in_(wanted)).group_by(table.deal_id)
    query = select(table.deal_id, table.to_stage_id, table.at, UNDONE.c.evidence)
    return query.select_from(WITH_UNDONE).where(table.id.in_(ends))


def _lies_since(at: datetime, undone: Mapping[str, Any] | None) -> datetime:
    """Since when a card that was moved then lies there; a move taken back restores what was before it."""
    before = (undone or {}).get("before")
    return datetime.fromisoformat(before["stage_since"]) if before else at


def _calls(wanted: Select[Any]) -> Select[Any]:
    """All calls of the cards, for an n-th conversation may have begun to be counted long ago."""
    table = calls.c
    key = table.pbx + "/" + table.linkedid
    columns = (table.id, table.ended_at, table.linkedid, table.direction, table.outcome, table.talk_seconds)
    made_it = (deals.c.born_of == key).label("made_it")
    return (
        select(table.deal_id, *columns, table.line_id, made_it, table.answered_at)
        .join_from(calls, deals, deals.c.id == table.deal_id)
        .where(table.deal_id.in_(wanted), table.ended_at.is_not(None), table.outcome.is_not(None))
        .where(table.direction != Direction.INTERNAL)
        .order_by(table.ended_at, table.id)
    )


def _heard(row: Sequence[Any]) -> HeardCall:
    call_id, at, name, direction, outcome, talk_seconds, line_id, made_it, answered_at = row
    kinds = (Direction(direction), Outcome(outcome))
    return HeardCall(call_id, at, name, *kinds, talk_seconds, line_id, bool(made_it), answered_at)


def _said(wanted: Select[Any], since: datetime) -> Select[Any]:
    table = wrap_ups.c
    return (
        select(table.deal_id, table.call_id, table.at, table.outcome_id)
        .where(table.deal_id.in_(wanted), table.at >= since, table.outcome_id.is_not(None))
        .order_by(table.at)
    )


def _moves(wanted: Select[Any], since: datetime) -> Select[Any]:
    """What people, and the calls that made the cards, did; not what rules did."""
    table = stage_moves.c
    by_rules = (ActorKind.TRIGGER, ActorKind.ROBOT)
    return (
        select(table.deal_id, table.at, table.to_stage_id, UNDONE.c.evidence)
        .select_from(WITH_UNDONE)
        .where(table.deal_id.in_(wanted), table.at >= since, table.actor_kind.not_in(by_rules))
        .order_by(table.at, table.id)
    )


def _moved(row: Sequence[Any]) -> MovedByHand:
    at, to_stage_id, undone = row
    return MovedByHand(at, to_stage_id, _lies_since(at, undone))


def _grouped(
    rows: Iterable[Row[Any]], read: Callable[[Sequence[Any]], Found]
) -> defaultdict[int, list[Found]]:
    found: defaultdict[int, list[Found]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(read(row[1:]))
    return found


def names(tx: Connection, deal_ids: Collection[int]) -> dict[int, str]:
    """What each of these cards is called. One statement."""
    return deal_names.called(tx, sorted(deal_ids)[:MOST_NAMED], THE_PROGRAM)
