"""A card's days as robots would have seen them: where it lay, whose it was, what was to be done with it.

What people, calls and other rules did is taken as it was. What the robot on trial does is laid over it,
so that a card it hands over is another's from then on.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TypeVar

from pbx_crm.domain.deal import Priority

AHEAD = timedelta(hours=12)
"""A talk fulfils the wish to call that is due at most so long after it."""


@dataclass(frozen=True, slots=True)
class FromThen:
    """Something that was so from a moment on."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Lay(FromThen):
    """The card lay in a stage."""

    stage_id: int
    since: datetime
    """When it came there; a move that was undone gives back the older moment."""


@dataclass(frozen=True, slots=True)
class Owned(FromThen):
    """The card was somebody's."""

    person_id: int
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class Ranked(FromThen):
    """The card had a priority."""

    priority: Priority
    by_person: bool = False


@dataclass(frozen=True, slots=True)
class Expected(FromThen):
    """The card was expected to close on a day."""

    day: str
    """ISO; empty for none."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was to be done with the card."""

    made_at: datetime
    due_at: datetime
    done_at: datetime | None = None
    by_robot: bool = False
    is_meeting: bool = False

    def is_open_at(self, moment: datetime) -> bool:
        """Whether it waited to be done then."""
        return self.made_at <= moment and (self.done_at is None or moment < self.done_at)


Dated = TypeVar("Dated", bound=FromThen)


@dataclass(frozen=True, slots=True)
class CardDays:
    """What is known of a card's days, each list the oldest first."""

    deal_id: int
    line_id: int | None
    responsible_id: int | None
    """The client's own seller, as today."""
    may_be_called: bool
    created_at: datetime
    lays: tuple[Lay, ...]
    signs: tuple[datetime, ...]
    """When something happened with it: calls, notes, moves, changes, steps set by people."""
    owned: tuple[Owned, ...]
    ranked: tuple[Ranked, ...]
    expected: tuple[Expected, ...] = ()
    steps: tuple[Step, ...] = ()
    talks: tuple[datetime, ...] = ()
    """When a conversation with the client began."""
    taken_back: frozenset[tuple[datetime, str]] = frozenset()
    """Stretches upon which the robot really acted, and a person took that back."""

    def lay(self, moment: datetime) -> Lay | None:
        """Where the card lay then; None before it was made."""
        return _last(self.lays, moment)

    def active_at(self, moment: datetime) -> datetime:
        """When something had last happened with it by then."""
        place = bisect_right(self.signs, moment)
        return self.signs[place - 1] if place else self.created_at

    def owner_id(self, moment: datetime) -> int:
        """Whose it was then."""
        return (_last(self.owned, moment) or self.owned[0]).person_id

    def priority(self, moment: datetime) -> Priority:
        """Its priority then."""
        return (_last(self.ranked, moment) or self.ranked[0]).priority

    def expected_close(self, moment: datetime) -> str:
        """The day on which it was expected to close then; empty for none."""
        found = _last(self.expected, moment)
        return found.day if found else ""

    def stepless_since(self, moment: datetime) -> datetime | None:
        """Since when nothing was to be done with it; None if something was."""
        if any(step.is_open_at(moment) for step in self.steps):
            return None
        done = (step.done_at for step in self.steps if step.done_at is not None and step.done_at <= moment)
        return max([self.active_at(moment), *done])

    def late_steps(self, moment: datetime) -> Iterator[datetime]:
        """The due times of what was to be done then and no robot had set, the earliest first."""
        mine = (step.due_at for step in self.steps if step.is_open_at(moment) and not step.by_robot)
        return iter(sorted(mine))

    def meetings(self, moment: datetime) -> Iterator[datetime]:
        """The due times of the meetings agreed on by then and not held, the earliest first."""
        agreed = (step.due_at for step in self.steps if step.is_open_at(moment) and step.is_meeting)
        return iter(sorted(agreed))

    def changes(self, since: datetime, until: datetime) -> list[datetime]:
        """When anything of this changed in between, with both ends."""
        moments = {since, until, *self.signs}
        moments |= {one.at for one in self.lays} | {one.at for one in self.expected}
        moments |= {step.made_at for step in self.steps}
        moments |= {step.done_at for step in self.steps if step.done_at is not None}
        return sorted(moment for moment in moments if since <= moment <= until)

    def handed_over(self, at: datetime, to: int) -> CardDays:
        """The same with the card handed over then, until somebody really gave it to another."""
        return replace(self, owned=_with(self.owned, Owned(at, to)), signs=tuple(sorted((*self.signs, at))))

    def given_priority(self, at: datetime, priority: Priority) -> CardDays:
        """The same with this priority from then on, until somebody really gave it another."""
        return replace(self, ranked=_with(self.ranked, Ranked(at, priority)))

    def given_step(self, at: datetime, due_at: datetime, *, is_call: bool) -> CardDays:
        """The same with something to be done; nobody does it but a talk that fulfils a wish to call."""
        fits = (talk for talk in self.talks if is_call and talk >= at and due_at <= talk + AHEAD)
        step = Step(at, due_at, next(fits, None), by_robot=True)
        return replace(self, steps=(*self.steps, step))


def _last(series: Sequence[Dated], moment: datetime) -> Dated | None:
    place = bisect_right(series, moment, key=attrgetter("at"))
    return series[place - 1] if place else None


def _with(series: Sequence[Dated], one: Dated) -> tuple[Dated, ...]:
    place = bisect_right(series, one.at, key=attrgetter("at"))
    return (*series[:place], one, *series[place:])
