"""What people change about clients: fields and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, select, update

from pbx_crm.db.scoped import contacts_in
from pbx_crm.db.tables import contact_numbers, contacts
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope


def lock(tx: Connection, contact_id: int, scope: Scope) -> None:
    """Nobody else changes the client before this transaction ends; NotFound outside the viewer's scope."""
    query = select(contacts.c.id).where(contacts.c.id == contact_id, contacts_in(scope, contacts.c.id))
    if tx.execute(query.with_for_update(of=contacts)).first() is None:
        raise NotFound(contact_id=contact_id)


def change(tx: Connection, contact_id: int, values: Mapping[str, Any]) -> None:
    """Writes these columns of the client."""
    if values:
        tx.execute(update(contacts).where(contacts.c.id == contact_id).values(**values))


def add_number(tx: Connection, contact_id: int, number: str, label: str) -> bool:
    """Whether the number is the client's now; False if somebody has it already."""
    row = {"contact_id": contact_id, "number": number, "label": label}
    return insert_new(tx, contact_numbers, row) is not None


def drop_number(tx: Connection, contact_id: int, number_id: int) -> None:
    """The client has this number no more; a second time changes nothing."""
    these = (contact_numbers.c.id == number_id, contact_numbers.c.contact_id == contact_id)
    tx.execute(delete(contact_numbers).where(*these))


def is_not_to_be_called(tx: Connection, number: str) -> bool:
    """Whether this E.164 number is that of a client who asked not to be called."""
    query = select(contacts.c.do_not_call).join(contact_numbers)
    return bool(tx.execute(query.where(contact_numbers.c.number == number)).scalar_one_or_none())


def wants_no_calls(tx: Connection, contact_id: int | None) -> bool:
    """Whether this client asked not to be called."""
    if contact_id is None:
        return False
    query = select(contacts.c.do_not_call).where(contacts.c.id == contact_id)
    return bool(tx.execute(query).scalar_one_or_none())


def ban(tx: Connection, contact_id: int | None) -> bool:
    """Whether the client is not to be called from now on, and was before; None is nobody."""
    return _set_ban(tx, contact_id, is_banned=True)


def lift_ban(tx: Connection, contact_id: int | None) -> bool:
    """Whether the client may be called again, and was not to be before."""
    return _set_ban(tx, contact_id, is_banned=False)


def _set_ban(tx: Connection, contact_id: int | None, *, is_banned: bool) -> bool:
    which = (contacts.c.id == contact_id, contacts.c.do_not_call.is_(not is_banned))
    return tx.execute(update(contacts).where(*which).values(do_not_call=is_banned)).rowcount == 1
