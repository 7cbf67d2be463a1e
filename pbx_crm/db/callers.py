"""The clients behind telephone numbers, many numbers at a time, with the deals a call may belong to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    Integer,
    bindparam,
    cast,
    delete,
    insert,
    null,
    or_,
    select,
    text,
    union_all,
)

from pbx_crm.db.prepared import fetch, insert_returning
from pbx_crm.db.tables import contact_numbers, contacts, deal_contacts, deals, people
from pbx_crm.db.upsert import insert_of


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
    beside: tuple[int, ...] = ()
    """Of the clients asked for, those who stand on it beside its first one."""


BY_NUMBERS = (
    select(contacts.c.id, contact_numbers.c.number, contacts.c.name, contacts.c.responsible_id)
    .join(contact_numbers, contact_numbers.c.contact_id == contacts.c.id)
    .where(contact_numbers.c.number.in_(bindparam("numbers", expanding=True)))
)
CONTACT_IDS: BindParameter[int] = bindparam("contact_ids", expanding=True)
COLUMNS = tuple(deals.c[one.name] for one in fields(CallerDeal) if one.name != "beside")
THEIR_OWN = select(*COLUMNS, cast(null(), Integer).label("beside")).where(
    or_(deals.c.contact_id.in_(CONTACT_IDS), deals.c.id.in_(bindparam("deal_ids", expanding=True)))
)
BESIDE = (
    select(*COLUMNS, deal_contacts.c.contact_id)
    .join_from(deal_contacts, deals, deals.c.id == deal_contacts.c.deal_id)
    .where(deal_contacts.c.contact_id.in_(CONTACT_IDS), deals.c.closed_at.is_(None))
)
# Two halves, each by its own index: as one condition with OR PostgreSQL would look at every deal there is.
DEALS_OF = union_all(THEIR_OWN, BESIDE).order_by("closed_at", "id")
LOCK = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(one, 0)) FROM unnest(CAST(:numbers AS text[])) AS one"
)


def hold(tx: Connection, numbers: Collection[str]) -> None:
    """Nobody else decides about these numbers before this transaction ends.

    Two first calls of one client, taken in by two transactions at once, would both find no open deal.
    SQLite has one writer anyway; on PostgreSQL a lock on the number stands in for the row that is not
    there yet. Sorted, so that two batches never wait for each other.
    """
    if numbers and tx.dialect.name == "postgresql":
        tx.execute(LOCK, {"numbers": sorted(set(numbers))})


def by_numbers(tx: Connection, numbers: Collection[str]) -> list[Caller]:
    """The clients who have these E.164 numbers; one statement."""
    if not numbers:
        return []
    return [Caller(*row) for row in fetch(tx, BY_NUMBERS, {"numbers": list(numbers)})]


def deals_of(
    tx: Connection, contact_ids: Collection[int], deal_ids: Collection[int] = ()
) -> list[CallerDeal]:
    """Every deal of these clients, and these deals; the last one closed comes last. One statement.

    Open deals on which these clients stand beside another one are among them, and say so.
    """
    if not contact_ids and not deal_ids:
        return []
    asked = {"contact_ids": list(contact_ids), "deal_ids": list(deal_ids)}
    found: dict[int, CallerDeal] = {}
    for *values, contact_id in fetch(tx, DEALS_OF, asked):
        deal = CallerDeal(*values)
        before = found.setdefault(deal.id, deal)
        if contact_id is not None:
            found[deal.id] = replace(before, beside=(*before.beside, contact_id))
    return list(found.values())


@dataclass(frozen=True, slots=True)
class NewCaller:
    """A client to be made, known by this number."""

    number: str
    name: str
    responsible_id: int | None
    created_at: datetime


def make(tx: Connection, new: Sequence[NewCaller]) -> dict[str, int]:
    """Contact ids by number. Two statements.

    Where somebody else gave a number to a client a moment ago, theirs is the client.
    """
    if not new:
        return {}
    made = list(_insert(tx, new))
    pairs = [{"contact_id": contact_id, "number": caller.number, "label": ""} for contact_id, caller in made]
    claimed = insert_returning(tx, _claim(tx.dialect.name), pairs)
    found = {number: contact_id for number, contact_id in claimed}
    if len(found) < len(new):
        _give_way(tx, {contact_id for contact_id, _ in made} - set(found.values()))
        lost = [caller.number for caller in new if caller.number not in found]
        found |= {caller.number: caller.contact_id for caller in by_numbers(tx, lost)}
    return found


NEW = insert(contacts).returning(
    contacts.c.id, contacts.c.name, contacts.c.responsible_id, contacts.c.created_at
)


@cache
def _claim(dialect: str) -> Any:
    claim = insert_of(dialect, contact_numbers).on_conflict_do_nothing()
    return claim.returning(contact_numbers.c.number, contact_numbers.c.contact_id)


def _insert(tx: Connection, new: Sequence[NewCaller]) -> Iterator[tuple[int, NewCaller]]:
    """New contact ids, each with a caller whose name and dates its row has."""
    rows = [
        {"name": caller.name, "responsible_id": caller.responsible_id, "created_at": caller.created_at}
        for caller in new
    ]
    # No database promises the order of RETURNING; rows that are alike may stand for each other.
    ids: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for contact_id, *values in insert_returning(tx, NEW, rows):
        ids[tuple(values)].append(contact_id)
    for caller in new:
        yield ids[caller.name, caller.responsible_id, caller.created_at].pop(), caller


def _give_way(tx: Connection, orphans: Collection[int]) -> None:
    tx.execute(delete(contacts).where(contacts.c.id.in_(orphans)))


def responsible_of(tx: Connection, contact_id: int) -> int | None:
    """The client's own seller, if that is somebody who still works here."""
    query = (
        select(contacts.c.responsible_id)
        .join_from(contacts, people, people.c.id == contacts.c.responsible_id)
        .where(contacts.c.id == contact_id, people.c.is_active)
    )
    return tx.execute(query).scalar_one_or_none()
