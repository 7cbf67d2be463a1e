"""A call as we know it: what the tracker concluded, and the facts it tells the rest of the program.

A call is everything under one Linkedid; a leg is a real device channel. Times are aware UTC by
Asterisk's clock, lengths are seconds. Values are frozen: every fact carries the whole call as it
stood at that moment, so that whoever receives a fact twice, or late, can only write the same rows.
"""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.value import value


class Direction(StrEnum):
    """Who started it, as the company sees it."""

    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class Outcome(StrEnum):
    """How the call ended for the two parties; the meaning of each stands in docs/calls.md."""

    ANSWERED = "answered"
    MISSED = "missed"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


class MissedReason(StrEnum):
    """Why nobody talked with an incoming caller."""

    GAVE_UP = "gave_up"
    ABANDONED = "abandoned"
    BUSY = "busy"
    CLOSED = "closed"
    IVR = "ivr"
    FAILED = "failed"


class LegKind(StrEnum):
    """What stands behind a leg: a seller's device, or an outside party over a trunk."""

    SELLER = "seller"
    OUTSIDE = "outside"


class LegResult(StrEnum):
    """How one leg ended. A ring-all where another phone answered is nobody's missed call."""

    ANSWERED = "answered"
    TAKEN_BY_OTHER = "taken_by_other"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"


class TransferKind(StrEnum):
    """How a client was handed on."""

    BLIND = "blind"
    ATTENDED = "attended"
    PARK = "park"
    THREEWAY = "threeway"


class EndedBy(StrEnum):
    """How we know that a call is over."""

    HANGUP = "hangup"
    PBX_RESTART = "pbx_restart"
    GAP = "gap"


@value
class Leg:
    """One device channel: which phone, when it rang, when it was connected, when it went away."""

    uniqueid: str
    endpoint: str
    """Technology and peer, `PJSIP/101`; never a channel name with its suffix."""
    kind: LegKind
    extension: str | None
    """The seller's extension this leg is credited to; a forwarded mobile is its seller's."""
    number: str | None
    """Dialled outside number, legs over a trunk only."""
    started_at: datetime
    rang_at: datetime | None = None
    answered_at: datetime | None = None
    """First moment bridged with the other party, not the SIP answer."""
    ended_at: datetime | None = None
    result: LegResult | None = None


@value
class Talk:
    """A stretch in which this extension's phone was in a bridge with the other party, holds included."""

    extension: str
    started_at: datetime
    ended_at: datetime | None = None


@value
class Transfer:
    """A hand-over; completed only if somebody at the target was then connected with the client."""

    kind: TransferKind
    at: datetime
    source: str | None
    target: str | None
    completed: bool


@value
class Call:
    """Everything known about one call at one moment. Key: (pbx, linkedid); the pbx is the listener's."""

    linkedid: str
    direction: Direction
    started_at: datetime
    aliases: tuple[str, ...] = ()
    """Other Linkedids that turned out to be this call; a merge moves what hangs on them."""
    external_number: str | None = None
    """As the PBX had it; None is withheld."""
    caller_name: str | None = None
    did: str | None = None
    queue: str | None = None
    trunk: str | None = None
    """Endpoint the outside party came or left by."""
    seller: str | None = None
    """Extension that started an outgoing or internal call."""
    callee: str | None = None
    """Extension called, internal calls only."""
    rang: tuple[str, ...] = ()
    answered_by: str | None = None
    final_agent: str | None = None
    outcome: Outcome | None = None
    """None while the call is open, and for good where the end was lost and nobody had answered before."""
    reason: MissedReason | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    wait_seconds: float = 0.0
    ring_seconds: float = 0.0
    talk_seconds: float = 0.0
    hold_seconds: float = 0.0
    holds: int = 0
    """How often a seller put the other party on hold."""
    recorded: bool = False
    recording_file: str | None = None
    legs: tuple[Leg, ...] = ()
    talks: tuple[Talk, ...] = ()
    transfers: tuple[Transfer, ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Whether the call still lives, as far as we know."""
        return self.ended_at is None

    @property
    def talk_by(self) -> dict[str, float]:
        """Seconds each extension was connected with the other party, holds included; closed ones only."""
        sums: dict[str, float] = {}
        for talk in self.talks:
            if talk.ended_at is not None:
                seconds = (talk.ended_at - talk.started_at).total_seconds()
                sums[talk.extension] = sums.get(talk.extension, 0.0) + seconds
        return sums


@value
class Fact:
    """Something the tracker concluded, in the past tense, with the call as it stood then."""

    call: Call
    at: datetime


class CallStarted(Fact):
    """A call exists: an outside party came in, or somebody here dialled."""

    __slots__ = ()


@value
class LegRang(Fact):
    """This extension's device really rings."""

    extension: str


class CallAnswered(Fact):
    """The two parties are connected for the first time; `call.answered_by` says by whom."""

    __slots__ = ()


class CallTransferred(Fact):
    """The client is now connected with another seller; `call.final_agent` says with whom."""

    __slots__ = ()


@value
class CallMerged(Fact):
    """What stood as a call of its own is part of `call`; everything hanging on `gone` moves there."""

    gone: str


class CallEnded(Fact):
    """The last real channel is gone and the grace is over; outcome and seconds are final."""

    __slots__ = ()
