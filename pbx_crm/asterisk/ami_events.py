"""The only place that knows AMI's header names: a message in, a normalised event out.

A message may be panoramisk's `Message` or a plain dict. A broken one (a header missing, sent twice where
Asterisk sends it once, a line feed inside a value) is counted with the reason and yields nothing; the
next message is read as if nothing had happened.

Names, fields and classes: "AMI Events" of the Asterisk documentation, versions 16 and 22, and recordings.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

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

Headers = Mapping[str, Any]
"""Header → value; a header that came several times holds a list."""

Builder = Callable[[Headers, float], PbxEvent | None]

NOTHING = "<unknown>"
"""What AMI prints for an empty caller ID and a missing channel."""

TOLD_VARIABLES = frozenset({"FROM_DID", "MIXMONITOR_FILENAME"})
"""The channel variables we read: the called number, and where a recording lies."""


class BrokenEvent(Exception):
    """An event that cannot be read; the message names the header, never its value."""


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
            return builder(message, _time_of(message, arrived)) if builder else None
        except BrokenEvent as broken:
            self.broken[(name if isinstance(name, str) else "Event", str(broken))] += 1
            return None


def is_needed(raw: bytes) -> bool:
    """Whether this raw message is an event we read; looks at the first line only, VarSet excepted.

    VarSet is half of all bytes where it is sent, and two variables of it are of use.
    """
    name = raw[7:71].partition(b"\r\n")[0]
    if name == b"VarSet":
        return any(variable in raw for variable in _TOLD_BYTES)
    return name in _NEEDED_BYTES


def _time_of(message: Headers, arrived: float) -> float:
    stamp = message.get("Timestamp")
    if not stamp:
        return arrived
    try:
        return float(stamp)
    except (TypeError, ValueError):
        return arrived


def _text(message: Headers, header: str) -> str:
    """The header's value; empty if it is not there. Of several values the first counts."""
    value = message.get(header)
    if value is None:
        return ""
    if not isinstance(value, str):
        value = value[0] if value else ""
    if "\n" in value or "\r" in value:
        raise BrokenEvent(f"{header} holds a line feed")
    return str(value)


def _required(message: Headers, header: str) -> str:
    value = _text(message, header)
    if not value:
        raise BrokenEvent(f"{header} is missing")
    return value


def _known(message: Headers, header: str) -> str | None:
    value = _text(message, header)
    return value if value and value != NOTHING else None


def _seconds(text: str) -> float:
    """Seconds of `7` or of `00:00:07`; 0 of anything else."""
    seconds = 0.0
    for part in text.split(":"):
        if not part.isdigit():
            return 0.0
        seconds = seconds * 60 + int(part)
    return seconds


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def unescape(text: str) -> str:
    r"""Undo AMI's C escapes once; `O\'Brien` is O'Brien. AMI escapes names and variables, nothing else."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[1]), text)


def _name(message: Headers, header: str) -> str:
    name = _text(message, header)
    return "" if name == NOTHING else unescape(name)


def _channel(message: Headers) -> tuple[str, str, str]:
    uniqueid = _required(message, "Uniqueid")
    return uniqueid, _text(message, "Linkedid") or uniqueid, _required(message, "Channel")


def _newchannel(message: Headers, at: float) -> ChannelStarted:
    return ChannelStarted(
        at,
        *_channel(message),
        ringing_in=_text(message, "ChannelStateDesc") in ("Ring", "Up"),
        caller_number=_text(message, "CallerIDNum"),
        caller_name=_name(message, "CallerIDName"),
        context=_text(message, "Context"),
        exten=_text(message, "Exten"),
    )


def _newstate(message: Headers, at: float) -> ChannelState:
    return ChannelState(at, *_channel(message), state=_required(message, "ChannelStateDesc"))


def _newcallerid(message: Headers, at: float) -> CallerIdChanged:
    return CallerIdChanged(at, *_channel(message), caller_number=_text(message, "CallerIDNum"))


def _rename(message: Headers, at: float) -> ChannelRenamed:
    return ChannelRenamed(at, _required(message, "Uniqueid"), _required(message, "Newname"))


def _local_bridge(message: Headers, at: float) -> LocalPaired:
    return LocalPaired(at, _required(message, "LocalOneUniqueid"), _required(message, "LocalTwoUniqueid"))


def _dial_begin(message: Headers, at: float) -> DialBegan:
    uniqueid = _required(message, "DestUniqueid")
    return DialBegan(
        at,
        source=_known(message, "Uniqueid"),
        uniqueid=uniqueid,
        linkedid=_text(message, "DestLinkedid") or uniqueid,
        channel=_required(message, "DestChannel"),
        dial_string=_text(message, "DialString"),
    )


def _dial_state(message: Headers, at: float) -> DialRinging | None:
    if _text(message, "DialStatus") not in ("RINGING", "PROGRESS"):
        return None
    return DialRinging(at, _required(message, "DestUniqueid"))


def _dial_end(message: Headers, at: float) -> DialEnded:
    return DialEnded(
        at,
        source=_known(message, "Uniqueid"),
        uniqueid=_required(message, "DestUniqueid"),
        status=_required(message, "DialStatus"),
        forward=_text(message, "Forward"),
    )


def _bridge_enter(message: Headers, at: float) -> BridgeEntered:
    technology, kind = _text(message, "BridgeTechnology"), _text(message, "BridgeType")
    return BridgeEntered(
        at,
        *_channel(message),
        bridge=_required(message, "BridgeUniqueid"),
        holding=technology == "holding_bridge" or kind in ("holding", "parking"),
    )


def _bridge_leave(message: Headers, at: float) -> BridgeLeft:
    return BridgeLeft(at, *_channel(message), bridge=_required(message, "BridgeUniqueid"))


def _hangup_request(message: Headers, at: float) -> HangupRequested:
    return HangupRequested(at, _required(message, "Uniqueid"), soft=False)


def _soft_hangup_request(message: Headers, at: float) -> HangupRequested:
    return HangupRequested(at, _required(message, "Uniqueid"), soft=True)


def _hangup_handler(message: Headers, at: float) -> HangupHandled:
    return HangupHandled(at, _required(message, "Uniqueid"))


def _hangup(message: Headers, at: float) -> HungUp:
    cause = _text(message, "Cause")
    return HungUp(at, *_channel(message), cause=int(cause) if cause.isdigit() else 0)


def _blind_transfer(message: Headers, at: float) -> BlindTransferred | None:
    if _text(message, "Result") == "Fail":
        return None
    return BlindTransferred(
        at,
        transferer=_required(message, "TransfererUniqueid"),
        transferee=_known(message, "TransfereeUniqueid"),
        target=_text(message, "Extension"),
    )


def _attended_transfer(message: Headers, at: float) -> AttendedTransferred | None:
    if _text(message, "Result") == "Fail":
        return None
    return AttendedTransferred(
        at,
        first=_required(message, "OrigTransfererUniqueid"),
        second=_required(message, "SecondTransfererUniqueid"),
        target_channel=_known(message, "TransferTargetUniqueid"),
        target=_text(message, "SecondTransfererExten") or _text(message, "TransferTargetExten"),
        threeway=_text(message, "DestType") == "Threeway",
    )


def _pickup(message: Headers, at: float) -> PickedUp:
    return PickedUp(at, _required(message, "Uniqueid"), _required(message, "TargetUniqueid"))


def _parked(message: Headers, at: float) -> Parked:
    return Parked(at, _required(message, "ParkeeUniqueid"), _text(message, "ParkerDialString"))


def _hold(message: Headers, at: float) -> HoldChanged:
    return HoldChanged(at, _required(message, "Uniqueid"), holding=True)


def _unhold(message: Headers, at: float) -> HoldChanged:
    return HoldChanged(at, _required(message, "Uniqueid"), holding=False)


def _queue_join(message: Headers, at: float) -> QueueJoined:
    return QueueJoined(at, _required(message, "Uniqueid"), _required(message, "Queue"))


def _queue_abandon(message: Headers, at: float) -> QueueAbandoned:
    return QueueAbandoned(at, _required(message, "Uniqueid"))


def _agent_complete(message: Headers, at: float) -> AgentCompleted:
    return AgentCompleted(at, _required(message, "Uniqueid"), _seconds(_text(message, "TalkTime")))


def _originate_response(message: Headers, at: float) -> Originated:
    caller = _text(message, "CallerIDNum")
    return Originated(
        at,
        uniqueid=_known(message, "Uniqueid"),
        channel=_text(message, "Channel"),
        success=_text(message, "Response") == "Success",
        exten=_text(message, "Exten"),
        caller_number="" if caller == NOTHING else caller,
    )


def _recording(message: Headers, at: float) -> RecordingStarted:
    return RecordingStarted(at, _required(message, "Uniqueid"))


def _varset(message: Headers, at: float) -> VariableSet | None:
    name = _text(message, "Variable").lstrip("_")
    if name not in TOLD_VARIABLES:
        return None
    return VariableSet(at, _required(message, "Uniqueid"), name, unescape(_text(message, "Value")))


def _newexten(message: Headers, at: float) -> AppStarted:
    return AppStarted(
        at,
        _required(message, "Uniqueid"),
        app=_text(message, "Application"),
        exten=_text(message, "Extension"),
    )


def _cdr(message: Headers, at: float) -> CdrSeen:
    uniqueid = _required(message, "UniqueID")
    return CdrSeen(
        at,
        uniqueid,
        linkedid=_text(message, "LinkedID") or uniqueid,
        app=_text(message, "LastApplication"),
        answered=_text(message, "Disposition") == "ANSWERED",
        billed_seconds=_seconds(_text(message, "BillableSeconds")),
    )


def _listed(message: Headers, at: float) -> ChannelListed:
    return ChannelListed(
        at,
        *_channel(message),
        state=_text(message, "ChannelStateDesc"),
        bridge=_text(message, "BridgeId") or _text(message, "BridgeID"),
        age_seconds=_seconds(_text(message, "Duration") or _text(message, "Seconds")),
        caller_number=_text(message, "CallerIDNum"),
        exten=_text(message, "Exten"),
    )


def _list_complete(message: Headers, at: float) -> SnapshotEnded:
    return SnapshotEnded(at)


def _fully_booted(message: Headers, at: float) -> PbxBooted | None:
    uptime = _text(message, "Uptime")
    return PbxBooted(at, at - _seconds(uptime) - 1) if uptime.isdigit() else None


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
_TOLD_BYTES = tuple(name.encode() for name in sorted(TOLD_VARIABLES))
