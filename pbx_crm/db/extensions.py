"""Which extension was whose, when: a call is credited by the mapping at the moment of its answer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import BindParameter, Connection, and_, bindparam, or_, select, update

from pbx_crm.db.prepared import fetch, write_rows
from pbx_crm.db.tables import extensions, people, seen_extensions
from pbx_crm.db.upsert import insert_of, put
from pbx_crm.domain.roster import PhoneSpan


@dataclass(frozen=True, slots=True)
class Link:
    """An extension in the hands of one person from one moment to another; open while `valid_to` is None."""

    id: int
    pbx: str
    number: str
    person_id: int
    person_name: str
    valid_from: datetime
    valid_to: datetime | None


@dataclass(frozen=True, slots=True)
class SeenExtension:
    """An extension that rang or dialled and is linked to nobody."""

    pbx: str
    number: str
    first_seen_at: datetime
    last_seen_at: datetime


def extension_owner(tx: Connection, pbx: str, number: str, at: datetime) -> int | None:
    """Whose extension it was at that moment; None if it was linked to nobody."""
    return owners(tx, pbx, [number], at).get(number)


def owners(tx: Connection, pbx: str, numbers: list[str], at: datetime) -> dict[str, int]:
    """Whose each of the extensions was at that moment, those linked to nobody left out; one statement."""
    if not numbers:
        return {}
    query = select(extensions.c.number, extensions.c.person_id).where(
        extensions.c.pbx == pbx,
        extensions.c.number.in_(numbers),
        extensions.c.person_id.is_not(None),
        extensions.c.valid_from <= at,
        or_(extensions.c.valid_to.is_(None), extensions.c.valid_to > at),
    )
    return {number: person_id for number, person_id in tx.execute(query)}


NUMBERS: BindParameter[str] = bindparam("numbers", expanding=True)
SPANS = select(
    extensions.c.number, extensions.c.person_id, extensions.c.valid_from, extensions.c.valid_to
).where(
    extensions.c.pbx == bindparam("pbx"),
    extensions.c.number.in_(NUMBERS),
    extensions.c.person_id.is_not(None),
)
LAST_SEEN = select(seen_extensions.c.number, seen_extensions.c.last_seen_at).where(
    seen_extensions.c.pbx == bindparam("pbx"), seen_extensions.c.number.in_(NUMBERS)
)


def spans(tx: Connection, pbx: str, numbers: Collection[str]) -> dict[str, tuple[PhoneSpan, ...]]:
    """Who had these extensions when, by extension; one statement."""
    if not numbers:
        return {}
    found: dict[str, tuple[PhoneSpan, ...]] = {}
    for row in fetch(tx, SPANS, {"pbx": pbx, "numbers": list(numbers)}):
        found[row[0]] = (*found.get(row[0], ()), PhoneSpan(*row))
    return found


def of_person(tx: Connection, person_id: int, at: datetime) -> list[str]:
    """The extensions this person has at this moment, on any PBX."""
    query = select(extensions.c.number).where(
        extensions.c.person_id == person_id,
        extensions.c.valid_from <= at,
        or_(extensions.c.valid_to.is_(None), extensions.c.valid_to > at),
    )
    return list(tx.execute(query.order_by(extensions.c.number)).scalars())


def link(tx: Connection, pbx: str, number: str, person_id: int, since: datetime) -> None:
    """Gives the extension to the person from `since` on; whoever had it has it until then.

    A link that would have begun later than `since` never comes about.
    """
    unlink(tx, pbx, number, since)
    row = {"pbx": pbx, "number": number, "valid_from": since, "person_id": person_id, "valid_to": None}
    put(tx, extensions, [row], ["pbx", "number", "valid_from"])


def unlink(tx: Connection, pbx: str, number: str, since: datetime) -> None:
    """Nobody has the extension from `since` on."""
    of_it = and_(extensions.c.pbx == pbx, extensions.c.number == number)
    tx.execute(extensions.delete().where(of_it, extensions.c.valid_from >= since))
    still_open = or_(extensions.c.valid_to.is_(None), extensions.c.valid_to > since)
    tx.execute(update(extensions).where(of_it, still_open).values(valid_to=since))


def history(tx: Connection) -> list[Link]:
    """Every link there is or was, by extension, the latest first."""
    query = (
        select(extensions, people.c.name)
        .join(people, people.c.id == extensions.c.person_id)
        .order_by(extensions.c.pbx, extensions.c.number, extensions.c.valid_from.desc())
    )
    return [
        Link(
            id=row.id,
            pbx=row.pbx,
            number=row.number,
            person_id=row.person_id,
            person_name=row.name,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in tx.execute(query)
    ]


def note_all_seen(tx: Connection, pbx: str, seen: Mapping[str, datetime]) -> None:
    """Remembers extensions that took part in calls, to the hour; one statement, rarely two."""
    if not seen:
        return
    last = {number: at for number, at in fetch(tx, LAST_SEEN, {"pbx": pbx, "numbers": list(seen)})}
    # A busy phone would be written at every ring; nobody asks for more than the hour it was last alive.
    hours = {number: at.replace(minute=0, second=0, microsecond=0) for number, at in seen.items()}
    stale = {number: at for number, at in hours.items() if number not in last or at > last[number]}
    rows = [
        {"pbx": pbx, "number": number, "first_seen_at": at, "last_seen_at": at}
        for number, at in stale.items()
    ]
    write_rows(tx, _note_seen(tx.dialect.name), rows)


@cache
def _note_seen(dialect: str) -> Any:
    statement = insert_of(dialect, seen_extensions)
    newer = {"last_seen_at": statement.excluded.last_seen_at}
    return statement.on_conflict_do_update(index_elements=["pbx", "number"], set_=newer)


def unlinked(tx: Connection, now: datetime) -> list[SeenExtension]:
    """Extensions that took part in calls and belong to nobody now, the latest seen first."""
    linked = select(extensions.c.id).where(
        extensions.c.pbx == seen_extensions.c.pbx,
        extensions.c.number == seen_extensions.c.number,
        extensions.c.person_id.is_not(None),
        extensions.c.valid_from <= now,
        or_(extensions.c.valid_to.is_(None), extensions.c.valid_to > now),
    )
    query = select(seen_extensions).where(~linked.exists()).order_by(seen_extensions.c.last_seen_at.desc())
    return [
        SeenExtension(row.pbx, row.number, row.first_seen_at, row.last_seen_at) for row in tx.execute(query)
    ]
