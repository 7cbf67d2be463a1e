"""The answers after a talk that each funnel offers; what history names is retired, never deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db.tables import wrap_up_outcomes
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wrap_up import NextStep, WrapUpOutcome, answers_of

TAKEN = N_("This name is taken, perhaps by something retired.")
OFFERED = wrap_up_outcomes.c.retired_at.is_(None)


def offered(tx: Connection) -> dict[int, list[WrapUpOutcome]]:
    """By funnel id the answers it offers, in their order. One statement."""
    found: dict[int, list[WrapUpOutcome]] = defaultdict(list)
    table = wrap_up_outcomes.c
    query = select(table.funnel_id, table.id, table.name, table.suggests).where(OFFERED)
    for funnel_id, outcome_id, name, suggests in tx.execute(query.order_by(table.position, table.id)):
        found[funnel_id].append(WrapUpOutcome(outcome_id, name, NextStep(suggests)))
    return found


def of_funnel(tx: Connection, funnel_id: int) -> tuple[WrapUpOutcome, ...]:
    """The answers this funnel offers. One statement."""
    return tuple(offered(tx).get(funnel_id, ()))


def add_defaults(
    tx: Connection, funnel_id: int, preset: str | None, translate: Callable[[str], str] = str
) -> None:
    """A new funnel starts with the answers of its preset."""
    rows = [
        {"funnel_id": funnel_id, "name": translate(name), "position": position, "suggests": suggests}
        for position, (name, suggests) in enumerate(answers_of(preset))
    ]
    tx.execute(insert(wrap_up_outcomes), rows)


def copy(tx: Connection, source_id: int, made_id: int) -> None:
    """A copied funnel offers the same answers."""
    rows = [
        {"funnel_id": made_id, "name": one.name, "position": position, "suggests": one.suggests}
        for position, one in enumerate(of_funnel(tx, source_id))
    ]
    if rows:
        tx.execute(insert(wrap_up_outcomes), rows)


def add(tx: Connection, funnel_id: int, name: str, suggests: NextStep) -> int:
    """The id of one more answer; a retired one of this name is offered again. BadInput for one that is."""
    table = wrap_up_outcomes.c
    known = tx.execute(
        select(table.id, table.retired_at).where(table.funnel_id == funnel_id, table.name == name)
    ).one_or_none()
    if known is not None:
        if known.retired_at is None:
            raise BadInput(reasons={"outcome": TAKEN})
        tx.execute(
            update(wrap_up_outcomes).where(table.id == known.id).values(retired_at=None, suggests=suggests)
        )
        return int(known.id)
    place = select(func.coalesce(func.max(table.position), -1)).where(table.funnel_id == funnel_id)
    position = tx.execute(place).scalar_one() + 1
    values = {"funnel_id": funnel_id, "name": name, "position": position, "suggests": suggests}
    made = tx.execute(insert(wrap_up_outcomes).values(**values).returning(table.id))
    return int(made.scalar_one())


def one(tx: Connection, outcome_id: int) -> tuple[int, WrapUpOutcome]:
    """An answer that is offered, with its funnel's id; NotFound."""
    table = wrap_up_outcomes.c
    query = select(table.funnel_id, table.id, table.name, table.suggests)
    row = tx.execute(query.where(table.id == outcome_id, OFFERED)).one_or_none()
    if row is None:
        raise NotFound(outcome_id=outcome_id)
    return row.funnel_id, WrapUpOutcome(row.id, row.name, NextStep(row.suggests))


def change(tx: Connection, outcome_id: int, name: str, suggests: NextStep) -> None:
    """Other words, also on talks wrapped up before; BadInput for a name that is taken."""
    query = update(wrap_up_outcomes).where(wrap_up_outcomes.c.id == outcome_id)
    try:
        with tx.begin_nested():
            tx.execute(query.values(name=name, suggests=suggests))
    except IntegrityError as error:
        raise BadInput(reasons={"outcome": TAKEN}) from error


def retire(tx: Connection, outcome_id: int, at: datetime) -> None:
    """The answer is offered no more; talks it was given for keep it."""
    tx.execute(update(wrap_up_outcomes).where(wrap_up_outcomes.c.id == outcome_id).values(retired_at=at))
