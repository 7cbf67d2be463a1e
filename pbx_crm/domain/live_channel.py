"""A channel of a call that is going on: what the tracker remembers of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pbx_crm.domain.endpoint import Endpoint, EndpointKind

if TYPE_CHECKING:
    from pbx_crm.domain.call import Leg
    from pbx_crm.domain.live_call import LiveCall


@dataclass(slots=True, eq=False)
class Channel:
    """One leg inside Asterisk, a device's or half of a Local pair. Times are epoch seconds."""

    uniqueid: str
    linkedid: str
    name: str
    """In full for a Local half; the endpoint's for a device."""
    endpoint: Endpoint
    call: LiveCall
    started_at: float
    root: bool
    """It began a Linkedid: nobody's call made it."""
    introduced: bool = False
    """Its Newchannel was seen; other events about it may come first."""
    caller_number: str = ""
    caller_name: str = ""
    exten: str = ""
    up: bool = False
    dialled: bool = False
    dialled_by: Channel | None = None
    number: str | None = None
    """Dialled outside number, trunk legs only."""
    stands_for: str | None = None
    """Extension of the seller in whose place this trunk leg was dialled (forward, follow-me)."""
    called_sellers: tuple[str, ...] = ()
    """Extensions this channel dialled, directly or by a Local channel named after them."""
    forwards: tuple[tuple[str, str], ...] = ()
    """(where to, whose phone said so) of the phones it dialled that sent the caller on (302)."""
    pair: Channel | None = None
    bridge: str | None = None
    rang_at: float | None = None
    answered_at: float | None = None
    queued: bool = False
    """It waits, or waited, in a queue: whom it dials are the queue's members."""
    hangup_asked_at: float | None = None
    """The party itself hung up; the channel goes a moment later."""
    party_left_at: float | None = None
    """The PBX is done with the party; at most a hangup handler keeps the channel."""
    gone_at: float | None = None
    lost: bool = False
    """Its end was not heard, only concluded."""
    cause: int = 0
    dial_status: str = ""
    app: str = ""
    """The last dialplan application it ran."""
    voicemail: bool = False
    met_client: bool = False
    """It was, through bridges and Local pairs, joined with the outside party."""
    heard_at: float = 0.0
    """Last event about it."""
    pictured: tuple[tuple[object, ...], Leg] | None = None
    """Of a leg that is over: how it was last shown, and what was seen of it then."""

    @property
    def kind(self) -> EndpointKind:
        """Seller's phone, trunk, Local half, or nobody."""
        return self.endpoint.kind

    @property
    def extension(self) -> str | None:
        """The seller behind it: the phone's own extension, or whose forward this trunk leg is."""
        return self.endpoint.extension or self.stands_for

    @property
    def is_local(self) -> bool:
        """Plumbing."""
        return self.endpoint.kind is EndpointKind.LOCAL

    @property
    def is_far_half(self) -> bool:
        """Half `;2` of a Local pair: the one that runs the dialplan of the dialled extension."""
        return self.is_local and self.name.endswith(";2")

    @property
    def is_outside_leg(self) -> bool:
        """A trunk leg dialled to reach an outside party, not in a seller's place."""
        return self.kind is EndpointKind.TRUNK and self.dialled and self.stands_for is None

    @property
    def over_at(self) -> float | None:
        """When the party was gone; a hangup handler may keep the channel for seconds longer."""
        if self.gone_at is None:
            return None
        return min(at for at in (self.hangup_asked_at, self.party_left_at, self.gone_at) if at is not None)


class ChannelGraph:
    """Who is joined with whom: channels, the bridges they are in, and the Local pairs between them."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._bridges: dict[str, list[Channel]] = {}
        self._halves: dict[str, Channel] = {}

    def add(self, channel: Channel) -> None:
        """A new channel; the second half of a Local pair finds the first by its name."""
        self.channels[channel.uniqueid] = channel
        if not channel.is_local:
            return
        other = self._halves.get(channel.endpoint.name)
        if other is None or other.gone_at is not None:
            self._halves[channel.endpoint.name] = channel
        else:
            self.pair(channel, other)

    def rename(self, channel: Channel, name: str, endpoint: Endpoint) -> None:
        """A masquerade gave this channel another's name, and with it another's place in a Local pair."""
        channel.endpoint = endpoint
        channel.name = name if channel.is_local else endpoint.name
        if channel.is_local and channel.pair is None:
            halves = (c for c in self.channels.values() if c.endpoint.name == endpoint.name)
            other = next((c for c in halves if c.name != name and c.gone_at is None), None)
            if other is not None:
                self.pair(channel, other)

    def pair(self, one: Channel, two: Channel) -> None:
        """These two Local halves belong together."""
        one.pair, two.pair = two, one
        self._halves.pop(one.endpoint.name, None)

    def enter(self, channel: Channel, bridge: str) -> None:
        """The channel is in this bridge, and in no other one."""
        self.leave(channel)
        channel.bridge = bridge
        self._bridges.setdefault(bridge, []).append(channel)

    def leave(self, channel: Channel) -> None:
        """The channel is in no bridge."""
        if channel.bridge is None:
            return
        others = self._bridges[channel.bridge]
        others.remove(channel)
        if not others:
            del self._bridges[channel.bridge]
        channel.bridge = None

    def hang_up(self, channel: Channel) -> None:
        """The channel joins nobody any more; its half of a Local pair neither."""
        self.leave(channel)
        if channel.pair is not None:
            channel.pair.pair = None
            channel.pair = None
        self._halves.pop(channel.endpoint.name, None)

    def forget(self, channel: Channel) -> None:
        """Nothing more is expected of this channel."""
        self.channels.pop(channel.uniqueid, None)

    def joined(self, channel: Channel) -> set[Channel]:
        """Every channel that hears this one, itself included: over bridges and Local pairs."""
        found = {channel}
        if channel.bridge is None and channel.pair is None:
            return found
        open_ends = [channel]
        while open_ends:
            here = open_ends.pop()
            near = set(self._bridges[here.bridge]) if here.bridge is not None else set()
            if here.pair is not None:
                near.add(here.pair)
            open_ends.extend(near - found)
            found |= near
        return found
