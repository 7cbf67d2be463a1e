"""The shape of a funnel: where its stages stand, what it cannot do without, and where cards go.

Unsorted comes first, then the open stages, then the won, then the lost: a stage changes its place only
among its own kind, so that "onward" and "back" keep their meaning. Nothing that history names is ever
deleted: stages, loss reasons and funnels are retired.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from pbx_crm.domain.errors import BadInput, Conflict
from pbx_crm.domain.funnel import HUES, Funnel, Stage, StageKind
from pbx_crm.domain.sentence import N_

LONGEST_NAME = 100
LONGEST_TEXT = 1000
LONGEST_IDLE_HOURS = 24 * 365
ORDER = tuple(StageKind)


class StillNeeded(Conflict):
    """The funnel cannot do without this."""


class Shift(StrEnum):
    """The two ways a stage changes its place."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class StageForm:
    """A stage as somebody wants it; its kind is chosen once, or old moves would mean another thing."""

    name: str
    hue: int = 0
    probability: int = 0
    idle_hours: int | None = None
    reached_when: str = ""
    what_to_do: str = ""


def checked(form: StageForm, kind: StageKind) -> StageForm:
    """The form with the probability its kind forces; BadInput names each wrong value."""
    reasons = name_reasons(form.name)
    if not 0 <= form.hue < HUES:
        reasons["hue"] = N_("This is none of the choices.")
    if not 0 <= form.probability <= 100:  # percent
        reasons["probability"] = N_("0 to 100 percent.")
    if form.idle_hours is not None and not 1 <= form.idle_hours <= LONGEST_IDLE_HOURS:
        reasons["idle_hours"] = N_("1 hour to a year, or nothing.")
    for field in ("reached_when", "what_to_do"):
        if len(getattr(form, field)) > LONGEST_TEXT:
            reasons[field] = N_("At most 1000 characters.")
    if reasons:
        raise BadInput(reasons=reasons)
    return replace(form, probability=_probability(form, kind))


def name_reasons(name: str, field: str = "name") -> dict[str, str]:
    """What is wrong with a name, by its field; nothing for a good one."""
    if 1 <= len(name) <= LONGEST_NAME:
        return {}
    return {field: N_("A name is 1 to 100 characters.")}


def _probability(form: StageForm, kind: StageKind) -> int:
    match kind:
        case StageKind.WON:
            return 100
        case StageKind.LOST:
            return 0
        case StageKind.UNSORTED | StageKind.OPEN:
            return form.probability
        case _:
            assert_never(kind)


def check_new_kind(kind: StageKind) -> None:
    """BadInput for a second Unsorted: calls land in one place."""
    if kind is StageKind.UNSORTED:
        raise BadInput(reasons={"kind": N_("A funnel has one Unsorted.")})


def check_takes_gate(kind: StageKind) -> None:
    """BadInput for Unsorted and Lost: nobody is kept from taking a call, or from giving up."""
    if kind in (StageKind.UNSORTED, StageKind.LOST):
        raise BadInput(reasons={"needs": N_("No gate stands before Unsorted and Lost.")})


def in_order(stages: Sequence[Stage]) -> list[Stage]:
    """The stages as they stand on the board."""
    return sorted(stages, key=lambda stage: (ORDER.index(stage.kind), stage.position))


def neighbour(funnel: Funnel, stage: Stage, by: Shift) -> Stage | None:
    """The stage it would change places with; None at the end of its kind."""
    row = [one for one in in_order(funnel.stages) if one.kind is stage.kind and not one.is_retired]
    if stage not in row:
        return None
    place = row.index(stage) + (1 if by is Shift.DOWN else -1)
    return row[place] if 0 <= place < len(row) else None


def shifted(funnel: Funnel, stage: Stage, by: Shift) -> list[Stage]:
    """All stages in the order after the shift; the old order at the end of its kind."""
    row = in_order(funnel.stages)
    other = neighbour(funnel, stage, by)
    if other is not None:
        here, there = row.index(stage), row.index(other)
        row[here], row[there] = other, stage
    return row


def heirs(funnel: Funnel, stage: Stage) -> list[Stage]:
    """Where the cards of a retired stage may go: what is open stays open, what is lost stays lost."""
    kinds = {stage.kind} if stage.kind.is_closed else {StageKind.UNSORTED, StageKind.OPEN}
    return [one for one in funnel.stages if one.kind in kinds and not one.is_retired and one.id != stage.id]


def check_may_retire(funnel: Funnel, stage: Stage) -> None:
    """StillNeeded for Unsorted and for the last Won or Lost."""
    if stage.kind is StageKind.UNSORTED:
        raise StillNeeded(N_("New calls land in Unsorted: it stays."))
    if stage.kind.is_closed and not heirs(funnel, stage):
        raise StillNeeded(N_("A funnel keeps at least one Won and one Lost."))


def heir(funnel: Funnel, stage: Stage, to_stage_id: int) -> Stage:
    """Where the cards go; BadInput for a stage that is none of the choices."""
    found = next((one for one in heirs(funnel, stage) if one.id == to_stage_id), None)
    if found is None:
        raise BadInput(reasons={"to_stage_id": N_("Choose where its cards go.")})
    return found


def check_funnel_may_retire(lines: Sequence[str], open_deals: int, others_in_use: int) -> None:
    """StillNeeded while calls or cards would lose their place, naming which."""
    if lines:
        raise StillNeeded(
            N_("These lines lead here: %(lines)s. Lead them elsewhere first."), lines=", ".join(lines)
        )
    if open_deals:
        raise StillNeeded(N_("Open deals here: %(count)s. Close them or move them first."), count=open_deals)
    if not others_in_use:
        raise StillNeeded(N_("It is the only funnel: calls need somewhere to go."))
