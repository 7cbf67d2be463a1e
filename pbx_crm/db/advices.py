"""The advice of robots as rows; what a viewer sees of it is what they see of its card."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, false, or_, select, update

from pbx_crm.db.scoped import deals_in
from pbx_crm.db.tables import advices, deals, tasks
from pbx_crm.db.upsert import put as put_rows
from pbx_crm.domain.advice import Advice
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.robot import Occasion

FOR_EVER = datetime(9999, 1, 1, tzinfo=UTC)
HAS_STEP = select(tasks.c.id).where(tasks.c.deal_id == deals.c.id, tasks.c.done_at.is_(None)).exists()
# A card that went on needs the advice no more, whoever moved it on.
STILL_HOLDS = and_(
    advices.c.stage_id == deals.c.stage_id,
    or_(advices.c.occasion != Occasion.IDLE, deals.c.active_at <= advices.c.at),
    or_(advices.c.occasion != Occasion.STEPLESS, ~HAS_STEP),
)


def put(tx: Connection, row: Mapping[str, Any]) -> None:
    """This advice stands on the card, in place of what stood there for the same reader."""
    put_rows(tx, advices, [{**row, "hidden_until": None}], ["deal_id", "for_head"])


def shown(scope: Scope, now: datetime) -> ColumnElement[bool]:
    """Advice the viewer is shown now: a seller what is for owners, a head what is for heads too."""
    for_whom = or_(~advices.c.for_head, advices.c.for_head if scope.reach is Reach.ALL else false())
    awake = or_(advices.c.hidden_until.is_(None), advices.c.hidden_until <= now)
    return and_(deals_in(scope), for_whom, awake, STILL_HOLDS)


def of_deal(tx: Connection, deal_id: int, scope: Scope, now: datetime) -> list[Advice]:
    """The advice on this card. One statement."""
    query = select(advices).join_from(advices, deals, deals.c.id == advices.c.deal_id)
    rows = tx.execute(query.where(advices.c.deal_id == deal_id, shown(scope, now)).order_by(advices.c.id))
    return [advice_from(row) for row in rows.mappings()]


def lock(tx: Connection, advice_id: int, scope: Scope) -> Advice:
    """The advice, held until this transaction ends; NotFound outside the viewer's scope."""
    query = select(advices).join_from(advices, deals, deals.c.id == advices.c.deal_id)
    reader = or_(~advices.c.for_head, advices.c.for_head if scope.reach is Reach.ALL else false())
    which = (advices.c.id == advice_id, deals_in(scope), reader)
    row = tx.execute(query.where(*which).with_for_update(of=advices)).mappings().one_or_none()
    if row is None:
        raise NotFound(advice_id=advice_id)
    return advice_from(row)


def advice_from(row: Mapping[Any, Any]) -> Advice:
    """The advice in a row that holds the table's columns under their names."""
    names = ("id", "deal_id", "for_head", "name", "text", "why", "at")
    return Advice(**{name: row[name] for name in names})


def hide(tx: Connection, advice_id: int, until: datetime) -> None:
    """It is shown again then, if it still holds."""
    tx.execute(update(advices).where(advices.c.id == advice_id).values(hidden_until=until))


def put_away(tx: Connection, advice_id: int) -> None:
    """It is not shown any more; the row stays, so that a second click finds what it meant."""
    hide(tx, advice_id, FOR_EVER)


def drop_of_run(tx: Connection, run_id: int, *, for_head: bool) -> bool:
    """Whether the advice of this act still stood there; it is gone."""
    which = (advices.c.run_id == run_id, advices.c.for_head == for_head)
    return tx.execute(delete(advices).where(*which)).rowcount == 1
