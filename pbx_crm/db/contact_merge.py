"""Two clients who are one: everything of the second becomes the first's, and can be told apart again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Column, Connection, Table, delete, select, update

from pbx_crm.db import client_days, cuttings
from pbx_crm.db.cuttings import Cutting
from pbx_crm.db.tables import calls, contacts, deal_contacts, deals, import_rows, metadata, open_deals
from pbx_crm.db.upsert import insert_missing


def merge(tx: Connection, keep_id: int, gone_id: int) -> Cutting:
    """The second client is the first from now on; the cutting tells them apart again."""
    links, rows = [], _double_places(tx, keep_id, gone_id)
    for column in pointers():
        table: Table = column.table
        ids = list(tx.execute(select(table.c.id).where(column == gone_id)).scalars())
        if table is calls:
            client_days.forget_calls(tx, ids)
        if ids:
            links.append([table.name, column.name, ids])
            tx.execute(update(table).where(column == gone_id).values({column.name: keep_id}))
    tx.execute(delete(open_deals).where(open_deals.c.contact_id == gone_id))
    _open_again(tx, keep_id)
    gone = cuttings.take_out(tx, contacts, gone_id)
    return {"rows": [*gone["rows"], *rows], "links": [], "moved": links, "keep": keep_id, "gone": gone_id}


def tell_apart(tx: Connection, cutting: Cutting) -> None:
    """Two clients again; what was changed or moved elsewhere meanwhile stays as it is."""
    keep_id, gone_id = cutting["keep"], cutting["gone"]
    [one, *others] = cutting["rows"]
    cuttings.put_back(tx, {"rows": [one], "links": []})
    for name, column, ids in cutting["moved"]:
        table = metadata.tables[name]
        if table is calls:
            client_days.forget_calls(tx, ids)
        for part in cuttings.parts(ids):
            still = update(table).where(table.c.id.in_(part), table.c[column] == keep_id)
            tx.execute(still.values({column: gone_id}))
    for name, rows in others:
        insert_missing(tx, metadata.tables[name], rows)
    for contact_id in (keep_id, gone_id):
        tx.execute(delete(open_deals).where(open_deals.c.contact_id == contact_id))
        _open_again(tx, contact_id)


def pointers() -> Iterator[Column[Any]]:
    """Every column that points at a client and goes over to another one.

    The list of open deals is made anew, and what an import made is only ever taken back from there.
    """
    for table in metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.column.table is contacts and table not in (open_deals, import_rows):
                yield key.parent


def _double_places(tx: Connection, keep_id: int, gone_id: int) -> list[list[Any]]:
    """Takes away the places where both stand on one deal; nobody stands there twice."""
    both = select(deal_contacts.c.deal_id).where(deal_contacts.c.contact_id == keep_id)
    first = select(deals.c.id).where(deals.c.contact_id == keep_id)
    beside_gone = select(deals.c.id).where(deals.c.contact_id == gone_id)
    double = (
        (deal_contacts.c.contact_id == gone_id)
        & (deal_contacts.c.deal_id.in_(both) | deal_contacts.c.deal_id.in_(first))
    ) | ((deal_contacts.c.contact_id == keep_id) & deal_contacts.c.deal_id.in_(beside_gone))
    rows = [dict(row) for row in tx.execute(select(deal_contacts).where(double)).mappings()]
    tx.execute(delete(deal_contacts).where(deal_contacts.c.id.in_([row["id"] for row in rows])))
    return [[deal_contacts.name, rows]] if rows else []


def _open_again(tx: Connection, contact_id: int) -> None:
    query = select(deals.c.id, deals.c.funnel_id).where(
        deals.c.contact_id == contact_id, deals.c.closed_at.is_(None)
    )
    rows = [
        {"contact_id": contact_id, "funnel_id": funnel_id, "deal_id": deal_id}
        for deal_id, funnel_id in tx.execute(query)
    ]
    insert_missing(tx, open_deals, rows)
