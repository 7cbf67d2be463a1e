"""Rows of a list made into clients, some at a time, and taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, exists, insert, null, or_, select, update

from pbx_crm.db import callers
from pbx_crm.db.contact_merge import pointers
from pbx_crm.db.prepared import write_rows
from pbx_crm.db.tables import contact_numbers, contacts, import_rows
from pbx_crm.domain.contact_import import ClientRow

NOTHING: Mapping[str, Any] = {
    **dict.fromkeys(("name", "city"), ""),
    **dict.fromkeys(("company_id", "region_id", "responsible_id")),
    "do_not_call": False,
}
"""What a list may tell of a client besides their numbers, and how each stands where nobody has told it."""
NEW = insert(contacts).returning(contacts.c.id, sort_by_parameter_order=True)
NEW_NUMBERS = insert(contact_numbers)
MADE = insert(import_rows).values(import_id=bindparam("import_id"), contact_id=bindparam("contact_id"))
FILLED = insert(import_rows)
KEPT: Mapping[str, Any] = {}
"""Stands for what was filled in, with a client whom the list made and somebody changed since."""


def known(tx: Connection, numbers: Collection[str]) -> dict[str, int]:
    """Ids of the clients who have these numbers. One statement."""
    query = select(contact_numbers.c.number, contact_numbers.c.contact_id)
    return {
        row.number: row.contact_id for row in tx.execute(query.where(contact_numbers.c.number.in_(numbers)))
    }


@dataclass(slots=True, eq=False)
class ClientDraft:
    """A client as some rows of a list will leave them; nothing is written yet."""

    id: int | None = None
    """None for one whom these rows make."""
    stands: dict[str, Any] = field(default_factory=lambda: dict(NOTHING))
    filled: dict[str, Any] = field(default_factory=dict)
    """What these rows fill in."""
    numbers: list[str] = field(default_factory=list)
    """Numbers that these rows bring."""

    def take(self, row: ClientRow, new: Sequence[str], company_id: int | None) -> bool:
        """Whether the row tells something new: what stands already is never written over."""
        told = {
            "name": row.name,
            "city": row.city,
            "company_id": company_id,
            "region_id": row.region.id if row.region is not None else None,
            "responsible_id": row.responsible_id,
            "do_not_call": row.do_not_call,
        }
        blank = {name: value for name, value in told.items() if value and not self.stands[name]}
        self.stands |= blank
        self.filled |= blank
        self.numbers += new
        return bool(blank or new)


def drafts(tx: Connection, numbers: Collection[str]) -> dict[str, ClientDraft]:
    """The clients who have these numbers, held until this transaction ends; one statement."""
    callers.hold(tx, numbers)
    columns = (contact_numbers.c.number, contacts.c.id, *(contacts.c[name] for name in NOTHING))
    query = select(*columns).join_from(
        contact_numbers, contacts, contacts.c.id == contact_numbers.c.contact_id
    )
    by_id: dict[int, ClientDraft] = {}
    found: dict[str, ClientDraft] = {}
    for number, contact_id, *stands in tx.execute(query.where(contact_numbers.c.number.in_(numbers))):
        draft = ClientDraft(contact_id, dict(zip(NOTHING, stands, strict=True)))
        found[number] = by_id.setdefault(contact_id, draft)
    return found


def write(tx: Connection, import_id: int, drafts: Collection[ClientDraft], now: datetime) -> None:
    """Makes and fills in these clients; as many statements for all of them as for a few."""
    made = [draft for draft in drafts if draft.id is None]
    known = [draft for draft in drafts if draft.id is not None and (draft.filled or draft.numbers)]
    _make(tx, made, now)
    _fill_in(tx, known)
    numbers = [{"contact_id": one.id, "number": number} for one in drafts for number in one.numbers]
    write_rows(tx, NEW_NUMBERS, numbers)
    write_rows(tx, MADE, [{"import_id": import_id, "contact_id": one.id} for one in made])
    told = [(one.id, {**one.filled, "numbers": one.numbers}) for one in known]
    write_rows(
        tx, FILLED, [{"import_id": import_id, "contact_id": key, "filled": filled} for key, filled in told]
    )


def _make(tx: Connection, made: Sequence[ClientDraft], now: datetime) -> None:
    if made:
        rows = [{**draft.stands, "created_at": now} for draft in made]
        for draft, contact_id in zip(made, tx.execute(NEW, rows).scalars(), strict=True):
            draft.id = contact_id


def _fill_in(tx: Connection, known: Sequence[ClientDraft]) -> None:
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for draft in known:
        if draft.filled:
            alike[tuple(sorted(draft.filled))].append({**draft.filled, "contact": draft.id})
    for names, rows in alike.items():
        write_rows(tx, _filling(names), rows)


@cache
def _filling(names: tuple[str, ...]) -> Any:
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(contacts).where(contacts.c.id == bindparam("contact")).values(**values)


def take_back(tx: Connection, import_id: int, most: int) -> tuple[int, int, int]:
    """Rows looked at, clients gone, clients kept because something stands on them since; latest first."""
    query = select(import_rows).where(import_rows.c.import_id == import_id)
    rows = tx.execute(query.order_by(import_rows.c.id.desc()).limit(most)).all()
    made = [row.contact_id for row in rows if row.filled is None]
    used = _in_use(tx, import_id, made)
    for row in rows:
        if row.filled is not None:
            _empty_again(tx, row.contact_id, dict(row.filled))
    tx.execute(delete(import_rows).where(import_rows.c.id.in_([row.id for row in rows])))
    gone = set(made) - used
    tx.execute(delete(contacts).where(contacts.c.id.in_(gone)))
    kept = sum(row.filled == KEPT for row in rows)
    return len(rows), len(gone), len(used) + kept


def _in_use(tx: Connection, import_id: int, contact_ids: Collection[int]) -> set[int]:
    """Those on whom a deal, a call, a task or another list's row stands."""
    pointed = [
        exists().where(column == contacts.c.id)
        for column in pointers()
        if column.table is not contact_numbers
    ]
    other_list = exists().where(
        import_rows.c.contact_id == contacts.c.id, import_rows.c.import_id != import_id
    )
    query = select(contacts.c.id).where(contacts.c.id.in_(contact_ids), or_(*pointed, other_list))
    return set(tx.execute(query).scalars())


def _empty_again(tx: Connection, contact_id: int, filled: dict[str, Any]) -> None:
    numbers = filled.pop("numbers", [])
    given = (contact_numbers.c.contact_id == contact_id, contact_numbers.c.number.in_(numbers))
    tx.execute(delete(contact_numbers).where(*given))
    for name, value in filled.items():
        # What somebody has written there since stays.
        still = update(contacts).where(contacts.c.id == contact_id, contacts.c[name] == value)
        tx.execute(still.values({name: NOTHING[name]}))


def keep(tx: Connection, contact_id: int) -> None:
    """Somebody has written something on this client: the list that made them does not take them back."""
    made = (import_rows.c.contact_id == contact_id, import_rows.c.filled.is_(null()))
    tx.execute(update(import_rows).where(*made).values(filled=KEPT))
