"""A call that is going on: what is known so far, and its picture as a frozen `Call` at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field

from pbx_crm.domain.call import (
    Direction,
    EndedBy,
    MissedReason,
    Outcome,
    TransferKind,
)
from pbx_crm.domain.endpoint import EndpointKind
from pbx_crm.domain.live_channel import Channel
from pbx_crm.domain.pbx_event import Originated


@dataclass(slots=True)
class Stretch:
    """A stretch in which an extension was joined with the client."""

    extension: str
    began: float
    ended: float | None = None
    own: bool = False
    """The caller's own side of an internal call."""


@dataclass(slots=True)
class HandOver:
    """A transfer, and whether anybody at the target got the client."""

    kind: TransferKind
    at: float
    source: str | None
    target: str | None
    completed: bool = False


@dataclass(slots=True, eq=False)
class LiveCall:
    """Everything under one Linkedid, and what was merged into it. Times are epoch seconds."""

    linkedid: str
    started_at: float
    aliases: list[str] = field(default_factory=list)
    channels: list[Channel] = field(default_factory=list)
    direction: Direction | None = None
    """None while it is not known to be a call at all."""
    announced: bool = False
    client: Channel | None = None
    """The outside party; of an internal call, the caller."""
    caller: Channel | None = None
    """The seller's phone that started it."""
    origin: Channel | None = None
    """The channel an originate dialled first."""
    response: Originated | None = None
    did: str | None = None
    queue: str | None = None
    abandoned: bool = False
    rang: dict[str, float] = field(default_factory=dict)
    """Extension → when it first rang."""
    joined: dict[Channel, Stretch | None] = field(default_factory=dict)
    """Who is joined with the client now."""
    stretches: list[Stretch] = field(default_factory=list)
    answered_at: float | None = None
    answer_guessed: bool = False
    """The answer lies in a gap: its moment is a guess until a CDR or the queue tells."""
    answered_by: str | None = None
    hand_overs: list[HandOver] = field(default_factory=list)
    moved_at: float | None = None
    """The client was taken out of a talk by somebody else than the two who talked."""
    moved_from: str | None = None
    recorded: bool = False
    recording_file: str | None = None
    held_since: dict[Channel, float] = field(default_factory=dict)
    held_seconds: float = 0.0
    holds: int = 0
    plumbing_busy: bool = False
    """A Local channel answered BUSY without any device being asked (do not disturb)."""
    outcome: Outcome | None = None
    reason: MissedReason | None = None
    ended_at: float | None = None
    ended_by: EndedBy | None = None

    @property
    def live(self) -> list[Channel]:
        """Channels that are still there."""
        return [channel for channel in self.channels if channel.gone_at is None]

    @property
    def is_over(self) -> bool:
        """Whether nobody is left: no channel, or the client gone and only plumbing still there."""
        live = self.live
        if not live:
            return True
        if self.client is None or self.client.gone_at is None:
            return False
        return not any(channel.kind in (EndpointKind.SELLER, EndpointKind.TRUNK) for channel in live)

    @property
    def outside_legs(self) -> list[Channel]:
        """Trunk legs dialled to reach the outside party, in order."""
        return [channel for channel in self.channels if channel.is_outside_leg]

    @property
    def final_agent(self) -> str | None:
        """The extension last joined with the client: of those still joined the last to come."""
        others = [stretch for stretch in self.stretches if not stretch.own]
        if not others:
            return None
        return max(others, key=lambda s: (float("inf") if s.ended is None else s.ended, s.began)).extension

    @property
    def seller(self) -> str | None:
        """Who started an outgoing or internal call."""
        if self.direction is Direction.IN:
            return None
        if self.caller is not None:
            return self.caller.extension
        if self.answered_by is not None:
            return self.answered_by
        phones = [channel for channel in self.channels if channel.kind is EndpointKind.SELLER]
        # Of several phones rung by an originate into a queue, the one that answered is the caller's.
        sellers = {phone.extension for phone in phones if phone.up} or {phone.extension for phone in phones}
        return sellers.pop() if len(sellers) == 1 else None
