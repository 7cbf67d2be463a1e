"""Whose client has this number, and on which phone that seller is: one indexed read while a caller waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, or_, select

from pbx_crm.db.clients import whose
from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import contact_numbers, contacts, extensions, people, seen_extensions


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """A client, and a phone of the seller whose client it is."""

    name: str
    extension: str | None
    """None: it is nobody's, or they have no phone on this PBX."""


_NOW = bindparam("now", type_=extensions.c.valid_from.type)
_IS_THEIRS_NOW = and_(
    extensions.c.person_id == people.c.id,
    extensions.c.pbx == bindparam("pbx"),
    extensions.c.valid_from <= _NOW,
    or_(extensions.c.valid_to.is_(None), extensions.c.valid_to > _NOW),
)
_WHOSE = func.coalesce(whose(), contacts.c.responsible_id)
_IS_SEEN = and_(seen_extensions.c.pbx == extensions.c.pbx, seen_extensions.c.number == extensions.c.number)
WHO_CALLS = (
    select(contacts.c.name, extensions.c.number)
    .select_from(contact_numbers)
    .join(contacts, contacts.c.id == contact_numbers.c.contact_id)
    .outerjoin(people, and_(people.c.id == _WHOSE, people.c.is_active))
    .outerjoin(extensions, _IS_THEIRS_NOW)
    .outerjoin(seen_extensions, _IS_SEEN)
    .where(contact_numbers.c.number == bindparam("number"))
    # Of several phones the one that was alive last: a desk in the office, not the softphone at home.
    .order_by(seen_extensions.c.last_seen_at.desc().nulls_last(), extensions.c.number)
    .limit(1)
)


def who_calls(tx: Connection, pbx: str, number: str, now: datetime) -> KnownCaller | None:
    """The client with this E.164 number, as this PBX may be told of them; None if nobody has it."""
    found = fetch(tx, WHO_CALLS, {"pbx": pbx, "number": number, "now": now})
    return KnownCaller(*found[0]) if found else None
