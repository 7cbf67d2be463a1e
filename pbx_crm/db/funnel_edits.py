"""Writing funnels, stages and loss reasons; nothing that history names is deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db import funnels as funnel_rows
from pbx_crm.db import gates
from pbx_crm.db.tables import deals, funnels, lines, loss_reasons, stages
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel, LossReason, Stage, StageKind
from pbx_crm.domain.funnel_shape import StageForm, in_order
from pbx_crm.domain.sentence import N_

TAKEN = N_("This name is taken, perhaps by something retired.")


def copy(tx: Connection, body: Funnel, name: str, preset: str | None = None) -> int:
    """The id of a new funnel with the stages, texts, gates and loss reasons in use of `body`."""
    position = tx.execute(select(func.count()).select_from(funnels)).scalar_one()
    values = {"name": name, "preset": preset, "currency": body.currency, "position": position}
    funnel_id = insert_new(tx, funnels, values)
    if funnel_id is None:
        raise BadInput(reasons={"name": TAKEN})
    kept = in_order(body.stages_in_use)
    tx.execute(insert(stages), [_copied(stage, funnel_id, place) for place, stage in enumerate(kept)])
    gates.copy(tx, kept, funnel_id)
    reasons = [
        {"funnel_id": funnel_id, "name": reason.name, "position": place}
        for place, reason in enumerate(body.loss_reasons)
    ]
    if reasons:
        tx.execute(insert(loss_reasons), reasons)
    return funnel_id


def _copied(stage: Stage, funnel_id: int, position: int) -> dict[str, Any]:
    names = ("name", "kind", "hue", "probability", "idle_hours", "reached_when", "what_to_do")
    return {**{name: getattr(stage, name) for name in names}, "funnel_id": funnel_id, "position": position}


def rename(tx: Connection, funnel_id: int, name: str) -> None:
    """Another name for the funnel; BadInput for one that is taken."""
    _change(tx, funnels, funnel_id, {"name": name})


def set_retired(tx: Connection, funnel_id: int, retired_at: datetime | None) -> None:
    """Takes the funnel out of use, or back into it with None."""
    _change(tx, funnels, funnel_id, {"retired_at": retired_at})


def add_stage(tx: Connection, funnel: Funnel, kind: StageKind, form: StageForm) -> int:
    """The id of a new stage, the last of its kind."""
    values = {**_values(form), "funnel_id": funnel.id, "kind": kind, "position": len(funnel.stages)}
    stage_id = insert_new(tx, stages, values)
    if stage_id is None:
        raise BadInput(reasons={"name": TAKEN})
    set_order(tx, in_order(funnel_rows.load(tx, funnel.id).stages))
    return stage_id


def change_stage(tx: Connection, stage_id: int, form: StageForm) -> None:
    """Writes the stage's name, colour, figures and texts; BadInput for a name that is taken."""
    _change(tx, stages, stage_id, _values(form))


def _values(form: StageForm) -> dict[str, Any]:
    names = ("name", "hue", "probability", "idle_hours", "reached_when", "what_to_do")
    return {name: getattr(form, name) for name in names}


def set_stage_retired(tx: Connection, stage_id: int, retired_at: datetime | None) -> None:
    """Takes the stage out of use, or back into it with None."""
    _change(tx, stages, stage_id, {"retired_at": retired_at})


def set_order(tx: Connection, row: Sequence[Stage]) -> None:
    """Numbers the stages in this order; only what changes is written."""
    for position, stage in enumerate(row):
        if stage.position != position:
            tx.execute(update(stages).where(stages.c.id == stage.id).values(position=position))


def lock_stage(tx: Connection, stage_id: int) -> None:
    """Moves into the stage wait until this transaction ends."""
    tx.execute(select(stages.c.id).where(stages.c.id == stage_id).with_for_update())


def add_reason(tx: Connection, funnel_id: int, name: str) -> int:
    """The id of a loss reason; a retired one of this name is offered again."""
    known = tx.execute(
        select(loss_reasons.c.id, loss_reasons.c.retired_at).where(
            loss_reasons.c.funnel_id == funnel_id, loss_reasons.c.name == name
        )
    ).one_or_none()
    if known is not None and known.retired_at is not None:
        _change(tx, loss_reasons, known.id, {"retired_at": None})
        return int(known.id)
    count = select(func.count()).where(loss_reasons.c.funnel_id == funnel_id)
    values = {"funnel_id": funnel_id, "name": name, "position": tx.execute(count).scalar_one()}
    reason_id = insert_new(tx, loss_reasons, values)
    if reason_id is None:
        raise BadInput(reasons={"reason": TAKEN})
    return reason_id


def reason_of(tx: Connection, reason_id: int) -> tuple[Funnel, LossReason]:
    """A loss reason in use, with its funnel; NotFound."""
    funnel_id = tx.execute(
        select(loss_reasons.c.funnel_id).where(loss_reasons.c.id == reason_id)
    ).scalar_one_or_none()
    if funnel_id is None:
        raise NotFound(reason_id=reason_id)
    funnel = funnel_rows.load(tx, funnel_id)
    found = next((reason for reason in funnel.loss_reasons if reason.id == reason_id), None)
    if found is None:
        raise NotFound(reason_id=reason_id)
    return funnel, found


def change_reason(tx: Connection, reason_id: int, values: Mapping[str, Any]) -> None:
    """Writes its name, or since when it is not offered any more."""
    _change(tx, loss_reasons, reason_id, values)


def lines_to(tx: Connection, funnel_id: int) -> list[str]:
    """Names of the lines whose calls land in the funnel."""
    query = select(lines.c.name).where(lines.c.funnel_id == funnel_id).order_by(lines.c.name)
    return list(tx.execute(query).scalars())


def open_deals_in(tx: Connection) -> dict[int, int]:
    """By funnel id how many deals in it are open, whoever owns them."""
    query = select(deals.c.funnel_id, func.count()).where(deals.c.closed_at.is_(None))
    return {funnel_id: count for funnel_id, count in tx.execute(query.group_by(deals.c.funnel_id))}


def _change(tx: Connection, table: Table, row_id: int, values: Mapping[str, Any]) -> None:
    try:
        with tx.begin_nested():
            changed = tx.execute(update(table).where(table.c.id == row_id).values(**values))
    except IntegrityError as error:
        raise BadInput(reasons={"reason" if table is loss_reasons else "name": TAKEN}) from error
    if changed.rowcount != 1:
        raise NotFound
