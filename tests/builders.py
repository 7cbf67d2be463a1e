"""Made-up people, clients and deals for tests: sensible values unless the test says otherwise."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, insert

from pbx_crm.db import deals, funnels
from pbx_crm.db.tables import contact_numbers, contacts, people
from pbx_crm.domain.deal import INTAKE, NewDeal, NewMove
from pbx_crm.domain.funnel import PRESETS, Funnel, Stage
from pbx_crm.domain.person import Person, Reach, Role, Scope

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
EVERYTHING = Scope(Reach.ALL, 0)
_numbers = itertools.count(1)


def person(
    tx: Connection,
    name: str,
    role: Role = Role.SELLER,
    *,
    is_admin: bool = False,
    language: str | None = None,
    time_zone: str | None = None,
) -> Person:
    """A person of the company who may log in as their name in small letters."""
    login = name.lower()
    values: Mapping[str, Any] = {"is_admin": is_admin, "language": language, "time_zone": time_zone}
    row = insert(people).values(login=login, name=name, role=role, created_at=NOW, **values)
    person_id: int = tx.execute(row.returning(people.c.id)).scalar_one()
    return Person(person_id, login, name, role, is_admin, language=language, time_zone=time_zone)


def funnel(tx: Connection, preset: int = 0, currency: str = "EUR") -> Funnel:
    """A funnel of one of the presets; 0 is Telephony."""
    return funnels.create(tx, PRESETS[preset], currency)


def contact(tx: Connection, name: str = "", *numbers: str) -> int:
    """A client with these E.164 numbers, or one of its own if none is named."""
    made = tx.execute(insert(contacts).values(name=name, created_at=NOW).returning(contacts.c.id))
    contact_id: int = made.scalar_one()
    for number in numbers or (f"+7495{next(_numbers):07}",):
        tx.execute(insert(contact_numbers).values(contact_id=contact_id, number=number))
    return contact_id


def deal(
    tx: Connection,
    funnel: Funnel,
    owner: Person,
    *,
    stage: int = 0,
    amount: Decimal | int = 0,
    contact_id: int | None = None,
    **more: Any,
) -> int:
    """A deal in the funnel's n-th stage; 0 is Unsorted."""
    values: dict[str, Any] = {"at": NOW, "actor": INTAKE, "currency": funnel.currency, **more}
    new = NewDeal(funnel.stages[stage], owner.id, amount=Decimal(amount), contact_id=contact_id, **values)
    deal_id = deals.create(tx, new)
    assert deal_id is not None
    return deal_id


def move(
    tx: Connection, deal_id: int, stage: Stage, at: datetime = NOW, *, loss_reason_id: int | None = None
) -> None:
    """The deal moved there at that time."""
    stored = deals.get(tx, deal_id, EVERYTHING)
    key = f"move-{deal_id}-{stored.version}"
    assert deals.set_stage(
        tx, stored, NewMove(stage, at, INTAKE, request_key=key, loss_reason_id=loss_reason_id)
    )
