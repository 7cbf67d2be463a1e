"""A client's traces in the database: found, and taken away so that only what counts nobody stays.

Calls and deals stay as figures without a name: reports of the past keep their sums. Whatever says who it
was goes: numbers, names, notes, files, tasks, what lies in the bin, and what waits to be sent.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Text, cast, delete, or_, select, update

from pbx_crm.db import call_days, client_days
from pbx_crm.db.contact_merge import pointers
from pbx_crm.db.cuttings import parts
from pbx_crm.db.tables import (
    advices,
    alerts,
    bin_items,
    calls,
    contact_numbers,
    contacts,
    deal_contacts,
    deal_events,
    deal_files,
    deal_notes,
    deals,
    dials,
    import_refusals,
    jobs,
    legs,
    note_drafts,
    site_requests,
    stage_moves,
    tasks,
    transfers,
    voice_calls,
)
from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.erasure import ClientTrace

OF_DEAL = (deal_notes, deal_files, note_drafts, site_requests, advices)
"""What people wrote down about a deal."""
LOOSE: tuple[Column[Any], ...] = (
    jobs.c.payload,
    alerts.c.details,
    import_refusals.c.cells,
    bin_items.c.cutting,
)
"""Where a client may be named without being pointed at; small tables all of them."""


def trace(tx: Connection, contact_id: int) -> ClientTrace:
    """All there is of this client."""
    name = tx.execute(select(contacts.c.name).where(contacts.c.id == contact_id)).scalar_one()
    of_client = contact_numbers.c.contact_id == contact_id
    numbers = list(tx.execute(select(contact_numbers.c.number).where(of_client)).scalars())
    # A number that moved here from another client took none of that client's calls along.
    nobodys = calls.c.contact_id.is_(None) & calls.c.e164.in_(numbers)
    theirs = or_(calls.c.contact_id == contact_id, nobodys)
    columns = (calls.c.id, calls.c.recorded, calls.c.ended_at)
    rows = tx.execute(select(*columns).where(theirs).order_by(calls.c.id)).all()
    own, shared = _deals(tx, contact_id)
    return ClientTrace(
        contact_id,
        name,
        tuple(numbers),
        calls=tuple(row.id for row in rows),
        recorded=tuple(row.id for row in rows if row.recorded),
        deals=own,
        shared_deals=shared,
        is_on_the_phone=any(row.ended_at is None for row in rows),
    )


def _deals(tx: Connection, contact_id: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    first = set(tx.execute(select(deals.c.id).where(deals.c.contact_id == contact_id)).scalars())
    beside = deal_contacts.c.contact_id == contact_id
    second = set(tx.execute(select(deal_contacts.c.deal_id).where(beside)).scalars())
    others = select(deal_contacts.c.deal_id).where(deal_contacts.c.contact_id != contact_id)
    with_others = {
        deal_id
        for part in parts(sorted(first))
        for deal_id in tx.execute(others.where(deal_contacts.c.deal_id.in_(part))).scalars()
    }
    return tuple(sorted(first - with_others)), tuple(sorted(with_others | (second - first)))


def erase(tx: Connection, client: ClientTrace) -> None:
    """Nothing says any more who this client was; figures stay as they were."""
    call_days.take_out(tx, client.calls)
    client_days.forget_calls(tx, client.calls)
    _blank_calls(tx, client)
    call_days.put_in(tx, client.calls)
    _blank_deals(tx, client)
    _drop_tasks(tx, client)
    _drop_loose(tx, client)
    _blank(tx, dials, dials.c.number, client.numbers, number="")
    _blank(tx, voice_calls, voice_calls.c.number, client.numbers, number=None)
    _let_go(tx, client.contact_id)


def _blank_calls(tx: Connection, client: ClientTrace) -> None:
    nobody = {"external_number": None, "e164": None, "caller_name": None, "contact_id": None}
    _blank(tx, calls, calls.c.id, client.calls, **nobody, recorded=False, recording_file=None)
    for part in parts(client.calls):
        outside = (legs.c.call_id.in_(part), legs.c.extension.is_(None))
        tx.execute(update(legs).where(*outside).values(number=None))
    _blank(tx, transfers, transfers.c.call_id, client.calls, target=None)


def _blank_deals(tx: Connection, client: ClientTrace) -> None:
    _blank(tx, deals, deals.c.id, client.deals, title="")
    _blank(tx, stage_moves, stage_moves.c.deal_id, client.deals, reason="")
    _blank_skips(tx, client)
    for table in OF_DEAL:
        _drop(tx, table, table.c.deal_id, client.deals)
    named = _named(client)
    for table, column in ((deal_events, "details"), (stage_moves, "evidence")):
        for row in _rows_of(tx, table, column, (*client.deals, *client.shared_deals)):
            cleaned = without(row.said, named)
            if cleaned != row.said:
                tx.execute(update(table).where(table.c.id == row.id).values({column: cleaned}))


def _blank_skips(tx: Connection, client: ClientTrace) -> None:
    """Why a move was made though a gate was not confirmed: as free a text as the move's own reason."""
    for row in _rows_of(tx, stage_moves, "evidence", client.deals):
        if gate := row.said.get("gate"):
            said = {**row.said, "gate": {**gate, "skipped": ""}}
            tx.execute(update(stage_moves).where(stage_moves.c.id == row.id).values(evidence=said))


def _rows_of(tx: Connection, table: Table, column: str, deal_ids: Sequence[int]) -> list[Any]:
    asked = select(table.c.id, table.c[column].label("said"))
    return [
        row for part in parts(deal_ids) for row in tx.execute(asked.where(table.c.deal_id.in_(part))).all()
    ]


def _drop_tasks(tx: Connection, client: ClientTrace) -> None:
    """What was still to be done for this client is done for nobody; what was done stays as a figure."""
    theirs = [tasks.c.contact_id == client.contact_id]
    theirs += [tasks.c.deal_id.in_(part) for part in parts(client.deals)]
    for these in theirs:
        tx.execute(delete(tasks).where(these, tasks.c.done_at.is_(None)))
        tx.execute(update(tasks).where(these).values(title="", result=""))


def _drop_loose(tx: Connection, client: ClientTrace) -> None:
    for column in LOOSE:
        for word in _written(client):
            tx.execute(delete(column.table).where(cast(column, Text).contains(word, autoescape=True)))
    _drop(tx, alerts, alerts.c.key, client.numbers)
    for end in (",", "}"):
        # A deal of theirs that lies in the bin, and would come back with its notes.
        pointing = cast(bin_items.c.cutting, Text).contains(f'"contact_id": {client.contact_id}{end}')
        tx.execute(delete(bin_items).where(pointing))
    merged = (bin_items.c.kind == BinKind.MERGE, bin_items.c.subject_id == str(client.contact_id))
    tx.execute(delete(bin_items).where(*merged))
    for part in parts([str(deal_id) for deal_id in client.deals]):
        tx.execute(
            delete(bin_items).where(bin_items.c.kind != BinKind.MERGE, bin_items.c.subject_id.in_(part))
        )


def _let_go(tx: Connection, contact_id: int) -> None:
    for column in pointers():
        if column.nullable:
            tx.execute(update(column.table).where(column == contact_id).values({column.name: None}))
    tx.execute(delete(contacts).where(contacts.c.id == contact_id))


def _blank(
    tx: Connection, table: Table, column: Column[Any], values: Sequence[int | str], **changed: Any
) -> None:
    for part in parts(values):
        tx.execute(update(table).where(column.in_(part)).values(**changed))


def _drop(
    tx: Connection,
    table: Table,
    column: Column[Any],
    values: Sequence[int | str],
    *conditions: ColumnElement[bool],
) -> None:
    for part in parts(values):
        tx.execute(delete(table).where(column.in_(part), *conditions))


def _named(client: ClientTrace) -> frozenset[str]:
    """By what words this client is called."""
    return frozenset(
        {client.name.strip(), *client.numbers, *(one.lstrip("+") for one in client.numbers)} - {""}
    )


def _written(client: ClientTrace) -> list[str]:
    """The same as JSON writes it: figures anywhere, a name only as a whole value."""
    figures = [number.lstrip("+") for number in client.numbers]
    return [*figures, *([json.dumps(client.name)] if client.name.strip() else [])]


def without(said: Any, named: Collection[str]) -> Any:
    """JSON of the same shape in which no text is, or holds, one of these words."""
    match said:
        case str():
            return "" if any(word in said for word in named) else said
        case list():
            return [without(one, named) for one in said]
        case dict():
            return {key: without(one, named) for key, one in said.items()}
        case _:
            return said
