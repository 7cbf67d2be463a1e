"""The form of a stage's gate: every need a gate may have, ticked or not."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.domain.deal_edit import FIELD_NAMES
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Stage, StageKind
from pbx_crm.domain.gate import MOST_SECONDS, Gate, GateField, Need, NeedKind, gate_of
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.forms import Form

ANY_TASK = "any"
TASKS = (TaskKind.CALL, TaskKind.MEETING, TaskKind.OFFER, TaskKind.PAYMENT, TaskKind.FEEDBACK, TaskKind.OTHER)
ALONE = (NeedKind.DOCUMENT, NeedKind.NOTE)


@dataclass(frozen=True, slots=True)
class GateShown:
    """What the form stands at."""

    fields: tuple[tuple[str, str, bool], ...]
    """(name, what people call it, whether it is asked for)"""
    call_seconds: str
    task: str
    """A kind, `any`, or empty for no task."""
    tasks: tuple[TaskKind, ...]
    document: bool
    note: bool
    is_binding: bool
    is_offered: bool
    """Whether a gate may stand before such a stage."""
    is_open: bool
    """Whether there is something to see without unfolding."""


def gate_in(form: Form) -> Gate | None:
    """The gate as the form says; None if nothing is ticked. BadInput for what is none of the choices."""
    needs = [Need(NeedKind.FIELD, name) for name in form.all("fields")]
    if form.text("call_seconds"):
        needs.append(Need(NeedKind.CALL, seconds=form.whole("call_seconds", least=1, most=MOST_SECONDS)))
    if task := form.text("task"):
        needs.append(Need(NeedKind.TASK, "" if task == ANY_TASK else task))
    needs += [Need(kind) for kind in ALONE if form.is_on(kind)]
    if form.reasons:
        raise BadInput(reasons=form.reasons)
    return gate_of([need.key for need in needs], is_binding=form.is_on("is_binding"))


def gate_shown(stage: Stage, form: Form | None) -> GateShown:
    """The stage's gate, or what was typed into the form that came back."""
    stored = stage.gate
    keys = _keys(form) if form is not None else set(stored.keys if stored else ())
    calls = [key.removeprefix("call:") for key in keys if key.startswith("call:")]
    tasks = [key.removeprefix("task:") for key in keys if key.startswith("task:")]
    return GateShown(
        fields=tuple((name.value, FIELD_NAMES[name], f"field:{name}" in keys) for name in GateField),
        call_seconds=calls[0] if calls else "",
        task=tasks[0] if tasks else ANY_TASK if "task" in keys else "",
        tasks=TASKS,
        document=NeedKind.DOCUMENT in keys,
        note=NeedKind.NOTE in keys,
        is_binding=form.is_on("is_binding") if form is not None else bool(stored and stored.is_binding),
        is_offered=stage.kind in (StageKind.OPEN, StageKind.WON) and not stage.is_retired,
        is_open=bool(keys),
    )


def _keys(form: Form) -> set[str]:
    task = form.text("task")
    typed = {
        *(f"field:{name}" for name in form.all("fields")),
        *(kind.value for kind in ALONE if form.is_on(kind)),
    }
    if form.text("call_seconds"):
        typed.add(f"call:{form.text('call_seconds')}")
    if task:
        typed.add("task" if task == ANY_TASK else f"task:{task}")
    return typed
