"""What each phone is doing, as rows: every web process shows the same, whichever hears the PBX."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select

from pbx_crm.db.tables import extensions, people, phone_states
from pbx_crm.db.upsert import put as put_rows
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.presence import ORDER, PersonPresence, PhoneState


def put(tx: Connection, pbx: str, states: Mapping[str, PhoneState], at: datetime) -> None:
    """These extensions are in these states since then."""
    rows = [{"pbx": pbx, "number": number, "state": state, "since": at} for number, state in states.items()]
    if rows:
        put_rows(tx, phone_states, rows, ["pbx", "number"])


def forget(tx: Connection, pbx: str) -> None:
    """Nothing is known of this PBX's phones."""
    tx.execute(delete(phone_states).where(phone_states.c.pbx == pbx))


def of_people(tx: Connection, scope: Scope, now: datetime) -> list[PersonPresence]:
    """The sellers this viewer sees who have a phone, by name, each with the word for all their phones."""
    query = (
        select(people.c.id, people.c.name, phone_states.c.state, phone_states.c.since)
        .join(extensions, extensions.c.person_id == people.c.id)
        .outerjoin(
            phone_states,
            and_(phone_states.c.pbx == extensions.c.pbx, phone_states.c.number == extensions.c.number),
        )
        .where(
            people.c.is_active,
            people.c.role != Role.NONE,
            extensions.c.valid_from <= now,
            or_(extensions.c.valid_to.is_(None), extensions.c.valid_to > now),
        )
        .order_by(people.c.name, people.c.id)
    )
    if scope.reach is not Reach.ALL:
        query = query.where(people.c.id == scope.person_id)
    found: dict[int, PersonPresence] = {}
    for person_id, name, word, since in tx.execute(query):
        state = PhoneState(word) if word else None
        known = found.get(person_id)
        if known is None or _counts_more(state, known.state):
            found[person_id] = PersonPresence(person_id, name, state, since)
    return list(found.values())


def _counts_more(state: PhoneState | None, than: PhoneState | None) -> bool:
    return state is not None and (than is None or ORDER.index(state) < ORDER.index(than))
