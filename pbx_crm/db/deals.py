"""Deals as rows. Every write of one goes through `_rewrite`, which keeps the columns' totals true, and the
sums of calls on whose cards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update

from pbx_crm.db import call_days, stage_moves, stage_totals, tasks
from pbx_crm.db.prepared import insert_returning, write_rows
from pbx_crm.db.scoped import deals_in
from pbx_crm.db.stage_totals import Heap
from pbx_crm.db.tables import deal_events, deals, open_deals
from pbx_crm.db.upsert import insert_missing, insert_new, insert_of
from pbx_crm.domain.deal import Actor, Deal, NewDeal, NewMove, Priority, StageMove
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Stage
from pbx_crm.domain.person import Scope


def create(tx: Connection, new: NewDeal) -> int | None:
    """The id of the deal made; None if the call in `born_of` has made its deal before."""
    deal_id = insert_new(tx, deals, _first_values(new))
    if deal_id is None:
        return None
    stage_totals.shift(tx, None, _heap(new))
    if new.contact_id is not None and not new.stage.kind.is_closed:
        _open(tx, deal_id, new.contact_id, new.stage.funnel_id)
    stage_moves.insert(tx, deal_id, None, _first_move(new))
    return deal_id


def create_all(tx: Connection, new: Sequence[NewDeal]) -> dict[str, int]:
    """Ids by `born_of` of the deals that calls make; a call that has made its deal before makes none.

    The same rows as `create` one by one, in four statements for any number of deals.
    """
    if not new:
        return {}
    rows = [_first_values(one) for one in new]
    ids = {born_of: deal_id for born_of, deal_id in insert_returning(tx, _new(tx.dialect.name), rows)}
    fresh = [(ids[one.born_of], one) for one in new if one.born_of in ids]
    stage_totals.count_in(tx, (_heap(one) for _, one in fresh))
    opened = [
        {"contact_id": one.contact_id, "funnel_id": one.stage.funnel_id, "deal_id": deal_id}
        for deal_id, one in fresh
        if one.contact_id is not None
    ]
    insert_missing(tx, open_deals, opened)
    stage_moves.insert_first(tx, [(deal_id, _first_move(one)) for deal_id, one in fresh])
    return ids


@cache
def _new(dialect: str) -> Any:
    return insert_of(dialect, deals).on_conflict_do_nothing().returning(deals.c.born_of, deals.c.id)


TOUCH = (
    update(deals)
    .where(deals.c.id == bindparam("deal"), deals.c.active_at < bindparam("at"))
    .values(active_at=bindparam("at"))
)


def _heap(new: NewDeal) -> Heap:
    return Heap(new.stage.id, new.owner_id, new.currency, new.amount)


def _first_move(new: NewDeal) -> NewMove:
    return NewMove(new.stage, new.at, new.actor, reason=new.reason, request_key=new.request_key)


def _first_values(new: NewDeal) -> dict[str, Any]:
    return {
        "funnel_id": new.stage.funnel_id,
        "stage_id": new.stage.id,
        "owner_id": new.owner_id,
        "contact_id": new.contact_id,
        "company_id": new.company_id,
        "line_id": new.line_id,
        "previous_id": new.previous_id,
        "born_of": new.born_of,
        "title": new.title,
        "source": new.source,
        "amount": new.amount,
        "currency": new.currency,
        "priority": new.priority,
        "created_at": new.at,
        "stage_since": new.at,
        "active_at": new.at,
        "closed_at": new.at if new.stage.kind.is_closed else None,
    }


def get(tx: Connection, deal_id: int, scope: Scope) -> Deal:
    """The deal; NotFound if there is none, or it is another seller's."""
    row = tx.execute(_one(deal_id, scope)).mappings().one_or_none()
    if row is None:
        raise NotFound(deal_id=deal_id)
    return deal_from(row)


def get_all(tx: Connection, deal_ids: Collection[int], scope: Scope) -> dict[int, Deal]:
    """By id those of the deals that the viewer sees. One statement."""
    rows = tx.execute(select(deals).where(deals.c.id.in_(deal_ids), deals_in(scope))).mappings()
    return {row["id"]: deal_from(row) for row in rows}


def stage_of(tx: Connection, deal_id: int, scope: Scope) -> int | None:
    """The stage the deal lies in; None outside the viewer's scope."""
    query = select(deals.c.stage_id).where(deals.c.id == deal_id, deals_in(scope))
    return tx.execute(query).scalar_one_or_none()


def lock(tx: Connection, deal_id: int, scope: Scope) -> Deal:
    """The same as `get`, and nobody else changes it before this transaction ends."""
    row = tx.execute(_one(deal_id, scope).with_for_update()).mappings().one_or_none()
    if row is None:
        raise NotFound(deal_id=deal_id)
    return deal_from(row)


def _one(deal_id: int, scope: Scope) -> Any:
    return select(deals).where(deals.c.id == deal_id, deals_in(scope))


def deal_from(row: RowMapping) -> Deal:
    """The deal in a whole row of the table."""
    values = dict(row)
    values["priority"] = Priority(values["priority"])
    if values["expected_close"] is not None:
        values["expected_close"] = date.fromisoformat(values["expected_close"])
    return Deal(**values)


def set_stage(tx: Connection, deal: Deal, move: NewMove) -> StageMove | None:
    """The move made; None if its request key was used before, so that a repeated wish moves once."""
    made = stage_moves.insert(tx, deal.id, deal.stage_id, move)
    if made is None:
        return None
    is_closed = move.to_stage.kind.is_closed
    values: dict[str, Any] = {
        "funnel_id": move.to_stage.funnel_id,
        "stage_id": move.to_stage.id,
        "stage_since": move.at,
        "active_at": max(deal.active_at, move.at),
        "closed_at": move.at if is_closed else None,
        "loss_reason_id": move.loss_reason_id,
    }
    if move.amount is not None:
        values["amount"] = move.amount
    _rewrite(tx, deal, values)
    _keep_open_list(tx, deal, move.to_stage)
    return made


def put_back(tx: Connection, deal: Deal, move: NewMove, before: Mapping[str, Any]) -> StageMove | None:
    """The undoing move; stage, amount and dates are again what they were in `before`."""
    made = stage_moves.insert(tx, deal.id, deal.stage_id, move)
    if made is None:
        return None
    _rewrite(tx, deal, {"funnel_id": move.to_stage.funnel_id, "stage_id": move.to_stage.id, **before})
    _keep_open_list(tx, deal, move.to_stage)
    return made


def set_owner(
    tx: Connection, deal: Deal, owner_id: int, at: datetime, actor: Actor, why: Mapping[str, Any]
) -> None:
    """Hands the card and its open tasks to another person; notes who did it and why (a sentence)."""
    _rewrite(tx, deal, {"owner_id": owner_id, "active_at": max(deal.active_at, at)})
    tasks.hand_over(tx, deal.id, deal.owner_id, owner_id)
    details = {"from": deal.owner_id, "to": owner_id, "actor": actor.kind, **why}
    add_event(tx, deal.id, "owner", at, actor.person_id, details)


def set_fields(tx: Connection, deal: Deal, values: Mapping[str, Any], at: datetime) -> None:
    """Writes plain fields of the card: title, amount, priority, source, expected_close, contact_id."""
    _rewrite(tx, deal, {**values, "active_at": max(deal.active_at, at)})


def set_contact(tx: Connection, deal: Deal, contact_id: int, at: datetime) -> None:
    """The deal is this client's; a call of theirs finds it from now on."""
    _rewrite(tx, deal, {"contact_id": contact_id, "active_at": max(deal.active_at, at)})
    tx.execute(delete(open_deals).where(open_deals.c.deal_id == deal.id))
    if deal.is_open:
        _open(tx, deal.id, contact_id, deal.funnel_id)


def touch(tx: Connection, deal_id: int, at: datetime) -> None:
    """Something happened with this deal; the version stays, so nobody's open form is spoilt."""
    tx.execute(update(deals).where(deals.c.id == deal_id, deals.c.active_at < at).values(active_at=at))


def touch_all(tx: Connection, moments: Mapping[int, datetime]) -> None:
    """The same for many deals; one statement."""
    rows = [{"deal": deal_id, "at": at} for deal_id, at in sorted(moments.items())]
    write_rows(tx, TOUCH, rows)


def add_events(tx: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes lines of history that carry a `request_key`; one that stands already is not repeated."""
    insert_missing(tx, deal_events, rows)


def add_event(
    tx: Connection, deal_id: int, kind: str, at: datetime, actor_id: int | None, details: Mapping[str, Any]
) -> None:
    """A line of the card's history beside calls, moves, notes and tasks."""
    row = {"deal_id": deal_id, "kind": kind, "at": at, "actor_id": actor_id, "details": dict(details)}
    tx.execute(insert(deal_events).values(**row))


def add_event_once(
    tx: Connection, deal_id: int, kind: str, at: datetime, details: Mapping[str, Any], request_key: str
) -> bool:
    """Whether the line is new; one with this key stands there already otherwise."""
    row = {"deal_id": deal_id, "kind": kind, "at": at, "actor_id": None, "details": dict(details)}
    return insert_new(tx, deal_events, {**row, "request_key": request_key}) is not None


def _rewrite(tx: Connection, before: Deal, values: Mapping[str, Any]) -> None:
    version = before.version + 1
    tx.execute(update(deals).where(deals.c.id == before.id).values(**values, version=version))
    was = Heap(before.stage_id, before.owner_id, before.currency, before.amount)
    now = Heap(
        values.get("stage_id", was.stage_id),
        values.get("owner_id", was.owner_id),
        was.currency,
        Decimal(values.get("amount", was.amount)),
    )
    if was != now:
        stage_totals.shift(tx, was, now)
    if was.owner_id != now.owner_id:
        call_days.hand_over(tx, before.id, was.owner_id, now.owner_id)


def _keep_open_list(tx: Connection, deal: Deal, stage: Stage) -> None:
    if stage.kind.is_closed or stage.funnel_id != deal.funnel_id:
        tx.execute(delete(open_deals).where(open_deals.c.deal_id == deal.id))
    if not stage.kind.is_closed and deal.contact_id is not None:
        _open(tx, deal.id, deal.contact_id, stage.funnel_id)


def _open(tx: Connection, deal_id: int, contact_id: int, funnel_id: int) -> None:
    row = {"contact_id": contact_id, "funnel_id": funnel_id, "deal_id": deal_id}
    insert_missing(tx, open_deals, [row])


def others_of(tx: Connection, deal: Deal, scope: Scope, most: int = 10) -> list[Deal]:
    """The client's other deals as far as the viewer sees them, the latest first."""
    if deal.contact_id is None:
        return []
    query = select(deals).where(deals.c.contact_id == deal.contact_id, deals.c.id != deal.id, deals_in(scope))
    return [deal_from(row) for row in tx.execute(query.order_by(deals.c.id.desc()).limit(most)).mappings()]
