"""Triggers as rows, and what they need to know of a card's earlier calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from pbx_crm.db import wrap_up_outcomes
from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import calls, triggers
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import DEFAULT_NAME, Count, NewOwner, PastCall, Trigger, default_trigger
from pbx_crm.domain.voice_call import VoiceResult

TAKEN = N_("There is a trigger of this name in this funnel already.")
CLOSED_SETS: Mapping[str, Callable[[str], Any]] = {
    "direction": Direction,
    "outcome": Outcome,
    "count": Count,
    "task_kind": TaskKind,
    "priority": Priority,
    "new_owner": NewOwner,
    "voice_result": VoiceResult,
}
# Read whenever a call ends: put together once.
ALL = select(triggers).order_by(triggers.c.funnel_id, triggers.c.position, triggers.c.id)
IN_FORCE = ALL.where(triggers.c.is_active)
COLUMNS = triggers.c.keys()


def in_force(tx: Connection) -> list[Trigger]:
    """The rules that are switched on, in the order in which each funnel asks them. One statement."""
    return [_trigger(dict(zip(COLUMNS, row, strict=True))) for row in fetch(tx, IN_FORCE)]


def everything(tx: Connection) -> list[Trigger]:
    """All rules, those switched off too, funnel by funnel in their order. One statement."""
    return [_trigger(dict(row)) for row in tx.execute(ALL).mappings()]


def get(tx: Connection, trigger_id: int) -> Trigger:
    """The rule; NotFound."""
    row = tx.execute(select(triggers).where(triggers.c.id == trigger_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(trigger_id=trigger_id)
    return _trigger(dict(row))


def _trigger(row: Mapping[str, Any]) -> Trigger:
    values = dict(row)
    for name, closed_set in CLOSED_SETS.items():
        values[name] = closed_set(values[name]) if values[name] is not None else None
    return Trigger(**values)


def add(tx: Connection, new: Trigger) -> int:
    """The new rule's id, the last of its funnel; BadInput for a name that is taken."""
    last = select(func.coalesce(func.max(triggers.c.position), -1)).where(
        triggers.c.funnel_id == new.funnel_id
    )
    position = tx.execute(last).scalar_one() + 1
    trigger_id = insert_new(tx, triggers, _values(replace(new, position=position)))
    if trigger_id is None:
        raise BadInput(reasons={"name": TAKEN})
    return trigger_id


def _values(rule: Trigger) -> dict[str, Any]:
    values = asdict(rule)
    del values["id"]
    return values


def change(tx: Connection, rule: Trigger) -> None:
    """Writes the rule; NotFound for one that is not stored, BadInput as in `add`."""
    try:
        with tx.begin_nested():
            changed = tx.execute(update(triggers).where(triggers.c.id == rule.id).values(**_values(rule)))
    except IntegrityError as error:
        raise BadInput(reasons={"name": TAKEN}) from error
    if changed.rowcount != 1:
        raise NotFound(trigger_id=rule.id)


def drop(tx: Connection, trigger_id: int) -> None:
    """The rule is gone; what it did stays, and still names it."""
    tx.execute(delete(triggers).where(triggers.c.id == trigger_id))


def add_default(tx: Connection, funnel: Funnel, translate: Callable[[str], str] = str) -> None:
    """A new funnel starts with the rule it is shipped with."""
    if (rule := default_trigger(funnel, translate(DEFAULT_NAME))) is not None:
        add(tx, rule)


def copy(tx: Connection, source: Funnel, made: Funnel) -> None:
    """A copied funnel starts with the same rules; stages, reasons and answers are found by their names."""
    answers = wrap_up_outcomes.offered(tx)
    answer_twins = _twins(answers[source.id], answers[made.id])
    stages = _twins(source.stages, made.stages)
    reasons = _twins(source.loss_reasons, made.loss_reasons)
    for rule in everything(tx):
        twin = replace(
            rule,
            id=None,
            funnel_id=made.id,
            stage_id=stages.get(rule.stage_id),
            to_stage_id=stages.get(rule.to_stage_id),
            loss_reason_id=reasons.get(rule.loss_reason_id),
            wrap_up_id=answer_twins.get(rule.wrap_up_id),
        )
        # A rule about a retired stage, which is not copied, would mean something else without it.
        if rule.funnel_id == source.id and _names_as_much(twin, rule):
            add(tx, twin)


def _names_as_much(twin: Trigger, rule: Trigger) -> bool:
    names = ("stage_id", "to_stage_id", "loss_reason_id", "wrap_up_id")
    return all((getattr(twin, name) is None) == (getattr(rule, name) is None) for name in names)


def _twins(old: Collection[Any], new: Collection[Any]) -> dict[int | None, int]:
    by_name = {one.name: one.id for one in new}
    return {one.id: by_name[one.name] for one in old if one.name in by_name}


@dataclass(frozen=True, slots=True)
class DealCall:
    """A call of a deal that is over."""

    call_id: int
    past: PastCall


def calls_of(tx: Connection, deal_ids: Collection[int]) -> dict[int, list[DealCall]]:
    """By deal id its calls with the outside that are over, in the order they ended. One statement."""
    found: dict[int, list[DealCall]] = defaultdict(list)
    table = calls.c
    query = (
        select(table.deal_id, table.id, table.direction, table.outcome, table.talk_seconds, table.ended_at)
        .where(table.deal_id.in_(deal_ids), table.ended_at.is_not(None), table.outcome.is_not(None))
        .order_by(table.ended_at, table.id)
    )
    for deal_id, call_id, direction, outcome, talk_seconds, ended_at in tx.execute(query):
        past = PastCall(Direction(direction), outcome == Outcome.ANSWERED, talk_seconds, ended_at)
        found[deal_id].append(DealCall(call_id, past))
    return found
