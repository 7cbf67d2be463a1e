"""Passing gates: which ones stand on a card's way, what confirms them, and what is missing.

The way onward from one stage to another leads past the gate of every open stage skipped and of the stage
it ends in. Back, and to Lost, no gate stands. Calls, tasks, notes and documents confirm only what comes
after them: of a card's story that part counts which lies in the stage it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.gate import Need, NeedKind, need_of
from pbx_crm.domain.task import TaskKind

LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call of the card that somebody answered."""

    answered_at: datetime
    ended_at: datetime | None
    """None while they talk."""
    talk_seconds: float
    """Known once it is over."""
    made_the_card: bool = False

    def seconds_since(self, since: datetime, now: datetime) -> float:
        """How long they have talked after that moment."""
        began = max(self.answered_at, since)
        length = max(0.0, ((self.ended_at or now) - began).total_seconds())
        return length if self.ended_at is None else min(length, self.talk_seconds)


@dataclass(frozen=True, slots=True)
class Finished:
    """A task that was done."""

    kind: TaskKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a card when somebody wants to move it."""

    now: datetime
    since: datetime
    """When it came into the stage where it lies."""
    is_fresh: bool = False
    """Whether it lies where it was made: then the call that made it belongs to that stage as a whole."""
    filled: frozenset[str] = frozenset()
    """Names of the fields that are filled in."""
    talks: Sequence[Conversation] = ()
    tasks: Sequence[Finished] = ()
    documents: Sequence[datetime] = ()
    """When files, and notes with a link, were put on the deal."""
    notes: Sequence[datetime] = ()

    def talked(self) -> float:
        """Seconds of the longest talk in this stage."""
        lengths = (
            talk.talk_seconds
            if self.is_fresh and talk.made_the_card and talk.ended_at
            else talk.seconds_since(self.since, self.now)
            for talk in self.talks
        )
        return max(lengths, default=0.0)

    def confirms(self, need: Need) -> bool:
        """Whether this is there."""
        match need.kind:
            case NeedKind.FIELD:
                return need.detail in self.filled
            case NeedKind.CALL:
                return self.talked() >= need.seconds
            case NeedKind.TASK:
                return any(need.detail in ("", task.kind) for task in self.tasks if self._counts(task.at))
            case NeedKind.DOCUMENT:
                return any(map(self._counts, self.documents))
            case NeedKind.NOTE:
                return any(map(self._counts, self.notes))
            case _:
                assert_never(need.kind)

    def _counts(self, at: datetime) -> bool:
        return self.since <= at <= self.now


@dataclass(frozen=True, slots=True)
class Missing:
    """What the gate of one stage still asks for."""

    stage: Stage
    need: Need

    @property
    def is_binding(self) -> bool:
        """Whether a reason does not help."""
        return self.stage.gate is not None and self.stage.gate.is_binding


@dataclass(frozen=True, slots=True)
class Found:
    """What confirms a need."""

    need: Need
    seconds: int = 0
    """Of a call: how long they talked."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a card has and lacks for its way."""

    found: tuple[Found, ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def is_barred(self) -> bool:
        """Whether not even a reason helps."""
        return any(one.is_binding for one in self.missing)

    def story(self, skip_reason: str = "") -> dict[str, Any]:
        """What is kept with the move: JSON; nothing where no gate stood."""
        if not (self.found or self.missing):
            return {}
        told: dict[str, Any] = {"found": [[one.need.key, one.seconds] for one in self.found]}
        if self.missing:
            told["missing"] = [[one.stage.name, one.need.key] for one in self.missing]
            told["skipped"] = skip_reason
        return {"gate": told}


class GateClosed(Conflict):
    """A gate on the way asks for something first."""

    def __init__(self, missing: tuple[Missing, ...], **details: object) -> None:
        super().__init__(None, **details)
        self.missing = missing

    @property
    def may_skip(self) -> bool:
        """Whether the move may be made for a reason."""
        return not any(one.is_binding for one in self.missing)


@dataclass(frozen=True, slots=True)
class PassageStory:
    """How a move of the past got past its gates."""

    found: tuple[Found, ...] = ()
    missing: tuple[tuple[str, Need], ...] = ()
    """(stage as it was called, need)"""
    skipped: str = ""
    """The reason; empty where the program moved the card."""


@dataclass(frozen=True, slots=True)
class GatedWay:
    """The stages with a gate between where a card lies and where it is to go."""

    stages: tuple[Stage, ...] = ()

    @property
    def kinds(self) -> frozenset[NeedKind]:
        """What has to be looked for."""
        return frozenset(need.kind for _, need in self._needs())

    def judge(self, evidence: Evidence) -> Passage:
        """What is there and what is missing; what two gates ask for is found once."""
        found: dict[Need, Found] = {}
        missing = []
        for stage, need in self._needs():
            if evidence.confirms(need):
                seconds = round(evidence.talked()) if need.kind is NeedKind.CALL else 0
                found[need] = Found(need, seconds)
            else:
                missing.append(Missing(stage, need))
        return Passage(tuple(found.values()), tuple(missing))

    def _needs(self) -> Iterable[tuple[Stage, Need]]:
        for stage in self.stages:
            for need in stage.gate.needs if stage.gate else ():
                yield stage, need


NO_GATES = GatedWay()


def gated_way(funnel: Funnel, from_stage_id: int | None, target: Stage) -> GatedWay:
    """The gates that a card meets; from None, which is another funnel, it comes as if it were new."""
    came_from = funnel.stage(from_stage_id) if from_stage_id is not None else None
    here = came_from.position if came_from is not None else -1
    if target.kind is StageKind.LOST or target.position <= here:
        return NO_GATES
    passed = (
        stage
        for stage in funnel.stages_in_use
        if stage.id == target.id or (stage.kind is StageKind.OPEN and here < stage.position < target.position)
    )
    return GatedWay(tuple(stage for stage in passed if stage.gate is not None))


def story_of(evidence: Mapping[str, Any]) -> PassageStory | None:
    """The story kept with a move; None where no gate stood."""
    told = evidence.get("gate")
    if told is None:
        return None
    return PassageStory(
        tuple(Found(need_of(key), seconds) for key, seconds in told["found"]),
        tuple((stage, need_of(key)) for stage, key in told.get("missing", ())),
        told.get("skipped", ""),
    )
