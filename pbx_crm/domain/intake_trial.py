"""Dry run of a line or a skip rule: what past calls would have led to, and how that differs from now.

The calls of the last days come in again, under the rules in force and under those with one on trial among
them. What people did meanwhile is done again: cards they closed, gave away or made by hand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.call import Call

MOST_CALLS = 20_000
"""More calls are not heard again; the latest so many are."""


@dataclass(frozen=True, slots=True)
class PastCall:
    """A call of those days, whole."""

    id: int
    pbx: str
    call: Call
    deal_id: int | None
    """The card it really belongs to."""


@dataclass(frozen=True, slots=True)
class PastClient:
    """A client as known when the days began, or from the moment somebody wrote them down."""

    id: int
    numbers: tuple[str, ...]
    name: str
    responsible_id: int | None
    known_at: datetime
    by_call: bool
    """Whether a call of these days made the contact; then the trial makes it itself."""


@dataclass(frozen=True, slots=True)
class PastDeal:
    """A real card of such a client, as it was when the days began, or when it was made by hand."""

    id: int
    contact_id: int
    funnel_id: int
    stage_id: int
    owner_id: int
    made_at: datetime
    active_at: datetime
    born_of: str | None
    """The call that made it, `pbx/linkedid`; None if people or the site did."""
    is_open: bool
    waits: bool
    """Whether its client waited to be called back."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Somebody put a card into another stage."""

    at: datetime
    deal_id: int
    stage_id: int
    funnel_id: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class Given:
    """Somebody gave a card to another owner."""

    at: datetime
    deal_id: int
    owner_id: int
    by_person: bool


@dataclass(frozen=True, slots=True)
class CalledBack:
    """A wish to call back was fulfilled or put away."""

    at: datetime
    deal_id: int


@dataclass(frozen=True, slots=True)
class PastDays:
    """All that a trial of the intake needs, each list the oldest first."""

    since: datetime
    calls: Sequence[PastCall] = ()
    clients: Sequence[PastClient] = ()
    deals: Sequence[PastDeal] = ()
    acts: Sequence[Laid | Given | CalledBack] = ()


class Fate(StrEnum):
    """What became of a call."""

    MADE = "made"
    JOINED = "joined"
    SKIPPED = "skipped"
    LOGGED = "logged"


@dataclass(frozen=True, slots=True)
class CallFate:
    """What a call led to under certain rules."""

    fate: Fate
    owner_id: int | None = None
    """Whose the card it made was when the call was over."""
    funnel_id: int | None = None
    tasks: int = 0
    """Call-backs and reviews it led to."""
    is_own: bool = False
    """Whether the rule on trial decided about it."""


@dataclass(frozen=True, slots=True)
class CallChange:
    """A call with what becomes of it now, and what would have."""

    call_id: int
    at: datetime
    deal_id: int | None
    """The card it really belongs to."""
    now: CallFate
    then: CallFate
    was_undone: bool
    """Whether a person then gave its card to somebody else than the rule would have."""

    @property
    def differs(self) -> bool:
        """Whether it would have become anything else."""
        first, second = ((one.fate, one.owner_id, one.funnel_id) for one in (self.now, self.then))
        return first != second


@dataclass(frozen=True, slots=True)
class IntakeTrial:
    """What the rule on trial would have made of the calls of those days."""

    days: int
    looked_at: int
    """How many calls came in again."""
    changes: tuple[CallChange, ...]
    """Every call that the rule decides about, or that would have become something else; latest first."""

    @property
    def own(self) -> tuple[CallChange, ...]:
        """The calls that the rule on trial would have decided about."""
        return tuple(one for one in self.changes if one.then.is_own)

    def own_of(self, fate: Fate) -> int:
        """How many of these would have come to this."""
        return sum(one.then.fate is fate for one in self.own)

    @property
    def tasks(self) -> int:
        """How many call-backs and reviews they would have led to."""
        return sum(one.then.tasks for one in self.own)

    @property
    def gained(self) -> int:
        """How many calls make a card with it and make none now."""
        return sum(one.then.fate is Fate.MADE and one.now.fate is not Fate.MADE for one in self.changes)

    @property
    def lost(self) -> int:
        """How many calls make a card now and would make none with it."""
        return sum(one.now.fate is Fate.MADE and one.then.fate is not Fate.MADE for one in self.changes)

    @property
    def other_owner(self) -> int:
        """How many calls make a card with either, and it would be another's."""
        both = (one for one in self.changes if one.now.fate is one.then.fate is Fate.MADE)
        return sum(one.now.owner_id != one.then.owner_id for one in both)

    @property
    def undone(self) -> int:
        """How many of its cards a person then gave to somebody else."""
        return sum(one.was_undone for one in self.own)


def compare(
    past: PastDays, days: int, now: Mapping[int, CallFate], then: Mapping[int, CallFate]
) -> IntakeTrial:
    """The two ways the same calls went, side by side."""
    given = {act.deal_id: act for act in past.acts if isinstance(act, Given) and act.by_person}
    changes = [_change(one, now[one.id], then[one.id], given) for one in past.calls]
    told = [one for one in changes if one.then.is_own or one.differs]
    latest_first = sorted(told, key=lambda one: (one.at, one.call_id), reverse=True)
    return IntakeTrial(days, len(past.calls), tuple(latest_first))


def _change(one: PastCall, now: CallFate, then: CallFate, given: Mapping[int, Given]) -> CallChange:
    last = given.get(one.deal_id or 0)
    makes_it_now = now.fate is then.fate is Fate.MADE
    was_undone = makes_it_now and last is not None and last.owner_id != then.owner_id
    return CallChange(one.id, one.call.started_at, one.deal_id, now, then, was_undone)
