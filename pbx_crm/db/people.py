"""People of the company: who they are, what they may, and the hash of their password."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import people
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_

COLUMNS = (
    people.c.id,
    people.c.login,
    people.c.name,
    people.c.role,
    people.c.is_admin,
    people.c.is_active,
    people.c.language,
    people.c.theme,
    people.c.time_zone,
    people.c.letter_keys,
    people.c.board_ltr,
)


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody to be added; without a password hash they cannot log in yet."""

    login: str
    name: str
    role: Role
    is_admin: bool = False
    password_hash: str | None = None
    language: str | None = None


def person_from(row: Row[*tuple[Any, ...]]) -> Person:
    """The person in a row that holds COLUMNS."""
    return Person(
        id=row.id,
        login=row.login,
        name=row.name,
        role=Role(row.role),
        is_admin=row.is_admin,
        is_active=row.is_active,
        language=row.language,
        theme=row.theme,
        time_zone=row.time_zone,
        letter_keys=row.letter_keys,
        board_ltr=row.board_ltr,
    )


def add(tx: Connection, new: NewPerson, now: datetime) -> int:
    """The new person's id; BadInput if the log-in name is taken."""
    values = {
        "login": new.login,
        "name": new.name,
        "role": new.role.value,
        "is_admin": new.is_admin,
        "password_hash": new.password_hash,
        "language": new.language,
        "created_at": now,
    }
    person_id = insert_new(tx, people, values)
    if person_id is None:
        raise BadInput(reasons={"login": N_("This log-in name is taken.")}, login=new.login)
    return person_id


def get(tx: Connection, person_id: int) -> Person:
    """The person with this id, also a disabled one; NotFound otherwise."""
    row = tx.execute(select(*COLUMNS).where(people.c.id == person_id)).one_or_none()
    if row is None:
        raise NotFound(person_id=person_id)
    return person_from(row)


def by_login(tx: Connection, login: str) -> tuple[Person, str | None] | None:
    """The person with this log-in name and the hash of their password."""
    row = tx.execute(select(*COLUMNS, people.c.password_hash).where(people.c.login == login)).one_or_none()
    return None if row is None else (person_from(row), row.password_hash)


def with_hash(tx: Connection, person_id: int) -> tuple[Person, str | None]:
    """The person with this id and the hash of their password; NotFound otherwise."""
    row = tx.execute(select(*COLUMNS, people.c.password_hash).where(people.c.id == person_id)).one_or_none()
    if row is None:
        raise NotFound(person_id=person_id)
    return person_from(row), row.password_hash


def everybody(tx: Connection, *, active_only: bool = False) -> list[Person]:
    """All people by name, the active ones first."""
    query = select(*COLUMNS).order_by(people.c.is_active.desc(), people.c.name, people.c.id)
    if active_only:
        query = query.where(people.c.is_active)
    return [person_from(row) for row in tx.execute(query)]


CARD_OWNERS = (
    select(people.c.id, people.c.role)
    .where(people.c.is_active, people.c.role != Role.NONE.value)
    .order_by(people.c.id)
)


def card_owners(tx: Connection) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Ids of everybody who may own cards, and of the heads among them, in a fixed order; one statement."""
    rows = fetch(tx, CARD_OWNERS)
    heads = tuple(person_id for person_id, role in rows if role == Role.HEAD.value)
    return tuple(person_id for person_id, _ in rows), heads


def change(tx: Connection, person_id: int, values: Mapping[str, Any]) -> None:
    """Writes the given columns of a person; NotFound if there is none, BadInput for a taken log-in name."""
    try:
        with tx.begin_nested():
            changed = tx.execute(update(people).where(people.c.id == person_id).values(**values))
    except IntegrityError as error:
        raise BadInput(reasons={"login": N_("This log-in name is taken.")}) from error
    if changed.rowcount != 1:
        raise NotFound(person_id=person_id)


def anybody(tx: Connection) -> bool:
    """Whether there is anybody at all; False right after the installation."""
    return tx.execute(select(people.c.id).limit(1)).first() is not None
