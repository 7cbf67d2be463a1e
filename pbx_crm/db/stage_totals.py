"""How many deals and how much money lie in each column, kept in the transaction that changes them.

Counting a column of a million deals takes half a second; reading its total takes nothing. The price is
that every write of a deal's stage, owner, amount or currency goes through `shift`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select

from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.prepared import write_rows
from pbx_crm.db.scoped import totals_in
from pbx_crm.db.tables import stage_totals
from pbx_crm.db.upsert import insert_of
from pbx_crm.domain.person import Scope

KEY = ("stage_id", "owner_id", "currency")

Sums = Select[Any]
"""A query of stage, currency, number of deals and their amount."""


@dataclass(frozen=True, slots=True)
class Heap:
    """Where a deal counts, and with how much."""

    stage_id: int
    owner_id: int
    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Total:
    """Deals of one currency in one stage, as far as the viewer sees."""

    stage_id: int
    currency: str
    deals: int
    amount: Decimal


def shift(tx: Connection, before: Heap | None, after: Heap | None) -> None:
    """Takes a deal out of where it counted and counts it where it now lies. One statement."""
    changes = [(before, -1)] if before else []
    changes += [(after, 1)] if after else []
    _add(tx, changes)


def count_in(tx: Connection, heaps: Iterable[Heap]) -> None:
    """Counts many new deals. One statement."""
    _add(tx, [(heap, 1) for heap in heaps])


def pour(tx: Connection, from_stage_id: int, to_stage_id: int) -> None:
    """Counts everything of one stage in another. Two statements."""
    columns = [stage_totals.c[name] for name in ("owner_id", "currency", "deals", "amount")]
    taken = tx.execute(
        delete(stage_totals).where(stage_totals.c.stage_id == from_stage_id).returning(*columns)
    )
    rows = [dict(row) | {"stage_id": to_stage_id} for row in taken.mappings()]
    if rows:
        tx.execute(_sum_up(tx.dialect.name), rows)


def _add(tx: Connection, changes: Iterable[tuple[Heap, int]]) -> None:
    sums: dict[tuple[int, int, str], tuple[int, Decimal]] = {}
    for heap, sign in changes:
        key = (heap.stage_id, heap.owner_id, heap.currency)
        count, amount = sums.get(key, (0, Decimal(0)))
        sums[key] = count + sign, amount + heap.amount * sign
    # One order for everybody: two moves in opposite directions must not wait for each other.
    rows = [
        dict(zip(KEY, key, strict=True)) | {"deals": count, "amount": amount}
        for key, (count, amount) in sorted(sums.items())
    ]
    write_rows(tx, _sum_up(tx.dialect.name), rows)


@cache
def _sum_up(dialect: str) -> Any:
    row = insert_of(dialect, stage_totals)
    summed = {name: stage_totals.c[name] + row.excluded[name] for name in ("deals", "amount")}
    return row.on_conflict_do_update(index_elements=list(KEY), set_=summed)


def summed_up(stage_ids: Sequence[int], scope: Scope, owner_id: int | None = None) -> Sums:
    """The query of these stages' totals; for the head over all sellers, or over one whom `owner_id` names."""
    table = stage_totals.c
    query = (
        select(
            table.stage_id,
            table.currency,
            func.sum(table.deals).label("deals"),
            func.sum(table.amount, type_=ExactMoney()).label("amount"),
        )
        .where(table.stage_id.in_(stage_ids), totals_in(scope), table.deals > 0)
        .group_by(table.stage_id, table.currency)
        .order_by(table.stage_id, table.currency)
    )
    return query if owner_id is None else query.where(table.owner_id == owner_id)


def of_stages(
    tx: Connection, stage_ids: Sequence[int], scope: Scope, owner_id: int | None = None
) -> list[Total]:
    """What `summed_up` finds. One statement."""
    return [total_of(row) for row in tx.execute(summed_up(stage_ids, scope, owner_id))]


def total_of(row: Sequence[Any]) -> Total:
    """What a row of such a query tells."""
    stage_id, currency, count, amount = row
    return Total(stage_id, currency, int(count), amount)
