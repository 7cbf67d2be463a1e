"""Calls told in a line: `Story.incoming("+79161234567").rings("101", "102").answers("102").ends()`.

A story is a list of facts as the tracker tells them, each with the whole call as it stood. Every step
returns a longer story and leaves the shorter one as it was.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from pbx_crm.domain.call import (
    Call,
    CallAnswered,
    CallEnded,
    CallMerged,
    CallStarted,
    CallTransferred,
    Direction,
    EndedBy,
    Fact,
    Leg,
    LegKind,
    LegRang,
    LegResult,
    MissedReason,
    Outcome,
    Talk,
    Transfer,
    TransferKind,
)
from tests.builders import NOW

_numbers = itertools.count(1)


def _linkedid() -> str:
    return f"1795284613.{next(_numbers)}"


@dataclass(frozen=True, slots=True)
class Story:
    """What the tracker told of one call so far."""

    facts: tuple[Fact, ...]
    now: datetime

    @property
    def call(self) -> Call:
        """The call as it stands."""
        return self.facts[-1].call

    @classmethod
    def incoming(
        cls,
        number: str | None,
        *,
        did: str | None = "74951230001",
        trunk: str = "trunk-main",
        queue: str | None = None,
        at: datetime = NOW,
        linkedid: str | None = None,
        name: str | None = None,
    ) -> Self:
        """An outside party comes in; None is a withheld number."""
        call = Call(
            linkedid or _linkedid(),
            Direction.IN,
            at,
            external_number=number,
            did=did,
            trunk=trunk,
            queue=queue,
            caller_name=name,
        )
        return cls((CallStarted(call, at),), at)

    @classmethod
    def outgoing(cls, number: str | None, seller: str = "101", *, at: datetime = NOW) -> Self:
        """A seller dials an outside number."""
        call = Call(_linkedid(), Direction.OUT, at, external_number=number, seller=seller, trunk="trunk-main")
        return cls((CallStarted(call, at),), at)

    @classmethod
    def internal(cls, seller: str = "101", callee: str = "102", *, at: datetime = NOW) -> Self:
        """One extension dials another."""
        call = Call(_linkedid(), Direction.INTERNAL, at, seller=seller, callee=callee)
        return cls((CallStarted(call, at),), at)

    def rings(self, *extensions: str, after: float = 1.0) -> Self:
        """These phones ring, one fact each."""
        story = self._later(after)
        for extension in extensions:
            story = story._ring(extension)
        return story

    def _ring(self, extension: str) -> Self:
        leg = Leg(
            f"{self.call.linkedid}-{extension}-{len(self.call.legs)}",
            f"PJSIP/{extension}",
            LegKind.SELLER,
            extension,
            None,
            self.now,
            rang_at=self.now,
        )
        rang = (*self.call.rang, *((extension,) if extension not in self.call.rang else ()))
        call = replace(self.call, legs=(*self.call.legs, leg), rang=rang)
        return self._tell(LegRang(call, self.now, extension))

    def answers(self, extension: str, *, after: float = 7.0) -> Self:
        """This extension and the other party are connected; an outside party answers for its caller."""
        story = self._later(after)
        call = replace(
            story.call,
            answered_at=story.now,
            answered_by=extension,
            final_agent=extension,
            talks=(Talk(extension, story.now),),
            legs=story._legs(extension),
            wait_seconds=(story.now - self.call.started_at).total_seconds(),
        )
        return story._tell(CallAnswered(call, story.now))

    def _legs(self, answering: str) -> tuple[Leg, ...]:
        return tuple(
            replace(leg, answered_at=self.now)
            if leg.extension == answering
            else replace(leg, ended_at=self.now, result=LegResult.TAKEN_BY_OTHER)
            for leg in self.call.legs
        )

    def goes_to(
        self, extension: str, *, kind: TransferKind = TransferKind.ATTENDED, after: float = 20.0
    ) -> Self:
        """The client is handed over and connected with another seller, whose phone rang."""
        story = self._later(after)._ring(extension)
        before = replace(story.call.talks[-1], ended_at=story.now)
        handed = Transfer(kind, story.now, self.call.final_agent, extension, completed=True)
        call = replace(
            story.call,
            final_agent=extension,
            talks=(*story.call.talks[:-1], before, Talk(extension, story.now)),
            transfers=(*story.call.transfers, handed),
        )
        return story._tell(CallTransferred(call, story.now))

    def merges(self, gone: str) -> Self:
        """Another Linkedid turns out to be this call."""
        call = replace(self.call, aliases=(*self.call.aliases, gone))
        return self._tell(CallMerged(call, self.now, gone))

    def ends(
        self,
        *,
        after: float = 30.0,
        outcome: Outcome | None = None,
        reason: MissedReason | None = None,
        by: EndedBy = EndedBy.HANGUP,
    ) -> Self:
        """The last channel is gone; the outcome follows from what happened unless it is named."""
        story = self._later(after)
        if outcome is None and by is EndedBy.HANGUP:
            outcome = _outcome(story.call)
        if outcome is Outcome.MISSED and reason is None:
            reason = MissedReason.GAVE_UP
        talked = story.call.answered_at and (story.now - story.call.answered_at).total_seconds()
        call = replace(
            story.call,
            ended_at=story.now,
            ended_by=by,
            outcome=outcome,
            reason=reason,
            talk_seconds=talked or 0.0,
            talks=tuple(replace(talk, ended_at=talk.ended_at or story.now) for talk in story.call.talks),
            legs=tuple(story._over(leg) for leg in story.call.legs),
        )
        return story._tell(CallEnded(call, story.now))

    def _over(self, leg: Leg) -> Leg:
        result = leg.result or (LegResult.ANSWERED if leg.answered_at else LegResult.NO_ANSWER)
        return replace(leg, ended_at=leg.ended_at or self.now, result=result)

    def _later(self, seconds: float) -> Self:
        return replace(self, now=self.now + timedelta(seconds=seconds))

    def _tell(self, fact: Fact) -> Self:
        return replace(self, facts=(*self.facts, fact))


def _outcome(call: Call) -> Outcome:
    if call.answered_by is not None:
        return Outcome.ANSWERED
    return Outcome.MISSED if call.direction is Direction.IN else Outcome.NO_ANSWER


def told_together(*stories: Story) -> list[Fact]:
    """The facts of several calls in the order of their moments, as one PBX tells them."""
    facts = [fact for story in stories for fact in story.facts]
    return sorted(facts, key=lambda fact: fact.at)
