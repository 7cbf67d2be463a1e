"""Funnels, their stages and loss reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select

from pbx_crm.db import folds, robots, triggers, wrap_up_outcomes
from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import funnels, gates, loss_reasons, people, stages
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import HUES, Funnel, LossReason, Preset, Stage, StageKind
from pbx_crm.domain.gate import gate_of


def create(tx: Connection, preset: Preset, currency: str, translate: Callable[[str], str] = str) -> Funnel:
    """A new funnel of this preset, at the end of the list; `translate` gives its words a language."""
    position = tx.execute(select(func.count()).select_from(funnels)).scalar_one()
    values = {"name": translate(preset.name), "preset": preset.key, "currency": currency}
    made = tx.execute(insert(funnels).values(**values, position=position).returning(funnels.c.id))
    funnel_id: int = made.scalar_one()
    rows = [
        {
            "funnel_id": funnel_id,
            "name": translate(name),
            "kind": kind,
            "position": position,
            "hue": position % HUES,
            "probability": probability,
        }
        for position, (name, kind, probability) in enumerate(preset.stages())
    ]
    tx.execute(insert(stages), rows)
    reasons = [
        {"funnel_id": funnel_id, "name": translate(name), "position": position}
        for position, name in enumerate(preset.loss_reasons)
    ]
    tx.execute(insert(loss_reasons), reasons)
    wrap_up_outcomes.add_defaults(tx, funnel_id, preset.key, translate)
    funnel = load(tx, funnel_id)
    triggers.add_default(tx, funnel, translate)
    robots.add_defaults(tx, funnel, translate)
    return funnel


def first(tx: Connection, preset: Preset, currency: str) -> Funnel:
    """The first funnel in use, made from this preset where there is none: calls need somewhere to go."""
    used = in_use(tx)
    return used[0] if used else create(tx, preset, currency)


def load(tx: Connection, funnel_id: int) -> Funnel:
    """The funnel with stages and loss reasons; NotFound. Two statements."""
    found = _with_stages(tx.execute(_all().where(funnels.c.id == funnel_id)))
    if not found:
        raise NotFound(funnel_id=funnel_id)
    query = (
        select(loss_reasons.c.id, loss_reasons.c.name)
        .where(loss_reasons.c.funnel_id == funnel_id, loss_reasons.c.retired_at.is_(None))
        .order_by(loss_reasons.c.position)
    )
    return replace(found[0], loss_reasons=tuple(LossReason(*row) for row in tx.execute(query)))


def everything(tx: Connection) -> list[Funnel]:
    """All funnels, the retired ones too, as `in_use` shows them. One statement."""
    return _with_stages(tx.execute(_all()))


def in_use(tx: Connection) -> list[Funnel]:
    """Funnels that are not retired, in order, with stages and without loss reasons. One statement."""
    return _with_stages(fetch(tx, _in_use()))


def in_use_of(tx: Connection, person_id: int) -> tuple[list[Funnel], frozenset[int]]:
    """The same, and the ids of the stages whose columns this person has folded. One statement."""
    rows = fetch(tx, _in_use_of(), {"person": person_id})
    folded = folds.in_settings(rows[0][-1]) if rows else frozenset()
    return _with_stages(row[:-1] for row in rows), folded


@cache
def _in_use() -> Any:
    return _all().where(funnels.c.retired_at.is_(None))


@cache
def _in_use_of() -> Any:
    settings = select(people.c.settings).where(people.c.id == bindparam("person"))
    return _in_use().add_columns(settings.scalar_subquery())


def of_stage(tx: Connection, stage_id: int) -> Funnel:
    """The funnel this stage belongs to; NotFound."""
    funnel_id = tx.execute(select(stages.c.funnel_id).where(stages.c.id == stage_id)).scalar_one_or_none()
    if funnel_id is None:
        raise NotFound(stage_id=stage_id)
    return load(tx, funnel_id)


def loss_reason_name(tx: Connection, reason_id: int) -> str:
    """The reason's name, also of one that is not offered any more."""
    query = select(loss_reasons.c.name).where(loss_reasons.c.id == reason_id)
    return str(tx.execute(query).scalar_one())


def _all() -> Any:
    names = ("id", "funnel_id", "name", "kind", "position", "hue", "probability", "idle_hours")
    texts = ("reached_when", "what_to_do", "retired_at")
    columns = [stages.c[name] for name in (*names, *texts)]
    return (
        select(
            *(funnels.c.id, funnels.c.name, funnels.c.currency, funnels.c.retired_at),
            *columns,
            *(gates.c.needs, gates.c.is_binding),
        )
        .join_from(funnels, stages, stages.c.funnel_id == funnels.c.id)
        .outerjoin(gates, gates.c.stage_id == stages.c.id)
        .order_by(funnels.c.position, funnels.c.id, stages.c.position)
    )


def _with_stages(rows: Iterable[tuple[Any, ...]]) -> list[Funnel]:
    found = []
    for (funnel_id, name, currency, retired_at), body in groupby(map(tuple, rows), key=lambda row: row[:4]):
        stages_of = tuple(_stage(row[4:]) for row in body)
        found.append(Funnel(funnel_id, name, currency, stages_of, is_retired=retired_at is not None))
    return found


def _stage(row: tuple[Any, ...]) -> Stage:
    stage_id, funnel_id, name, kind, *numbers_and_texts, retired_at, needs, is_binding = row
    stage = Stage(stage_id, funnel_id, name, StageKind(kind), *numbers_and_texts)
    gate = gate_of(needs, is_binding=is_binding) if needs else None
    return replace(stage, is_retired=retired_at is not None, gate=gate)
