"""Deals into the bin and out of it, with their history, notes and tasks; their calls stay in the log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from pbx_crm.db import cuttings, stage_totals
from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.stage_totals import Heap
from pbx_crm.db.tables import deals
from pbx_crm.domain.deal import Deal

ALONG = frozenset({"tasks"})
"""A task may stand without a deal; one that was set on the deal goes with it."""


def take_out(tx: Connection, deal: Deal) -> Cutting:
    """The deal is gone from every list, sum and report; the cutting brings it back."""
    stage_totals.shift(tx, Heap(deal.stage_id, deal.owner_id, deal.currency, deal.amount), None)
    return cuttings.take_out(tx, deals, deal.id, along=ALONG)


def put_back(tx: Connection, cutting: Cutting) -> None:
    """The deal lies again where it lay."""
    [row] = next(rows for name, rows in cutting["rows"] if name == deals.name)
    if row["born_of"] is not None and _is_taken(tx, row["born_of"]):
        # The call was told again meanwhile and has made another deal: it is that one's now.
        row["born_of"] = None
    cuttings.put_back(tx, cutting)
    stage_totals.shift(tx, None, _heap(row))


def _is_taken(tx: Connection, born_of: str) -> bool:
    return tx.execute(select(deals.c.id).where(deals.c.born_of == born_of)).first() is not None


def _heap(row: dict[str, Any]) -> Heap:
    return Heap(row["stage_id"], row["owner_id"], row["currency"], Decimal(row["amount"]))
