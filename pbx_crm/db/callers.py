"""The clients behind telephone numbers, many numbers at a time, with the deals a call may belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, text

from pbx_crm.db.tables import contact_numbers, contacts, deals
from pbx_crm.db.upsert import insert_into


@dataclass(frozen=True, slots=True)
class Caller:
    """A client as the intake needs to know them."""

    contact_id: int
    number: str
    name: str
    responsible_id: int | None


@dataclass(frozen=True, slots=True)
class CallerDeal:
    """A deal as the intake needs to know it."""

    id: int
    contact_id: int | None
    funnel_id: int
    stage_id: int
    owner_id: int
    born_of: str | None
    active_at: datetime
    closed_at: datetime | None


def hold(tx: Connection, numbers: Collection[str]) -> None:
    """Nobody else decides about these numbers before this transaction ends.

    Two first calls of one client, taken in by two transactions at once, would both find no open deal.
    SQLite has one writer anyway; on PostgreSQL a lock on the number stands in for the row that is not
    there yet. Sorted, so that two batches never wait for each other.
    """
    if numbers and tx.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:number, 0))")
        for number in sorted(numbers):
            tx.execute(lock, {"number": number})


def by_numbers(tx: Connection, numbers: Collection[str]) -> list[Caller]:
    """The clients who have these E.164 numbers; one statement."""
    if not numbers:
        return []
    query = (
        select(contacts.c.id, contact_numbers.c.number, contacts.c.name, contacts.c.responsible_id)
        .join(contact_numbers, contact_numbers.c.contact_id == contacts.c.id)
        .where(contact_numbers.c.number.in_(numbers))
    )
    return [Caller(*row) for row in tx.execute(query)]


def deals_of(
    tx: Connection, contact_ids: Collection[int], deal_ids: Collection[int] = ()
) -> list[CallerDeal]:
    """Every deal of these clients, and these deals; the last one closed comes last. One statement."""
    if not contact_ids and not deal_ids:
        return []
    names = ("id", "contact_id", "funnel_id", "stage_id", "owner_id", "born_of", "active_at", "closed_at")
    wanted = or_(deals.c.contact_id.in_(contact_ids), deals.c.id.in_(deal_ids))
    query = select(*(deals.c[name] for name in names)).where(wanted)
    return [CallerDeal(*row) for row in tx.execute(query.order_by(deals.c.closed_at, deals.c.id))]


def make(tx: Connection, new: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Contact ids by number; each of `new` has `number` and the columns of a contact.

    Two statements; where somebody else gave a number to a client a moment ago, theirs is the client.
    """
    if not new:
        return {}
    rows = [{name: value for name, value in one.items() if name != "number"} for one in new]
    made = insert(contacts).returning(contacts.c.id, sort_by_parameter_order=True)
    ids = list(tx.execute(made, rows).scalars())
    pairs = [
        {"contact_id": made_id, "number": one["number"], "label": ""}
        for made_id, one in zip(ids, new, strict=True)
    ]
    claimed = insert_into(tx, contact_numbers).on_conflict_do_nothing()
    won = claimed.returning(contact_numbers.c.number, contact_numbers.c.contact_id)
    found = {number: contact_id for number, contact_id in tx.execute(won, pairs)}
    if len(found) < len(new):
        _give_way(tx, set(ids) - set(found.values()))
        lost = [one["number"] for one in new if one["number"] not in found]
        found |= {caller.number: caller.contact_id for caller in by_numbers(tx, lost)}
    return found


def _give_way(tx: Connection, orphans: Collection[int]) -> None:
    tx.execute(delete(contacts).where(contacts.c.id.in_(orphans)))
