"""Second factors: the secret a person's authenticator app shares with us, and recovery codes as hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select, update

from pbx_crm.db.tables import recovery_codes, second_factors
from pbx_crm.db.upsert import insert_new


@dataclass(frozen=True, slots=True)
class StoredFactor:
    """What is stored of one person's second factor."""

    secret: str = field(repr=False)
    confirmed_at: datetime | None
    """None: shown to the person, and asks for nothing yet."""


def begin(tx: Connection, person_id: int, secret: str, now: datetime) -> bool:
    """Keeps a new secret until it is confirmed; False where a confirmed one is there already."""
    unconfirmed = second_factors.c.person_id == person_id, second_factors.c.confirmed_at.is_(None)
    tx.execute(delete(second_factors).where(*unconfirmed))
    values = {"person_id": person_id, "secret": secret, "made_at": now}
    return insert_new(tx, second_factors, values) is not None


def of_person(tx: Connection, person_id: int) -> StoredFactor | None:
    """The person's, also one not confirmed yet."""
    row = tx.execute(select(second_factors).where(second_factors.c.person_id == person_id)).one_or_none()
    return None if row is None else StoredFactor(row.secret, row.confirmed_at)


def is_on(tx: Connection, person_id: int) -> bool:
    """Whether this person's log-in asks for a code."""
    own = second_factors.c.person_id == person_id, second_factors.c.confirmed_at.is_not(None)
    return tx.execute(select(exists().where(*own))).scalar_one()


def who_has_one(tx: Connection) -> frozenset[int]:
    """Ids of everybody whose log-in asks for a code."""
    confirmed = second_factors.c.confirmed_at.is_not(None)
    return frozenset(tx.execute(select(second_factors.c.person_id).where(confirmed)).scalars())


def confirm(tx: Connection, person_id: int, now: datetime) -> None:
    """From now on the log-in asks for a code."""
    own = second_factors.c.person_id == person_id
    tx.execute(update(second_factors).where(own).values(confirmed_at=now))


def take_step(tx: Connection, person_id: int, step: int) -> bool:
    """Uses up the code of this step; False where it, or a later one, was used already."""
    unused = second_factors.c.person_id == person_id, second_factors.c.last_step < step
    return tx.execute(update(second_factors).where(*unused).values(last_step=step)).rowcount == 1


def put_codes(tx: Connection, person_id: int, hashes: Iterable[str]) -> None:
    """These recovery codes and no others."""
    tx.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
    rows = [{"person_id": person_id, "code_hash": code_hash} for code_hash in hashes]
    tx.execute(recovery_codes.insert(), rows)


def take_code(tx: Connection, person_id: int, code_hash: str, now: datetime) -> bool:
    """Uses up a recovery code; False for a wrong one and one used before."""
    unused = (
        recovery_codes.c.person_id == person_id,
        recovery_codes.c.code_hash == code_hash,
        recovery_codes.c.used_at.is_(None),
    )
    return tx.execute(update(recovery_codes).where(*unused).values(used_at=now)).rowcount == 1


def codes_left(tx: Connection, person_id: int) -> int:
    """How many recovery codes the person has not used."""
    unused = recovery_codes.c.person_id == person_id, recovery_codes.c.used_at.is_(None)
    return tx.execute(select(func.count()).select_from(recovery_codes).where(*unused)).scalar_one()


def drop(tx: Connection, person_id: int) -> bool:
    """The log-in asks for the password alone again; False where it did already."""
    tx.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
    return tx.execute(delete(second_factors).where(second_factors.c.person_id == person_id)).rowcount == 1
