"""Log-ins kept on the server: web sessions and API tokens, stored as hashes, ended by deleting the row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from pbx_crm.db.people import COLUMNS, person_from
from pbx_crm.db.tables import people, sessions
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import Session, SessionKind


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session about to start; only the hash of its token is ever stored."""

    person_id: int
    token_hash: str
    kind: SessionKind
    created_at: datetime
    expires_at: datetime
    address: str | None = None
    user_agent: str | None = None
    label: str | None = None


def start(tx: Connection, new: NewSession) -> int:
    """The id of the session started."""
    values = {
        "person_id": new.person_id,
        "token_hash": new.token_hash,
        "kind": new.kind.value,
        "created_at": new.created_at,
        "seen_at": new.created_at,
        "expires_at": new.expires_at,
        "address": new.address,
        "user_agent": new.user_agent,
        "label": new.label,
    }
    made: int = tx.execute(sessions.insert().values(**values).returning(sessions.c.id)).scalar_one()
    return made


_SESSION = (
    sessions.c.id.label("session_id"),
    sessions.c.kind,
    sessions.c.label,
    sessions.c.address,
    sessions.c.user_agent,
    sessions.c.created_at,
    sessions.c.seen_at,
    sessions.c.expires_at,
)


def find(
    tx: Connection, token_hash: str, kind: SessionKind, *, now: datetime, seen_after: datetime
) -> tuple[Person, Session] | None:
    """Whose session this is, while it lives, was used since `seen_after` and the person is active."""
    query = (
        select(*COLUMNS, *_SESSION)
        .join(people, people.c.id == sessions.c.person_id)
        .where(
            sessions.c.token_hash == token_hash,
            sessions.c.kind == kind.value,
            sessions.c.expires_at > now,
            sessions.c.seen_at > seen_after,
            people.c.is_active,
        )
    )
    row = tx.execute(query).one_or_none()
    return None if row is None else (person_from(row), _session_from(row))


def of_person(tx: Connection, person_id: int, kind: SessionKind, *, now: datetime) -> list[Session]:
    """The person's running sessions of a kind, the latest used first."""
    query = (
        select(*_SESSION)
        .where(
            sessions.c.person_id == person_id,
            sessions.c.kind == kind.value,
            sessions.c.expires_at > now,
        )
        .order_by(sessions.c.seen_at.desc(), sessions.c.id.desc())
    )
    return [_session_from(row) for row in tx.execute(query)]


def touch(tx: Connection, session_id: int, now: datetime) -> None:
    """Notes that the session was used."""
    tx.execute(update(sessions).where(sessions.c.id == session_id).values(seen_at=now))


def end_one(tx: Connection, person_id: int, session_id: int) -> None:
    """Ends one session of this person; another person's is left alone."""
    tx.execute(delete(sessions).where(sessions.c.id == session_id, sessions.c.person_id == person_id))


def end_all(tx: Connection, person_id: int) -> int:
    """Ends every session and token of a person; how many there were."""
    return tx.execute(delete(sessions).where(sessions.c.person_id == person_id)).rowcount


def end_others(tx: Connection, person_id: int, keep_id: int) -> None:
    """Ends the person's browser sessions but this one; tokens of scripts go on."""
    tx.execute(
        delete(sessions).where(
            sessions.c.person_id == person_id,
            sessions.c.kind != SessionKind.API.value,
            sessions.c.id != keep_id,
        )
    )


def end_stale(tx: Connection, now: datetime) -> int:
    """Clears away what has expired; how many rows."""
    return tx.execute(delete(sessions).where(sessions.c.expires_at <= now)).rowcount


def _session_from(row: Row[*tuple[Any, ...]]) -> Session:
    return Session(
        id=row.session_id,
        kind=SessionKind(row.kind),
        label=row.label,
        address=row.address,
        user_agent=row.user_agent,
        created_at=row.created_at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
    )
