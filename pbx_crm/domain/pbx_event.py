"""What the PBX said, normalised: frozen events that know nothing of AMI, CEL or CDR spelling.

`at` is epoch seconds by Asterisk's clock where it tells it, else the arrival. `uniqueid` names a channel
for good; a channel's name is reused after a restart. `linkedid` is the one the event carried: it may
differ from the channel's earlier one, and no other event announces the change.
"""

from __future__ import annotations

from dataclasses import field

from pbx_crm.domain.value import value


@value
class PbxEvent:
    """Something happened on the PBX, or to our connection with it."""

    at: float


@value
class ChannelEvent(PbxEvent):
    """Something happened to one channel."""

    uniqueid: str
    linkedid: str
    channel: str
    variables: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    """Channel variables the PBX was told to add to its events (`channelvars=`), those we read."""


@value
class ChannelStarted(ChannelEvent):
    """A channel was made. `ringing_in` is true if it is already calling us, false if it will be dialled."""

    ringing_in: bool
    caller_number: str
    caller_name: str
    context: str
    exten: str


@value
class ChannelState(ChannelEvent):
    """A channel changed its state: `Ring` (it calls us), `Ringing` (its phone rings), `Up`, …."""

    state: str


@value
class CallerIdChanged(ChannelEvent):
    """The dialplan or an originate gave a channel another caller number."""

    caller_number: str


@value
class ChannelRenamed(PbxEvent):
    """A channel has another name from now on (masquerade)."""

    uniqueid: str
    channel: str


@value
class LocalPaired(PbxEvent):
    """Two Local halves belong together."""

    one: str
    two: str


@value
class DialBegan(ChannelEvent):
    """This channel is being dialled; `source` is None when an originate dials. It does not ring yet."""

    source: str | None
    dial_string: str


@value
class DialRinging(PbxEvent):
    """The dialled channel rings or sends progress (a phone that sends 183 never says Ringing)."""

    uniqueid: str


@value
class DialEnded(PbxEvent):
    """A dial is over; ANSWER here is no proof of a talk."""

    source: str | None
    uniqueid: str
    status: str
    forward: str
    """Where the phone sent the caller (302), else empty."""


@value
class BridgeEntered(ChannelEvent):
    """A channel is in a bridge now; `holding` is a place to wait (queue, parking), where nobody talks."""

    bridge: str
    holding: bool


@value
class BridgeLeft(ChannelEvent):
    """A channel is out of a bridge."""

    bridge: str


@value
class HangupRequested(PbxEvent):
    """The far end (or, when `soft`, the PBX) wants this channel gone."""

    uniqueid: str
    soft: bool


@value
class HangupHandled(PbxEvent):
    """The party is gone; a hangup handler keeps the channel for a while."""

    uniqueid: str


@value
class HungUp(ChannelEvent):
    """A channel is gone."""

    cause: int


@value
class BlindTransferred(PbxEvent):
    """A seller sent the other party on to an extension, without talking there first."""

    transferer: str
    transferee: str | None
    target: str


@value
class AttendedTransferred(PbxEvent):
    """A seller joined the party with whom he consulted; it says nothing about the target having answered."""

    first: str
    second: str
    target_channel: str | None
    target: str
    """Extension dialled for the consultation, as far as the event tells."""
    threeway: bool


@value
class PickedUp(PbxEvent):
    """`picker` took the call that rang at `target`."""

    picker: str
    target: str


@value
class Parked(PbxEvent):
    """A party was put into a parking lot by `parker` (endpoint)."""

    parkee: str
    parker: str


@value
class HoldChanged(PbxEvent):
    """The holding party's channel says hold or unhold; unhold also comes without hold before it."""

    uniqueid: str
    holding: bool


@value
class QueueJoined(PbxEvent):
    """A channel waits in a queue."""

    uniqueid: str
    queue: str


@value
class QueueAbandoned(PbxEvent):
    """The caller left the queue before anybody answered."""

    uniqueid: str


@value
class AgentCompleted(PbxEvent):
    """A queue's own sum of the talk, whole seconds, after the caller's channel went; transfers included."""

    uniqueid: str
    talk_seconds: float


@value
class Originated(PbxEvent):
    """The answer to an originate: success says only that the first party answered."""

    uniqueid: str | None
    channel: str
    """With a suffix if it worked, an endpoint if not."""
    success: bool
    exten: str
    """What the first party was to be connected with, if the originate named an extension, …"""
    dial_string: str
    """… or what it was to dial, if it named the application Dial."""
    caller_number: str


@value
class RecordingStarted(PbxEvent):
    """MixMonitor runs on this channel; not always one of the talk, and also on calls nobody answers."""

    uniqueid: str


@value
class VariableSet(PbxEvent):
    """A channel variable that says something about the call: its DID, its recording's file."""

    uniqueid: str
    name: str
    value: str


@value
class AppStarted(PbxEvent):
    """A channel runs a dialplan application."""

    uniqueid: str
    app: str
    exten: str


@value
class CdrSeen(PbxEvent):
    """A CDR row; several per call, at its end. Its times are in the PBX's zone, so only lengths are kept."""

    uniqueid: str
    linkedid: str
    app: str
    answered: bool
    billed_seconds: float


@value
class ChannelListed(ChannelEvent):
    """A line of the list of what lives now, asked for after a reconnect."""

    state: str
    bridge: str
    age_seconds: float
    caller_number: str
    exten: str


@value
class SnapshotEnded(PbxEvent):
    """The list of what lives now is complete: what was not in it is gone."""


@value
class PbxBooted(PbxEvent):
    """The PBX says since when it runs; channels from before are gone."""

    started_at: float


@value
class PbxStopped(PbxEvent):
    """The PBX goes down; every call ends with it."""


@value
class ConnectionLost(PbxEvent):
    """From `at` on we hear nothing."""


@value
class ConnectionRestored(PbxEvent):
    """We hear again; what happened in between is unknown until a snapshot tells."""
