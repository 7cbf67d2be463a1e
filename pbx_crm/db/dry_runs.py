"""What a dry run reads: the days of every card that had a call in them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, select

from pbx_crm.db import deal_names
from pbx_crm.db.tables import calls, deals, stage_moves, wrap_ups
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import ActorKind
from pbx_crm.domain.dry_run import HeardCall, MovedByHand, PastCard, SaidOf
from pbx_crm.domain.person import Reach, Scope

Found = TypeVar("Found")
MOST_NAMED = 10_000


def cards(tx: Connection, funnel_id: int, since: datetime) -> list[PastCard]:
    """Every card of the funnel that had a call end since then, with its days. Four statements.

    A card that has changed funnels since is the new funnel's.
    """
    wanted = _deals(funnel_id, since)
    began = {deal_id: stage_id for deal_id, stage_id in tx.execute(_where_they_lay(wanted, since))}
    heard = _grouped(tx.execute(_calls(wanted)), _heard)
    said = _grouped(tx.execute(_said(wanted, since)), lambda row: SaidOf(*row))
    moves = _grouped(tx.execute(_moves(wanted, since)), lambda row: MovedByHand(*row))
    return [
        PastCard(deal_id, stage_id, heard[deal_id], said[deal_id], moves[deal_id])
        for deal_id, stage_id in sorted(began.items())
    ]


def _deals(funnel_id: int, since: datetime) -> Select[Any]:
    ended = select(calls.c.deal_id).where(calls.c.ended_at >= since, calls.c.deal_id.is_not(None))
    return select(deals.c.id).where(deals.c.funnel_id == funnel_id, deals.c.id.in_(ended))


def _where_they_lay(wanted: Select[Any], since: datetime) -> Select[Any]:
    """By card its last stage before that moment, or the one it was made in."""
    table = stage_moves.c
    first, last = func.min(table.id), func.max(table.id).filter(table.at < since)
    ends = select(func.coalesce(last, first)).where(table.deal_id.in_(wanted)).group_by(table.deal_id)
    return select(table.deal_id, table.to_stage_id).where(table.id.in_(ends))


def _calls(wanted: Select[Any]) -> Select[Any]:
    """All calls of the cards, for an n-th conversation may have begun to be counted long ago."""
    table = calls.c
    key = table.pbx + "/" + table.linkedid
    columns = (table.id, table.ended_at, table.linkedid, table.direction, table.outcome, table.talk_seconds)
    return (
        select(table.deal_id, *columns, table.line_id, (deals.c.born_of == key).label("made_it"))
        .join_from(calls, deals, deals.c.id == table.deal_id)
        .where(table.deal_id.in_(wanted), table.ended_at.is_not(None), table.outcome.is_not(None))
        .where(table.direction != Direction.INTERNAL)
        .order_by(table.ended_at, table.id)
    )


def _heard(row: Sequence[Any]) -> HeardCall:
    call_id, at, name, direction, outcome, talk_seconds, line_id, made_it = row
    kinds = (Direction(direction), Outcome(outcome))
    return HeardCall(call_id, at, name, *kinds, talk_seconds, line_id, bool(made_it))


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
        select(table.deal_id, table.at, table.to_stage_id)
        .where(table.deal_id.in_(wanted), table.at >= since, table.actor_kind.not_in(by_rules))
        .order_by(table.at, table.id)
    )


def _grouped(
    rows: Iterable[Row[Any]], read: Callable[[Sequence[Any]], Found]
) -> defaultdict[int, list[Found]]:
    found: defaultdict[int, list[Found]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(read(row[1:]))
    return found


def names(tx: Connection, deal_ids: Collection[int]) -> dict[int, str]:
    """What each of these cards is called. One statement."""
    return deal_names.called(tx, sorted(deal_ids)[:MOST_NAMED], Scope(Reach.ALL, 0))
