"""What cards have ever had to show to gates, for a dry run that judges them at moments of their past."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Select, select

from pbx_crm.db import gate_evidence
from pbx_crm.db.deals import deal_from
from pbx_crm.db.gate_evidence import SINCE_MADE
from pbx_crm.db.tables import deal_events, deals, stage_moves
from pbx_crm.domain.deal import Deal
from pbx_crm.domain.gate import GateField, NeedKind
from pbx_crm.domain.past_proof import FieldWas, PastProof

FIELDS = frozenset(GateField)
MOST_AT_ONCE = 10_000
"""So many cards in one statement: databases take no endless list of ids."""


def of_deals(
    tx: Connection, wanted: Select[Any], since: datetime, kinds: Collection[NeedKind]
) -> dict[int, PastProof]:
    """By deal id what each has to show for needs of these kinds, talks aside; fields back to that moment.

    One statement for the cards and one or two for each kind; none at all if no gate asks for anything.
    """
    if not kinds:
        return {}
    cards = [deal_from(row) for row in tx.execute(select(deals).where(deals.c.id.in_(wanted))).mappings()]
    read = {
        NeedKind.TASK: gate_evidence.finished_tasks,
        NeedKind.DOCUMENT: gate_evidence.documents,
        NeedKind.NOTE: gate_evidence.notes,
    }
    shown = {kind: reader(tx, wanted, SINCE_MADE) if kind in kinds else {} for kind, reader in read.items()}
    asks_fields = NeedKind.FIELD in kinds
    filled = _filled_in(tx, cards) if asks_fields else {}
    changes = _changes(tx, wanted, since) if asks_fields else {}
    return {
        deal.id: PastProof(
            deal.created_at,
            filled.get(deal.id, frozenset()),
            changes.get(deal.id, ()),
            shown[NeedKind.TASK].get(deal.id, ()),
            shown[NeedKind.DOCUMENT].get(deal.id, ()),
            shown[NeedKind.NOTE].get(deal.id, ()),
        )
        for deal in cards
    }


def _filled_in(tx: Connection, cards: Sequence[Deal]) -> dict[int, frozenset[str]]:
    filled: dict[int, frozenset[str]] = {}
    for first in range(0, len(cards), MOST_AT_ONCE):
        filled |= gate_evidence.filled_in(tx, cards[first : first + MOST_AT_ONCE])
    return filled


def _changes(tx: Connection, wanted: Select[Any], since: datetime) -> Mapping[int, Sequence[FieldWas]]:
    found = defaultdict(list)
    for deal_id, change in (*_edits(tx, wanted, since), *_amounts(tx, wanted, since)):
        found[deal_id].append(change)
    for changes in found.values():
        changes.sort(key=lambda change: change.at)
    return found


def _edits(tx: Connection, wanted: Select[Any], since: datetime) -> Iterator[tuple[int, FieldWas]]:
    table = deal_events.c
    query = select(table.deal_id, table.at, table.details).where(
        table.deal_id.in_(wanted), table.kind == "fields", table.at >= since
    )
    for deal_id, at, details in tx.execute(query.order_by(table.id)):
        for name, was, _ in details["changes"]:
            if name in FIELDS:
                yield deal_id, FieldWas(at, name, bool(was.strip()))


def _amounts(tx: Connection, wanted: Select[Any], since: datetime) -> Iterator[tuple[int, FieldWas]]:
    """A move may carry the amount, and tells what it was before."""
    table = stage_moves.c
    query = select(table.deal_id, table.at, table.evidence).where(
        table.deal_id.in_(wanted), table.at >= since
    )
    for deal_id, at, evidence in tx.execute(query.order_by(table.id)):
        if before := evidence.get("before"):
            yield deal_id, FieldWas(at, GateField.AMOUNT.value, Decimal(before["amount"]) > 0)
