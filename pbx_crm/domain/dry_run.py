"""Dry run: what triggers would have done to the calls of the last days, had they been in force then.

Every card goes through its days again: calls end, sellers say how it went, people move the card, and the
rules are asked as they would have been. What triggers really did then is left out, for other rules
were in force; what people did is kept, for nobody knows what else they would have done. Gates stand as they
stand now, and judge what the card had to show at that moment: a binding one keeps it where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.passage import Conversation, Missing
from pbx_crm.domain.past_proof import NO_PROOF, PastProof
from pbx_crm.domain.trigger import Act, CallFact, PastCall, Standing, Trigger, acts_of

LONGEST_DAYS = 365


@dataclass(frozen=True, slots=True)
class HeardCall:
    """A call of the card that is over."""

    id: int
    at: datetime
    """When it ended."""
    name: str
    """Its Linkedid, which orders calls that ended at once."""
    direction: Direction
    outcome: Outcome
    talk_seconds: float
    line_id: int | None
    made_the_card: bool
    answered_at: datetime | None = None

    @property
    def talk(self) -> Conversation | None:
        """The talk as gates ask for it; None if nobody answered."""
        if self.outcome is not Outcome.ANSWERED or self.answered_at is None:
            return None
        return Conversation(self.answered_at, self.at, self.talk_seconds, self.made_the_card)


@dataclass(frozen=True, slots=True)
class SaidOf:
    """A seller said how a talk went."""

    call_id: int
    at: datetime
    outcome_id: int


@dataclass(frozen=True, slots=True)
class MovedByHand:
    """A person, or the call that made it, put the card into a stage."""

    at: datetime
    to_stage_id: int
    since: datetime
    """Since when it lies there: that moment, or an earlier one if a move was taken back."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a card lies, and since when."""

    stage_id: int
    since: datetime


@dataclass(frozen=True, slots=True)
class PastCard:
    """What is known of a card's days, each list the oldest first."""

    deal_id: int
    place: Place
    """Where it lay when the days began, or where it was made."""
    calls: Sequence[HeardCall] = ()
    """Those before the days, too: rules count them, and are not asked about them."""
    said: Sequence[SaidOf] = ()
    moves: Sequence[MovedByHand] = ()
    proof: PastProof = NO_PROOF

    @property
    def talks(self) -> list[Conversation]:
        """Its talks, as gates ask for them."""
        return [call.talk for call in self.calls if call.talk is not None]


@dataclass(frozen=True, slots=True)
class WouldAct:
    """Something a rule would have done to a card."""

    deal_id: int
    at: datetime
    trigger_id: int | None
    from_stage_id: int
    to_stage_id: int | None
    """Where it would have led; None if it would not have moved it, but done something else."""
    sets_task: bool = False
    was_put_back: bool = False
    """Whether a person then put the card back to where it had been, or further."""
    missing: tuple[Missing, ...] = ()
    """What gates on the way asked for and the card could not show."""

    @property
    def is_stopped(self) -> bool:
        """Whether a binding gate would have kept the card where it was."""
        return any(one.is_binding for one in self.missing)

    @property
    def moves(self) -> bool:
        """Whether it would have moved the card."""
        return self.to_stage_id is not None and not self.is_stopped


@dataclass(frozen=True, slots=True)
class DryRun:
    """What the rule on trial would have done, and what difference it makes to the rules in force."""

    days: int
    calls: int
    """How many calls were looked at."""
    own: tuple[WouldAct, ...]
    """Of the rule on trial, the latest first."""
    gained: frozenset[int]
    """Cards that would have been moved and are not by the rules in force."""
    lost: frozenset[int]
    """Cards that the rules in force move and that would have stayed."""

    @property
    def moves(self) -> tuple[WouldAct, ...]:
        """The moves alone."""
        return tuple(act for act in self.own if act.moves)

    @property
    def stopped(self) -> tuple[WouldAct, ...]:
        """What binding gates would have kept from moving."""
        return tuple(act for act in self.own if act.is_stopped)

    @property
    def deals_moved(self) -> int:
        """How many cards it would have moved."""
        return len({act.deal_id for act in self.moves})

    @property
    def tasks(self) -> int:
        """How many tasks it would have set."""
        return sum(act.sets_task for act in self.own)

    @property
    def put_back(self) -> int:
        """How many of its moves people put back."""
        return sum(act.was_put_back for act in self.moves)


def compare(
    trial: Trigger,
    in_force: Sequence[Trigger],
    funnel: Funnel,
    cards: Sequence[PastCard],
    days: int,
    since: datetime,
) -> DryRun:
    """Runs the cards through the rules in force, and through these with the rule on trial in its place."""
    with_trial = _replaced(trial, in_force)
    before = [act for card in cards for act in replayed(card, in_force, funnel, since)]
    after = [act for card in cards for act in replayed(card, with_trial, funnel, since)]
    own = [act for act in after if act.trigger_id == trial.id]
    moved_before = {act.deal_id for act in before if act.moves}
    moved_after = {act.deal_id for act in after if act.moves}
    return DryRun(
        days,
        sum(call.at >= since for card in cards for call in card.calls),
        tuple(sorted(own, key=lambda act: (act.at, act.deal_id), reverse=True)),
        frozenset(moved_after - moved_before),
        frozenset(moved_before - moved_after),
    )


def _replaced(trial: Trigger, in_force: Sequence[Trigger]) -> list[Trigger]:
    """The rules with the one on trial switched on: in its place, or the last if it is new."""
    switched_on = replace(trial, is_active=True)
    others = [rule for rule in in_force if trial.id is None or rule.id != trial.id]
    if trial.id is None:
        return [*others, switched_on]
    return sorted([*others, switched_on], key=lambda rule: (rule.funnel_id, rule.position, rule.id or 0))


def replayed(card: PastCard, rules: Iterable[Trigger], funnel: Funnel, since: datetime) -> list[WouldAct]:
    """What these rules would have done to the card since then, in the order of its days."""
    asked = tuple(rules)
    acts: list[WouldAct] = []
    place = card.place
    for at, event in _in_order(card, since):
        if isinstance(event, MovedByHand):
            # Who finds it where they want it leaves it there.
            place = place if event.to_stage_id == place.stage_id else Place(event.to_stage_id, event.since)
            continue
        here = place
        for act in _acts_of(card, event, asked, here, funnel):
            told = _told(card, act, at, here, funnel)
            acts.append(told)
            place = Place(told.to_stage_id, at) if told.to_stage_id and told.moves else place
    return acts


def _acts_of(
    card: PastCard, event: HeardCall | SaidOf, rules: Sequence[Trigger], place: Place, funnel: Funnel
) -> list[Act]:
    fact = _fact(card, event)
    stage = funnel.stage(place.stage_id)
    if fact is None or stage is None:
        return []
    standing = Standing(place.stage_id, 0, Priority.NORMAL, is_open=not stage.kind.is_closed)
    return acts_of(rules, fact, standing, funnel)


def _in_order(card: PastCard, since: datetime) -> list[tuple[datetime, HeardCall | SaidOf | MovedByHand]]:
    # Of what happened at one moment the card was put somewhere first, then the call ended, then it was said.
    ranked: list[tuple[tuple[datetime, int, str], HeardCall | SaidOf | MovedByHand]] = []
    ranked += [((move.at, 0, ""), move) for move in card.moves]
    ranked += [((call.at, 1, call.name), call) for call in card.calls if call.at >= since]
    ranked += [((said.at, 2, ""), said) for said in card.said]
    return [(key[0], event) for key, event in sorted(ranked, key=lambda pair: pair[0])]


def _fact(card: PastCard, event: HeardCall | SaidOf) -> CallFact | None:
    wanted = event.id if isinstance(event, HeardCall) else event.call_id
    place = next((number for number, call in enumerate(card.calls) if call.id == wanted), None)
    if place is None:
        return None
    call = card.calls[place]
    before = tuple(_past(one) for one in card.calls[:place])
    fact = CallFact(
        call.direction, call.outcome, call.talk_seconds, call.line_id, call.made_the_card, None, before
    )
    if isinstance(event, SaidOf):
        return replace(fact, made_the_card=False, wrap_up_id=event.outcome_id)
    return fact


def _past(call: HeardCall) -> PastCall:
    return PastCall(call.direction, call.outcome is Outcome.ANSWERED, call.talk_seconds, call.at)


def _told(card: PastCard, act: Act, at: datetime, place: Place, funnel: Funnel) -> WouldAct:
    target = act.to_stage.id if act.to_stage is not None else None
    missing: tuple[Missing, ...] = ()
    if act.way.stages:
        missing = act.way.judge(card.proof.at(at, place.since, card.talks)).missing
    told = WouldAct(
        card.deal_id, at, act.trigger.id, place.stage_id, target, act.task_kind is not None, missing=missing
    )
    put_back = told.moves and _was_put_back(card, at, place.stage_id, funnel)
    return replace(told, was_put_back=put_back)


def _was_put_back(card: PastCard, at: datetime, from_stage_id: int, funnel: Funnel) -> bool:
    following = next((move for move in card.moves if move.at > at), None)
    here = funnel.stage(from_stage_id)
    there = funnel.stage(following.to_stage_id) if following is not None else None
    return here is not None and there is not None and there.position <= here.position
