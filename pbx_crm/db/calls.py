"""Calls as rows: written from what the tracker concluded, many calls to a statement.

A call comes whole and often (every fact carries all of it), so every write here may come twice. The
number of statements depends on what kinds of rows changed, never on how many calls or phones there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, delete, insert, select, update

from pbx_crm.db import call_days, client_days
from pbx_crm.db.prepared import fetch, insert_returning, run, write_rows
from pbx_crm.db.scoped import calls_in
from pbx_crm.db.tables import call_aliases, call_people, calls, deals, legs, talks, tasks, transfers
from pbx_crm.db.upsert import insert_of, put
from pbx_crm.domain.call import EndedBy
from pbx_crm.domain.call_knowledge import END_WEIGHT
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope

Row = Mapping[str, Any]


MOST_LINKEDIDS = 500
MORE_THAN_HEARD = 10 * END_WEIGHT

# Statements that run at every ring are put together once: that takes longer than running them.
LINKEDIDS: BindParameter[str] = bindparam("linkedids", expanding=True)
STORED = select(calls).where(calls.c.pbx == bindparam("pbx"), calls.c.linkedid.in_(LINKEDIDS))
STORED_MERGED = (
    select(calls, call_aliases.c.linkedid.label("alias"))
    .join(call_aliases, call_aliases.c.call_id == calls.c.id)
    .where(call_aliases.c.pbx == bindparam("pbx"), call_aliases.c.linkedid.in_(LINKEDIDS))
)
FORGET_OPEN_TALKS = delete(talks).where(talks.c.call_id == bindparam("call"), talks.c.ended_at.is_(None))
FORGET_TALKS = delete(talks).where(talks.c.call_id.in_(bindparam("ids", expanding=True)))
COLUMNS = tuple(column.name for column in calls.columns)
NEW = insert(calls).returning(calls.c.linkedid, calls.c.id)


@cache
def _change(names: tuple[str, ...]) -> Any:
    columns: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(calls).where(calls.c.id == bindparam("call")).values(**columns)


@cache
def _put_people(dialect: str) -> Any:
    statement = insert_of(dialect, call_people)
    changed = {
        "rang": call_people.c.rang | statement.excluded.rang,
        "talk_seconds": statement.excluded.talk_seconds,
    }
    return statement.on_conflict_do_update(index_elements=["call_id", "person_id"], set_=changed)


def stored(tx: Connection, pbx: str, linkedids: Collection[str]) -> dict[str, Row]:
    """Rows of the calls known by these Linkedids, also by one they had before a merge. Two statements."""
    asked = {"pbx": pbx, "linkedids": list(linkedids)}
    rows = (dict(zip(COLUMNS, row, strict=True)) for row in fetch(tx, STORED, asked))
    found: dict[str, Row] = {row["linkedid"]: row for row in rows}
    missing = [linkedid for linkedid in linkedids if linkedid not in found]
    if missing:
        asked = {"pbx": pbx, "linkedids": missing}
        for *row, alias in fetch(tx, STORED_MERGED, asked):
            found[alias] = dict(zip(COLUMNS, row, strict=True))
    return found


def stored_many(tx: Connection, pbx: str, linkedids: Sequence[str]) -> dict[str, Row]:
    """The same for as many as a day has: a statement takes only so many values."""
    found: dict[str, Row] = {}
    for begin in range(0, len(linkedids), MOST_LINKEDIDS):
        found |= stored(tx, pbx, linkedids[begin : begin + MOST_LINKEDIDS])
    return found


def get(tx: Connection, call_id: int, scope: Scope) -> Row:
    """The call's row, held until this transaction ends; NotFound outside the viewer's scope."""
    query = select(calls).where(calls.c.id == call_id, calls_in(scope)).with_for_update()
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(call_id=call_id)
    return dict(row)


def add(tx: Connection, rows: Sequence[Row]) -> dict[str, int]:
    """Ids of the new calls by Linkedid. One statement."""
    if not rows:
        return {}
    return {linkedid: call_id for linkedid, call_id in insert_returning(tx, NEW, rows)}


def change(tx: Connection, changes: Mapping[int, Row]) -> None:
    """Writes the changed columns of calls by id. One statement for all that change the same columns."""
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for call_id, values in changes.items():
        if values:
            alike[tuple(sorted(values))].append({**values, "call": call_id})
    for names, rows in alike.items():
        write_rows(tx, _change(names), rows)


def put_parts(
    tx: Connection, new_legs: Sequence[Row], new_talks: Sequence[Row], new_transfers: Sequence[Row]
) -> None:
    """Brings legs, talks and transfers up to date. One statement for each kind there is."""
    put(tx, legs, new_legs, ("call_id", "uniqueid"))
    put(tx, talks, new_talks, ("call_id", "extension", "started_at"))
    put(tx, transfers, new_transfers, ("call_id", "at", "kind"))


def forget_open_talks(tx: Connection, call_ids: Sequence[int]) -> None:
    """Clears talks that go on in these calls, for the newest picture to be put in their place.

    A call found under way has its talk begin when it was found, until the PBX tells the true moment;
    the talk of the first moment would stay, and go on for ever. One statement.
    """
    write_rows(tx, FORGET_OPEN_TALKS, [{"call": call_id} for call_id in call_ids])


def forget_talks(tx: Connection, call_ids: Sequence[int]) -> None:
    """Clears every talk of these calls: they turned out to have had none. No statement for none."""
    if call_ids:
        run(tx, FORGET_TALKS, {"ids": list(call_ids)})


def put_people(tx: Connection, rows: Sequence[Row]) -> None:
    """Notes whom a call concerns; who rang once has rung. One statement."""
    write_rows(tx, _put_people(tx.dialect.name), rows)


def put_aliases(tx: Connection, rows: Iterable[Row]) -> None:
    """Other Linkedids of a call. One statement."""
    put(tx, call_aliases, list(rows), ("pbx", "linkedid"))


def absorb(tx: Connection, call_id: int, gone_id: int) -> None:
    """The call `gone_id` turned out to be part of `call_id`: what hangs on it moves there, once.

    Its legs and talks go with its row, for the call it joined has them as its own.
    """
    call_days.take_out(tx, [gone_id])
    tx.execute(update(tasks).where(tasks.c.call_id == gone_id).values(call_id=call_id))
    tx.execute(update(call_aliases).where(call_aliases.c.call_id == gone_id).values(call_id=call_id))
    tx.execute(delete(calls).where(calls.c.id == gone_id))


def births(tx: Connection, deal_ids: Collection[int]) -> dict[int, str | None]:
    """Which call (`pbx/linkedid`) made each of these deals; None for one made by hand."""
    query = select(deals.c.id, deals.c.born_of).where(deals.c.id.in_(deal_ids))
    return {deal_id: born_of for deal_id, born_of in tx.execute(query)}


def reborn(tx: Connection, deal_id: int, born_of: str) -> None:
    """The deal is now the one that this call made."""
    tx.execute(update(deals).where(deals.c.id == deal_id).values(born_of=born_of))


def link_deal(tx: Connection, call_id: int, deal_id: int, contact_id: int | None, rule: Row) -> None:
    """The call belongs to this deal, for this reason."""
    values = {"deal_id": deal_id, "contact_id": contact_id, "owner_rule": dict(rule)}
    call_days.take_out(tx, [call_id])
    client_days.forget_calls(tx, [call_id])
    tx.execute(update(calls).where(calls.c.id == call_id).values(**values))
    call_days.put_in(tx, [call_id])


def make_room(tx: Connection, call_ids: Collection[int]) -> None:
    """Lets a better account of these calls replace what is stored, whatever that knew.

    Talks and transfers go, for the two accounts time them a moment apart and would stand side by side.
    """
    call_days.take_out(tx, call_ids)
    for part in (talks, transfers):
        tx.execute(delete(part).where(part.c.call_id.in_(call_ids)))
    tx.execute(update(calls).where(calls.c.id.in_(call_ids)).values(known=0))


def mark_late(tx: Connection, pbx: str, linkedids: Collection[str]) -> None:
    """These calls are from the PBX's own records; what AMI may still tell of them is passed over."""
    these = (calls.c.pbx == pbx, calls.c.linkedid.in_(linkedids), calls.c.known < MORE_THAN_HEARD)
    tx.execute(update(calls).where(*these).values(late=True, known=calls.c.known + MORE_THAN_HEARD))


def still_open(tx: Connection, pbx: str) -> dict[str, int]:
    """Ids by Linkedid of the calls of this PBX that have no end yet. One statement."""
    query = select(calls.c.linkedid, calls.c.id).where(calls.c.pbx == pbx, calls.c.ended_at.is_(None))
    return {linkedid: call_id for linkedid, call_id in tx.execute(query)}


def end_unheard(tx: Connection, call_ids: Collection[int], at: datetime) -> None:
    """Ends calls whose end nobody heard, and everything of theirs that was still going on."""
    if not call_ids:
        return
    ending = {"ended_at": at, "ended_by": EndedBy.GAP}
    tx.execute(update(calls).where(calls.c.id.in_(call_ids)).values(**ending))
    for part in (legs, talks):
        is_open = (part.c.call_id.in_(call_ids), part.c.ended_at.is_(None))
        tx.execute(update(part).where(*is_open).values(ended_at=at))
    call_days.put_in(tx, call_ids)
