"""Deals into the bin and out of it, with their history, notes and tasks; their calls stay in the log."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from pbx_crm.db import call_days, cuttings, stage_totals
from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.stage_totals import Heap
from pbx_crm.db.tables import bin_items, calls, deal_contacts, deals, open_deals
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.deal import Deal

ALONG = frozenset({"tasks"})
"""A task may stand without a deal; one that was set on the deal goes with it."""


def take_out(tx: Connection, deal: Deal) -> Cutting:
    """The deal is gone from every list, sum and report; the cutting brings it back."""
    stage_totals.shift(tx, Heap(deal.stage_id, deal.owner_id, deal.currency, deal.amount), None)
    of_deal = list(tx.execute(select(calls.c.id).where(calls.c.deal_id == deal.id)).scalars())
    # Sums of calls know on whose card a call lies.
    call_days.take_out(tx, of_deal)
    cutting = cuttings.take_out(tx, deals, deal.id, along=ALONG)
    call_days.put_in(tx, of_deal)
    return cutting


def put_back(tx: Connection, cutting: Cutting) -> None:
    """The deal lies again where it lay."""
    rows = {name: list(found) for name, found in cutting["rows"] if name != open_deals.name}
    [row] = rows[deals.name]
    if row["born_of"] is not None and _is_taken(tx, row["born_of"]):
        # The call was told again meanwhile and has made another deal: it is that one's now.
        row["born_of"] = None
    _follow_merges(tx, row, rows)
    of_deal = [int(key) for name, _, ids in cutting["links"] if name == calls.name for key in ids]
    call_days.take_out(tx, of_deal)
    cuttings.put_back(tx, {"rows": list(rows.items()), "links": cutting["links"]})
    call_days.put_in(tx, of_deal)
    stage_totals.shift(tx, None, _heap(row))
    _open_again(tx, row["id"])


def _follow_merges(tx: Connection, row: dict[str, Any], rows: dict[str, list[dict[str, Any]]]) -> None:
    """Clients who were merged while the deal lay in the bin stand there as whom they became."""
    query = select(bin_items.c.cutting).where(bin_items.c.kind == BinKind.MERGE).order_by(bin_items.c.id)
    became = {cutting["gone"]: cutting["keep"] for cutting in tx.execute(query).scalars()}
    row["contact_id"] = _now(row["contact_id"], became)
    beside = {_now(one["contact_id"], became): one for one in rows.get(deal_contacts.name, ())}
    if beside:
        kept = [{**one, "contact_id": key} for key, one in beside.items() if key != row["contact_id"]]
        rows[deal_contacts.name] = kept


def _now(contact_id: int | None, became: dict[int, int]) -> int | None:
    while contact_id in became:
        contact_id = became[contact_id]
    return contact_id


def _open_again(tx: Connection, deal_id: int) -> None:
    query = select(deals.c.contact_id, deals.c.funnel_id, deals.c.id.label("deal_id"))
    is_open = deals.c.closed_at.is_(None) & deals.c.contact_id.is_not(None)
    found = tx.execute(query.where(deals.c.id == deal_id, is_open)).mappings().all()
    insert_missing(tx, open_deals, [dict(one) for one in found])


def _is_taken(tx: Connection, born_of: str) -> bool:
    return tx.execute(select(deals.c.id).where(deals.c.born_of == born_of)).first() is not None


def _heap(row: dict[str, Any]) -> Heap:
    return Heap(row["stage_id"], row["owner_id"], row["currency"], Decimal(row["amount"]))
