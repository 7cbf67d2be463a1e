"""Triggers: what a call that is over does to its card, beside the person who talked.

A rule names facts of the call, its line and the stage the card lies in, and what follows: another stage,
a task, a priority, an owner. Rules are asked in their order, each by the stage in which the card lay when
the call ended: what one rule does never sets off another, so there are no loops. A call moves its card
at most once when it ends and once when a seller says how it went; its mere end never moves the card it made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.passage import NO_GATES, GatedWay, gated_way
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.voice_call import VoiceResult


class Count(StrEnum):
    """Which of a card's calls a rule means."""

    EVERY = "every"
    CONVERSATION = "conversation"
    """The n-th call in which both sides talked, for at least the rule's seconds."""
    TRY = "try"
    """The n-th outgoing call in a row that nobody answered, since the last conversation."""
    CALLBACK = "callback"
    """The first outgoing call after a missed one, before anybody has talked."""


class NewOwner(StrEnum):
    """Whose card it becomes."""

    TALKER = "talker"
    """Who answered the call; for an outgoing one who dialled."""
    PERSON = "person"
    """A person the rule names."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One rule; None and 0 in its first part mean any."""

    id: int | None
    funnel_id: int
    name: str
    position: int = 0
    is_active: bool = True
    direction: Direction | None = None
    outcome: Outcome | None = None
    least_talk_seconds: int = 0
    count: Count = Count.EVERY
    nth: int = 1
    line_id: int | None = None
    wrap_up_id: int | None = None
    """The answer that sets it off when a seller gives it; None: it is asked when the call ends."""
    voice_result: VoiceResult | None = None
    """What became of a voice message that sets it off; None: it is asked of calls between people."""
    stage_id: int | None = None
    to_stage_id: int | None = None
    loss_reason_id: int | None = None
    may_go_back: bool = False
    task_kind: TaskKind | None = None
    task_minutes: int = 60
    """How soon after the call the task is due."""
    priority: Priority | None = None
    new_owner: NewOwner | None = None
    owner_id: int | None = None
    stops: bool = False
    """Whether no later rule is asked once this one has acted."""

    @property
    def does_something(self) -> bool:
        """Whether anything would ever follow."""
        return any((self.to_stage_id, self.task_kind, self.priority, self.new_owner))


def default_trigger(funnel: Funnel, name: str) -> Trigger | None:
    """The rule every funnel is shipped with: the next real conversation takes a card out of Unsorted."""
    first = next((stage for stage in funnel.stages if stage.kind is StageKind.OPEN), None)
    if first is None:
        return None
    return Trigger(
        None,
        funnel.id,
        name,
        outcome=Outcome.ANSWERED,
        least_talk_seconds=20,
        stage_id=funnel.unsorted.id,
        to_stage_id=first.id,
    )


DEFAULT_NAME = N_("A conversation sorts the card")


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call of the card that was over before."""

    direction: Direction
    is_answered: bool
    talk_seconds: float
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class CallFact:
    """A call that is over, as the rules see it."""

    direction: Direction
    outcome: Outcome
    talk_seconds: float
    line_id: int | None
    made_the_card: bool
    talker_id: int | None
    """Who answered, or dialled; None if they may own no cards."""
    before: Sequence[PastCall] = ()
    """The card's calls that ended before this one, the oldest first."""
    wrap_up_id: int | None = None
    """What the seller says of the talk; None while it has just ended."""
    voice_result: VoiceResult | None = None
    """What became of a voice message; None for a call between people."""

    @property
    def is_answered(self) -> bool:
        """Whether both sides talked."""
        return self.outcome is Outcome.ANSWERED

    @property
    def may_move(self) -> bool:
        """Whether it may take the card to another stage; a seller's answer may in the first call, too."""
        return not self.made_the_card or self.wrap_up_id is not None

    @property
    def since_talk(self) -> list[PastCall]:
        """The calls after the last conversation."""
        found: list[PastCall] = []
        for call in reversed(self.before):
            if call.is_answered:
                break
            found.insert(0, call)
        return found


@dataclass(frozen=True, slots=True)
class Standing:
    """The card when the call ended."""

    stage_id: int
    owner_id: int
    priority: Priority
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class Act:
    """What a rule does; None where it leaves things as they are."""

    trigger: Trigger
    to_stage: Stage | None = None
    task_kind: TaskKind | None = None
    priority: Priority | None = None
    owner_id: int | None = None
    way: GatedWay = NO_GATES
    """The gates between where the card lies and where it is to go."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes."""
        return not any((self.to_stage, self.task_kind, self.priority, self.owner_id))


def acts_of(rules: Iterable[Trigger], fact: CallFact, standing: Standing, funnel: Funnel) -> list[Act]:
    """What the funnel's rules do about this call, in their order; nothing to a card that is closed."""
    acts: list[Act] = []
    if not standing.is_open:
        return acts
    may_move = fact.may_move
    now = standing
    for rule in rules:
        if not rule.is_active or rule.funnel_id != funnel.id or not _fits(rule, fact, standing):
            continue
        act = _act(rule, fact, now, funnel, may_move)
        if act.is_empty:
            continue
        acts.append(act)
        may_move = may_move and act.to_stage is None
        now = replace(now, owner_id=act.owner_id or now.owner_id, priority=act.priority or now.priority)
        if rule.stops:
            break
    return acts


def may_act(rule: Trigger, fact: CallFact) -> bool:
    """Whether the rule could do anything about this call, its card and earlier calls unseen."""
    changes_more = any((rule.task_kind, rule.priority, rule.new_owner))
    return _fits_the_call(rule, fact) and (changes_more or fact.may_move)


def _fits_the_call(rule: Trigger, fact: CallFact) -> bool:
    return (
        rule.direction in (None, fact.direction)
        and rule.outcome in (None, fact.outcome)
        and rule.line_id in (None, fact.line_id)
        and rule.wrap_up_id == fact.wrap_up_id
        and rule.voice_result == fact.voice_result
        and fact.talk_seconds >= rule.least_talk_seconds
    )


def _fits(rule: Trigger, fact: CallFact, standing: Standing) -> bool:
    is_here = rule.stage_id in (None, standing.stage_id)
    return is_here and _fits_the_call(rule, fact) and _is_the_one(rule, fact)


def _is_the_one(rule: Trigger, fact: CallFact) -> bool:
    match rule.count:
        case Count.EVERY:
            return True
        case Count.CONVERSATION:
            earlier = [
                call
                for call in fact.before
                if call.is_answered and call.talk_seconds >= rule.least_talk_seconds
            ]
            return fact.is_answered and len(earlier) + 1 == rule.nth
        case Count.TRY:
            tries = [call for call in fact.since_talk if call.direction is Direction.OUT]
            return _is_try(fact) and len(tries) + 1 == rule.nth
        case Count.CALLBACK:
            return fact.direction is Direction.OUT and _nobody_called_back_yet(fact.since_talk)


def _is_try(fact: CallFact) -> bool:
    return fact.direction is Direction.OUT and not fact.is_answered


def _nobody_called_back_yet(calls: Sequence[PastCall]) -> bool:
    directions = [call.direction for call in calls]
    if Direction.IN not in directions:
        return False
    return Direction.OUT not in directions[directions.index(Direction.IN) :]


def _act(rule: Trigger, fact: CallFact, now: Standing, funnel: Funnel, may_move: bool) -> Act:
    owner_id = fact.talker_id if rule.new_owner is NewOwner.TALKER else rule.owner_id
    target = _target(rule, now, funnel) if may_move else None
    return Act(
        rule,
        to_stage=target,
        task_kind=rule.task_kind,
        priority=rule.priority if rule.priority is not now.priority else None,
        owner_id=owner_id if rule.new_owner is not None and owner_id != now.owner_id else None,
        way=gated_way(funnel, now.stage_id, target) if target else NO_GATES,
    )


TAKEN_BACK = frozenset(
    f"{who}_{what}"
    for who, acts in {
        "trigger": ("task", "priority", "owner"),
        "robot": ("task", "priority", "owner", "advice", "head"),
    }.items()
    for what in acts
) | {"robot_voice", "voice_opted_out"}


def may_take_back(details: Mapping[str, object]) -> bool:
    """Whether a line of a card's history is a trigger's or robot's act that nobody has taken back."""
    return details.get("id") in TAKEN_BACK and not details.get("taken_back")


def _target(rule: Trigger, now: Standing, funnel: Funnel) -> Stage | None:
    target = funnel.stage(rule.to_stage_id) if rule.to_stage_id is not None else None
    here = funnel.stage(now.stage_id)
    if target is None or target.is_retired or target.id == now.stage_id:
        return None
    goes_back = here is not None and target.position < here.position
    return target if rule.may_go_back or not goes_back else None
