"""Wrap-up: what a seller says of a talk once it is over, in two clicks: how it went, and what comes next.

Which answers there are is a matter of the funnel. The talk is wrapped up by whoever talked last with
the client; a reception that handed the client on has nothing to write down.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind

WAITS = timedelta(days=7)
"""How long an unfinished wrap-up waits in Today; after that nobody remembers what was said."""

FIRST_HOUR = 10
"""The hour at which a step set for another day is due."""


class NextStep(StrEnum):
    """What comes next, as one button says it."""

    CALL_SOON = "call_soon"
    CALL_TOMORROW = "call_tomorrow"
    CALL_NEXT_WEEK = "call_next_week"
    OFFER = "offer"
    NONE = "none"
    """Nothing, or a step is set already."""


@dataclass(frozen=True, slots=True)
class WrapUpOutcome:
    """One answer to "how did it go", and the step that usually follows."""

    id: int
    name: str
    suggests: NextStep = NextStep.NONE


@dataclass(frozen=True, slots=True)
class WrapUp:
    """What may be said of one talk."""

    call_id: int
    deal_id: int
    outcomes: tuple[WrapUpOutcome, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """What the seller says; without an outcome there is nothing to say of this talk."""

    outcome_id: int | None
    step: NextStep = NextStep.NONE
    note: str = ""
    client_name: str = ""
    """Who it was, if the card did not know yet."""


class WrappedUp(Conflict):
    """This call was wrapped up already."""


class WrapUpWentOn(Conflict):
    """This cannot be undone any more: it was undone before."""


TASKS = {
    NextStep.CALL_SOON: TaskKind.CALL,
    NextStep.CALL_TOMORROW: TaskKind.CALL,
    NextStep.CALL_NEXT_WEEK: TaskKind.CALL,
    NextStep.OFFER: TaskKind.OFFER,
}
SOON = {NextStep.CALL_SOON: timedelta(hours=1), NextStep.OFFER: timedelta(hours=2)}
DAYS = {NextStep.CALL_TOMORROW: 1, NextStep.CALL_NEXT_WEEK: 7}


def planned(step: NextStep, now: datetime, zone: tzinfo) -> tuple[TaskKind, datetime] | None:
    """The task a step means and when it is due; days are those of `zone`. None for no step."""
    if step is NextStep.NONE:
        return None
    if step in SOON:
        return TASKS[step], now + SOON[step]
    day = now.astimezone(zone).date() + timedelta(days=DAYS[step])
    due_at = datetime.combine(day, datetime.min.time().replace(hour=FIRST_HOUR), zone)
    return TASKS[step], due_at.astimezone(now.tzinfo)


Answers = tuple[tuple[str, NextStep], ...]

LATER = (N_("Call later"), NextStep.CALL_TOMORROW)
NO = (N_("Not interested"), NextStep.NONE)
WRONG_NUMBER = (N_("Wrong number"), NextStep.NONE)
USUAL: Answers = ((N_("Agreed"), NextStep.OFFER), LATER, NO, WRONG_NUMBER)
OF_PRESET: Mapping[str, Answers] = {
    "b2b": (
        (N_("Wants an offer"), NextStep.OFFER),
        (N_("Asks the others there"), NextStep.CALL_NEXT_WEEK),
        LATER,
        NO,
        WRONG_NUMBER,
    ),
    "repeat": (
        (N_("Orders again"), NextStep.OFFER),
        (N_("Has enough for now"), NextStep.CALL_NEXT_WEEK),
        LATER,
        NO,
    ),
}


def answers_of(preset: str | None) -> Answers:
    """What a funnel of this preset starts with: names are message ids."""
    return OF_PRESET.get(preset or "", USUAL)
