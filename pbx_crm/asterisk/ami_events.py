"""The only place that knows AMI's header names: a message in, a normalised event out.

A message may be panoramisk's `Message` or a plain dict. A broken one (a header missing, sent twice where
Asterisk sends it once, a line feed inside a value) is counted with the reason and yields nothing; the
next message is read as if nothing had happened.

Names, fields and classes: "AMI Events" of the Asterisk documentation, versions 16 and 22, and recordings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pbx_crm.asterisk.ami_headers import (
    NOTHING,
    BrokenEvent,
    Headers,
    known,
    name_of,
    required,
    seconds_of,
    text_of,
    time_of,
    unescape,
)
from pbx_crm.domain.pbx_event import (
    AgentCompleted,
    AppStarted,
    AttendedTransferred,
    BlindTransferred,
    BridgeEntered,
    BridgeLeft,
    CallerIdChanged,
    CdrSeen,
    ChannelListed,
    ChannelRenamed,
    ChannelStarted,
    ChannelState,
    DialBegan,
    DialEnded,
    DialRinging,
    HangupHandled,
    HangupRequested,
    HoldChanged,
    HungUp,
    LocalPaired,
    Originated,
    Parked,
    PbxBooted,
    PbxEvent,
    PbxStopped,
    PickedUp,
    QueueAbandoned,
    QueueJoined,
    RecordingStarted,
    SnapshotEnded,
    VariableSet,
)

Builder = Callable[[Headers, float], PbxEvent | None]

TOLD_VARIABLES = frozenset({"FROM_DID", "MIXMONITOR_FILENAME"})
"""The channel variables we read: the called number, and where a recording lies."""


class AmiEventReader:
    """Reads messages of one PBX and keeps count of the broken ones."""

    def __init__(self) -> None:
        self.broken: Counter[tuple[str, str]] = Counter()
        """(event, what is wrong with it) → how often."""

    def read(self, message: Headers, arrived: float) -> PbxEvent | None:
        """The event in this message, or None if it is none of ours or broken.

        `arrived` (epoch seconds) is its time, unless the PBX stamps its events (`timestampevents=yes`).
        """
        name = message.get("Event")
        if name is None:
            return None
        try:
            if not isinstance(name, str):
                raise BrokenEvent("Event came twice")
            builder = BUILDERS.get(name)
            return builder(message, time_of(message, arrived)) if builder else None
        except BrokenEvent as broken:
            self.broken[(name if isinstance(name, str) else "Event", str(broken))] += 1
            return None


def is_needed(raw: bytes) -> bool:
    """Whether this raw message is an event we read; looks at the first line only, VarSet excepted.

    VarSet is half of all bytes where it is sent, and two variables of it are of use. The variable's name
    stands in the last line but one: looked for from the end it is found in a third of the time.
    """
    name = raw[7:71].partition(b"\r\n")[0]
    if name not in _NEEDED_BYTES:
        return False
    if name != b"VarSet":
        return True
    return raw.startswith(_TOLD_BYTES, raw.rfind(_VARIABLE) + len(_VARIABLE))


def _channel(message: Headers) -> tuple[str, str, str]:
    uniqueid = required(message, "Uniqueid")
    return uniqueid, text_of(message, "Linkedid") or uniqueid, required(message, "Channel")


def _variables(message: Headers) -> tuple[tuple[str, str], ...]:
    """Of `ChanVariable: NAME=value` headers, one per variable, those we read."""
    told = message.get("ChanVariable")
    if not told:
        return ()
    pairs = (text.partition("=") for text in ([told] if isinstance(told, str) else told))
    return tuple((name, unescape(value)) for name, _, value in pairs if name in TOLD_VARIABLES and value)


def _newchannel(message: Headers, at: float) -> ChannelStarted:
    return ChannelStarted(
        at,
        *_channel(message),
        ringing_in=text_of(message, "ChannelStateDesc") in ("Ring", "Up"),
        caller_number=text_of(message, "CallerIDNum"),
        caller_name=name_of(message, "CallerIDName"),
        context=text_of(message, "Context"),
        exten=text_of(message, "Exten"),
    )


def _newstate(message: Headers, at: float) -> ChannelState:
    return ChannelState(
        at, *_channel(message), state=required(message, "ChannelStateDesc"), variables=_variables(message)
    )


def _newcallerid(message: Headers, at: float) -> CallerIdChanged:
    return CallerIdChanged(at, *_channel(message), caller_number=text_of(message, "CallerIDNum"))


def _rename(message: Headers, at: float) -> ChannelRenamed:
    return ChannelRenamed(at, required(message, "Uniqueid"), required(message, "Newname"))


def _local_bridge(message: Headers, at: float) -> LocalPaired:
    return LocalPaired(at, required(message, "LocalOneUniqueid"), required(message, "LocalTwoUniqueid"))


def _dial_begin(message: Headers, at: float) -> DialBegan:
    uniqueid = required(message, "DestUniqueid")
    return DialBegan(
        at,
        source=known(message, "Uniqueid"),
        uniqueid=uniqueid,
        linkedid=text_of(message, "DestLinkedid") or uniqueid,
        channel=required(message, "DestChannel"),
        dial_string=text_of(message, "DialString"),
    )


def _dial_state(message: Headers, at: float) -> DialRinging | None:
    if text_of(message, "DialStatus") not in ("RINGING", "PROGRESS"):
        return None
    return DialRinging(at, required(message, "DestUniqueid"))


def _dial_end(message: Headers, at: float) -> DialEnded:
    return DialEnded(
        at,
        source=known(message, "Uniqueid"),
        uniqueid=required(message, "DestUniqueid"),
        status=required(message, "DialStatus"),
        forward=text_of(message, "Forward"),
    )


def _bridge_enter(message: Headers, at: float) -> BridgeEntered:
    technology, kind = text_of(message, "BridgeTechnology"), text_of(message, "BridgeType")
    return BridgeEntered(
        at,
        *_channel(message),
        variables=_variables(message),
        bridge=required(message, "BridgeUniqueid"),
        holding=technology == "holding_bridge" or kind in ("holding", "parking"),
    )


def _bridge_leave(message: Headers, at: float) -> BridgeLeft:
    return BridgeLeft(at, *_channel(message), bridge=required(message, "BridgeUniqueid"))


def _hangup_request(message: Headers, at: float) -> HangupRequested:
    return HangupRequested(at, required(message, "Uniqueid"), soft=False)


def _soft_hangup_request(message: Headers, at: float) -> HangupRequested:
    return HangupRequested(at, required(message, "Uniqueid"), soft=True)


def _hangup_handler(message: Headers, at: float) -> HangupHandled:
    return HangupHandled(at, required(message, "Uniqueid"))


def _hangup(message: Headers, at: float) -> HungUp:
    cause = text_of(message, "Cause")
    return HungUp(
        at, *_channel(message), cause=int(cause) if cause.isdigit() else 0, variables=_variables(message)
    )


def _blind_transfer(message: Headers, at: float) -> BlindTransferred | None:
    if text_of(message, "Result") == "Fail":
        return None
    return BlindTransferred(
        at,
        transferer=required(message, "TransfererUniqueid"),
        transferee=known(message, "TransfereeUniqueid"),
        target=text_of(message, "Extension"),
    )


def _attended_transfer(message: Headers, at: float) -> AttendedTransferred | None:
    if text_of(message, "Result") == "Fail":
        return None
    return AttendedTransferred(
        at,
        first=required(message, "OrigTransfererUniqueid"),
        second=required(message, "SecondTransfererUniqueid"),
        target_channel=known(message, "TransferTargetUniqueid"),
        target=text_of(message, "SecondTransfererExten") or text_of(message, "TransferTargetExten"),
        threeway=text_of(message, "DestType") == "Threeway",
    )


def _pickup(message: Headers, at: float) -> PickedUp:
    return PickedUp(at, required(message, "Uniqueid"), required(message, "TargetUniqueid"))


def _parked(message: Headers, at: float) -> Parked:
    return Parked(at, required(message, "ParkeeUniqueid"), text_of(message, "ParkerDialString"))


def _hold(message: Headers, at: float) -> HoldChanged:
    return HoldChanged(at, required(message, "Uniqueid"), holding=True)


def _unhold(message: Headers, at: float) -> HoldChanged:
    return HoldChanged(at, required(message, "Uniqueid"), holding=False)


def _queue_join(message: Headers, at: float) -> QueueJoined:
    return QueueJoined(at, required(message, "Uniqueid"), required(message, "Queue"))


def _queue_abandon(message: Headers, at: float) -> QueueAbandoned | None:
    uniqueid = known(message, "Uniqueid")
    return QueueAbandoned(at, uniqueid) if uniqueid else None


def _agent_complete(message: Headers, at: float) -> AgentCompleted | None:
    # Asterisk 16 leaves all channel headers out where the caller's channel is gone already.
    uniqueid = known(message, "Uniqueid")
    return AgentCompleted(at, uniqueid, seconds_of(text_of(message, "TalkTime"))) if uniqueid else None


def _originate_response(message: Headers, at: float) -> Originated:
    caller = text_of(message, "CallerIDNum")
    return Originated(
        at,
        uniqueid=known(message, "Uniqueid"),
        channel=text_of(message, "Channel"),
        success=text_of(message, "Response") == "Success",
        exten=text_of(message, "Exten"),
        dial_string=text_of(message, "Data") if text_of(message, "Application") == "Dial" else "",
        caller_number="" if caller == NOTHING else caller,
    )


def _recording(message: Headers, at: float) -> RecordingStarted:
    return RecordingStarted(at, required(message, "Uniqueid"))


def _varset(message: Headers, at: float) -> VariableSet | None:
    name = text_of(message, "Variable").lstrip("_")
    if name not in TOLD_VARIABLES:
        return None
    return VariableSet(at, required(message, "Uniqueid"), name, unescape(text_of(message, "Value")))


def _newexten(message: Headers, at: float) -> AppStarted:
    return AppStarted(
        at,
        required(message, "Uniqueid"),
        app=text_of(message, "Application"),
        exten=text_of(message, "Extension"),
    )


def _cdr(message: Headers, at: float) -> CdrSeen:
    uniqueid = required(message, "UniqueID")
    return CdrSeen(
        at,
        uniqueid,
        linkedid=text_of(message, "LinkedID") or uniqueid,
        app=text_of(message, "LastApplication"),
        answered=text_of(message, "Disposition") == "ANSWERED",
        billed_seconds=seconds_of(text_of(message, "BillableSeconds")),
    )


def _listed(message: Headers, at: float) -> ChannelListed:
    return ChannelListed(
        at,
        *_channel(message),
        state=text_of(message, "ChannelStateDesc"),
        bridge=text_of(message, "BridgeId") or text_of(message, "BridgeID"),
        age_seconds=seconds_of(text_of(message, "Duration") or text_of(message, "Seconds")),
        caller_number=text_of(message, "CallerIDNum"),
        exten=text_of(message, "Exten"),
    )


def _list_complete(message: Headers, at: float) -> SnapshotEnded:
    return SnapshotEnded(at)


def _fully_booted(message: Headers, at: float) -> PbxBooted | None:
    uptime = text_of(message, "Uptime")
    return PbxBooted(at, at - seconds_of(uptime) - 1) if uptime.isdigit() else None


def _shutdown(message: Headers, at: float) -> PbxStopped:
    return PbxStopped(at)


BUILDERS: dict[str, Builder] = {
    "Newchannel": _newchannel,
    "Newstate": _newstate,
    "NewCallerid": _newcallerid,
    "Rename": _rename,
    "LocalBridge": _local_bridge,
    "DialBegin": _dial_begin,
    "DialState": _dial_state,
    "DialEnd": _dial_end,
    "BridgeEnter": _bridge_enter,
    "BridgeLeave": _bridge_leave,
    "HangupRequest": _hangup_request,
    "SoftHangupRequest": _soft_hangup_request,
    "HangupHandlerRun": _hangup_handler,
    "Hangup": _hangup,
    "BlindTransfer": _blind_transfer,
    "AttendedTransfer": _attended_transfer,
    "Pickup": _pickup,
    "ParkedCall": _parked,
    "Hold": _hold,
    "Unhold": _unhold,
    "QueueCallerJoin": _queue_join,
    "QueueCallerAbandon": _queue_abandon,
    "AgentComplete": _agent_complete,
    "OriginateResponse": _originate_response,
    "MixMonitorStart": _recording,
    "MonitorStart": _recording,
    "VarSet": _varset,
    "Newexten": _newexten,
    "Cdr": _cdr,
    "CoreShowChannel": _listed,
    "Status": _listed,
    "CoreShowChannelsComplete": _list_complete,
    "StatusComplete": _list_complete,
    "FullyBooted": _fully_booted,
    "Shutdown": _shutdown,
}

NEEDED_EVENTS: frozenset[str] = frozenset(BUILDERS)
"""Names of the events the reader makes something of; every other one may be dropped unread."""

_NEEDED_BYTES = frozenset(name.encode() for name in BUILDERS)
_VARIABLE = b"\r\nVariable: "
# A channel made by this one inherits a variable with one underscore, all of its offspring one with two.
_TOLD_BYTES = tuple(
    prefix + name.encode() for name in sorted(TOLD_VARIABLES) for prefix in (b"", b"_", b"__")
)
