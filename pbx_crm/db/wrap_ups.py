"""Talks that wait to be wrapped up, and what was said of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, exists, select
from sqlalchemy.sql.elements import ColumnElement

from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import call_people, calls, deals, wrap_ups
from pbx_crm.db.upsert import insert_into
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Scope
from pbx_crm.domain.wrap_up import WAITS, Said


def talked_last(person_id: ColumnElement[int] | int) -> tuple[ColumnElement[bool], ...]:
    """Conditions on `calls` beside `call_people`: a talk that is over and that this person ended."""
    return (calls.c.final_id == person_id, calls.c.ended_at.is_not(None), calls.c.deal_id.is_not(None))


def is_open() -> ColumnElement[bool]:
    """Condition on `call_people`: this person has said nothing of the call yet."""
    said = exists().where(
        wrap_ups.c.call_id == call_people.c.call_id, wrap_ups.c.person_id == call_people.c.person_id
    )
    return ~said


def waits(tx: Connection, call_id: int, person_id: int, scope: Scope, now: datetime) -> Mapping[str, Any]:
    """The call with its deal's funnel, if this person may wrap it up now; NotFound. One statement."""
    table = calls.c
    columns = (table.id, table.pbx, table.linkedid, table.deal_id, table.outcome, table.line_id)
    query = (
        select(*columns, deals.c.funnel_id)
        .join_from(call_people, calls, calls.c.id == call_people.c.call_id)
        .join(deals, deals.c.id == calls.c.deal_id)
        .where(
            call_people.c.call_id == call_id,
            call_people.c.person_id == person_id,
            call_people.c.started_at > now - WAITS,
            deals_in(scope),
            *talked_last(person_id),
        )
    )
    row = tx.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound(call_id=call_id)
    return dict(row)


def finish(tx: Connection, call: Mapping[str, Any], person_id: int, said: Said, at: datetime) -> bool:
    """Whether this was said now; False if the person had said something of the call before."""
    row = {"call_id": call["id"], "person_id": person_id, "deal_id": call["deal_id"]}
    values = {**row, "outcome_id": said.outcome_id, "step": said.step, "at": at}
    first = insert_into(tx, wrap_ups).values(**values)
    made = tx.execute(first.on_conflict_do_nothing().returning(wrap_ups.c.call_id))
    return made.scalar_one_or_none() is not None


def take_back(tx: Connection, call_id: int, person_id: int) -> bool:
    """Whether there was something to take back: the talk waits to be wrapped up again."""
    mine = (wrap_ups.c.call_id == call_id, wrap_ups.c.person_id == person_id)
    return tx.execute(delete(wrap_ups).where(*mine)).rowcount == 1
