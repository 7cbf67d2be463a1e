"""Clicks on a number: each is a row before the PBX is asked, and so can never be asked twice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from pbx_crm.db.tables import calls, dials, extensions, legs, people
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.call import Direction, LegKind
from pbx_crm.domain.dialling import DialState


@dataclass(frozen=True, slots=True)
class NewDial:
    """One click."""

    person_id: int
    request_key: str
    pbx: str
    extension: str
    number: str
    channel_id: str
    at: datetime


def phones_of(tx: Connection, person_id: int, at: datetime) -> list[tuple[str, str]]:
    """PBX and extension of each phone that is this person's at that moment."""
    query = select(extensions.c.pbx, extensions.c.number).where(
        extensions.c.person_id == person_id,
        extensions.c.valid_from <= at,
        extensions.c.valid_to.is_(None) | (extensions.c.valid_to > at),
    )
    ordered = query.order_by(extensions.c.pbx, extensions.c.valid_from, extensions.c.number)
    return [(pbx, number) for pbx, number in tx.execute(ordered)]


def begin(tx: Connection, person_id: int) -> None:
    """Makes this person's clicks wait for each other to the end of the transaction: none slips by a count."""
    tx.execute(select(people.c.id).where(people.c.id == person_id).with_for_update())


def add(tx: Connection, new: NewDial) -> int | None:
    """The id of the new click; None if a click with this key is known."""
    values = {name: getattr(new, name) for name in NewDial.__slots__}
    return insert_new(tx, dials, {**values, "state": DialState.ASKED})


def number_of(tx: Connection, person_id: int, request_key: str) -> str | None:
    """The number that the click with this key was for; None if there was none."""
    is_it = (dials.c.person_id == person_id) & (dials.c.request_key == request_key)
    return tx.execute(select(dials.c.number).where(is_it)).scalar_one_or_none()


def count_since(tx: Connection, person_id: int, since: datetime) -> int:
    """How many clicks of this person came after that moment."""
    query = select(func.count()).where(dials.c.person_id == person_id, dials.c.at > since)
    return tx.execute(query).scalar_one()


def rings(tx: Connection, person_id: int, number: str, since: datetime) -> bool:
    """Whether this person's phone may be ringing for this number after a click since then."""
    query = select(dials.c.id).where(
        *(dials.c.person_id == person_id, dials.c.number == number),
        *(dials.c.at > since, dials.c.state != DialState.REFUSED),
    )
    return tx.execute(query.limit(1)).first() is not None


def settle(tx: Connection, dial_id: int, state: DialState) -> None:
    """Keeps what became of a click."""
    tx.execute(update(dials).where(dials.c.id == dial_id).values(state=state))


def own_channel(tx: Connection, call_id: int, person_id: int) -> tuple[str, str] | None:
    """PBX and Uniqueid of the person's own phone in a call that goes on; None if they have none there."""
    leg = (
        select(calls.c.pbx, legs.c.uniqueid)
        .join_from(legs, calls, calls.c.id == legs.c.call_id)
        .where(
            *(legs.c.call_id == call_id, legs.c.person_id == person_id, legs.c.kind == LegKind.SELLER),
            *(legs.c.ended_at.is_(None), calls.c.ended_at.is_(None)),
        )
        .order_by(legs.c.answered_at.is_(None), legs.c.id)
    )
    # A phone that dialled is no leg of its call: it is the channel the call is named after.
    dialled = select(calls.c.pbx, calls.c.linkedid).where(
        *(calls.c.id == call_id, calls.c.seller_id == person_id),
        *(calls.c.direction == Direction.OUT, calls.c.ended_at.is_(None)),
    )
    found = tx.execute(leg.limit(1)).first() or tx.execute(dialled).first()
    return None if found is None else (found[0], found[1])
