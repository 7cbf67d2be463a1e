"""A call that is going on: what is known so far, and its picture as a frozen `Call` at any moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from pbx_crm.domain.call import (
    Call,
    Direction,
    EndedBy,
    Leg,
    LegKind,
    LegResult,
    MissedReason,
    Outcome,
    Talk,
    Transfer,
    TransferKind,
)
from pbx_crm.domain.endpoint import EndpointKind, shown_number
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
    live: set[Channel] = field(default_factory=set)
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
        sellers = {channel.extension for channel in self.channels if channel.kind is EndpointKind.SELLER}
        return sellers.pop() if len(sellers) == 1 else None

    def picture(self, now: float) -> Call:
        """The call as it stands; `now` closes what is still counting."""
        assert self.direction is not None  # noqa: S101 - only a call has a picture
        end = self.ended_at if self.ended_at is not None else now
        started = self._started_at()
        return Call(
            linkedid=self.linkedid,
            direction=self.direction,
            started_at=_moment(started),
            aliases=tuple(self.aliases),
            external_number=self._external_number(),
            caller_name=self._caller_name(),
            did=self.did,
            queue=self.queue,
            trunk=self._trunk(),
            seller=self.seller,
            callee=self._callee(),
            rang=tuple(sorted(self.rang, key=self.rang.__getitem__)),
            answered_by=self.answered_by,
            final_agent=self.final_agent,
            outcome=self.outcome,
            reason=self.reason,
            answered_at=_maybe(self.answered_at),
            ended_at=_maybe(self.ended_at),
            ended_by=self.ended_by,
            wait_seconds=max(0.0, (end if self.answered_at is None else self.answered_at) - started),
            ring_seconds=self._ring_seconds(end),
            talk_seconds=0.0
            if self.answered_at is None
            else max(0.0, self._talk_end(end) - self.answered_at),
            hold_seconds=self.held_seconds + sum(end - since for since in self.held_since.values()),
            holds=self.holds,
            recorded=self.recorded,
            recording_file=self.recording_file,
            legs=tuple(self._leg(channel) for channel in self.channels if _is_leg(channel)),
            talks=tuple(Talk(s.extension, _moment(s.began), _maybe(s.ended)) for s in self.stretches),
            transfers=tuple(
                Transfer(h.kind, _moment(h.at), h.source, h.target, h.completed) for h in self.hand_overs
            ),
        )

    def _started_at(self) -> float:
        # A consultation older than the client's call may have been merged into it.
        if self.direction is Direction.IN and self.client is not None:
            return self.client.started_at
        return self.started_at

    def _external_number(self) -> str | None:
        if self.direction is Direction.IN and self.client is not None:
            return shown_number(self.client.caller_number)
        if self.direction is not Direction.OUT:
            return None
        if self.client is not None and self.client.answered_at is not None:
            return self.client.number
        legs = self.outside_legs
        return legs[-1].number if legs else self._ordered_number()

    def _ordered_number(self) -> str | None:
        """The number an originate was to call, where it never got so far as to dial it."""
        if self.response is None:
            return shown_number(self.origin.caller_number) if self.origin and self.origin.up else None
        exten, caller = self.response.exten, self.response.caller_number
        # With a dialled prefix the caller ID that was set for the seller's display is the clean number.
        if not exten or (caller and len(exten) > len(caller) and exten.endswith(caller)):
            return shown_number(caller)
        return exten

    def _caller_name(self) -> str | None:
        return self.client.caller_name or None if self.direction is Direction.IN and self.client else None

    def _trunk(self) -> str | None:
        if self.client is None or self.direction is Direction.INTERNAL:
            return None
        return self.client.endpoint.name

    def _callee(self) -> str | None:
        if self.direction is not Direction.INTERNAL:
            return None
        if self.answered_by is not None:
            return self.answered_by
        called = (
            channel.extension
            for channel in self.channels
            if channel.dialled_by is not None and channel.extension is not None
        )
        return next(called, None)

    def _ring_seconds(self, end: float) -> float:
        if self.direction is Direction.OUT:
            legs = self.outside_legs
            rings = [leg.rang_at for leg in legs if leg.rang_at is not None]
            ends = [leg.over_at for leg in legs if leg.over_at is not None]
            if len(ends) == len(legs):
                end = max(ends, default=end)
        else:
            rings = [leg.rang_at for leg in self.channels if leg.rang_at is not None]
        until = end if self.answered_at is None else self.answered_at
        began = min((at for at in rings if at >= self._started_at() - 0.1), default=until)
        return max(0.0, until - began)

    def _talk_end(self, end: float) -> float:
        over = self.client.over_at if self.client is not None else None
        return end if over is None or self.ended_by is EndedBy.GAP else over

    def _leg(self, channel: Channel) -> Leg:
        return Leg(
            uniqueid=channel.uniqueid,
            endpoint=channel.endpoint.name,
            kind=LegKind.SELLER if channel.extension is not None else LegKind.OUTSIDE,
            extension=channel.extension,
            number=channel.number,
            started_at=_moment(channel.started_at),
            rang_at=_maybe(channel.rang_at),
            answered_at=_maybe(channel.answered_at),
            ended_at=_maybe(channel.over_at),
            result=self._leg_result(channel),
        )

    def _leg_result(self, channel: Channel) -> LegResult | None:
        if channel.answered_at is not None:
            return LegResult.ANSWERED
        if channel.gone_at is None or not channel.dialled:
            return None
        if channel.dial_status == "BUSY":
            return LegResult.BUSY
        if channel.rang_at is None:
            return LegResult.UNREACHABLE
        if channel.cause == ANSWERED_ELSEWHERE or self._somebody_talked_at(channel.gone_at):
            return LegResult.TAKEN_BY_OTHER
        return LegResult.NO_ANSWER

    def _somebody_talked_at(self, at: float) -> bool:
        near = 0.5  # the losers are hung up a moment before the winner is bridged
        return any(s.began <= at + near and (s.ended is None or s.ended >= at) for s in self.stretches)


ANSWERED_ELSEWHERE = 26
"""Q.850 as chan_pjsip and chan_sip use it for the losers of a ring-all."""


def _is_leg(channel: Channel) -> bool:
    return channel.kind in (EndpointKind.SELLER, EndpointKind.TRUNK)


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)


def _maybe(at: float | None) -> datetime | None:
    return None if at is None else _moment(at)
