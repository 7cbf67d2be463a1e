"""What lives on the practice PBX now, told from the events it sent: the answers to the list actions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from pbx_crm.asterisk.ami_wire import headers_of

CHANNEL_HEADERS = (
    "Channel",
    "ChannelState",
    "ChannelStateDesc",
    "CallerIDNum",
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    "Linkedid",
)


@dataclass(slots=True)
class LiveChannel:
    """One channel's latest headers."""

    since: datetime
    headers: dict[str, str] = field(default_factory=dict)
    bridge: str = ""
    queue: str = ""


class LiveChannels:
    """Channels from their first event to their Hangup."""

    def __init__(self) -> None:
        self._channels: dict[str, LiveChannel] = {}

    def __len__(self) -> int:
        return len(self._channels)

    def note(self, message: bytes, now: datetime) -> None:
        """Take in an event that was just sent."""
        headers = {name: value for name, value in headers_of(message).items() if isinstance(value, str)}
        name, uniqueid = headers.get("Event", ""), headers.get("Uniqueid", "")
        if name == "Newchannel":
            self._channels[uniqueid] = LiveChannel(now)
        channel = self._channels.get(uniqueid)
        if channel is None:
            return
        channel.headers |= {header: headers[header] for header in CHANNEL_HEADERS if header in headers}
        if name == "Hangup":
            del self._channels[uniqueid]
        elif name == "BridgeEnter":
            channel.bridge, channel.queue = headers.get("BridgeUniqueid", ""), ""
        elif name == "BridgeLeave":
            channel.bridge = ""
        elif name in ("QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon"):
            channel.queue = headers.get("Queue", "") if name == "QueueCallerJoin" else ""

    def names_and_states(self) -> list[tuple[str, str]]:
        """Name and state of every channel that lives."""
        return [
            (channel.headers.get("Channel", ""), channel.headers.get("ChannelStateDesc", ""))
            for channel in self._channels.values()
        ]

    def core_show_channels(self, now: datetime) -> list[dict[str, str]]:
        """The items of CoreShowChannels."""
        return [
            {"Event": "CoreShowChannel"}
            | channel.headers
            | {"Application": "", "ApplicationData": "", "Duration": _clock(now, channel.since)}
            | {"BridgeId": channel.bridge}
            for channel in self._channels.values()
        ]

    def status(self, now: datetime) -> list[dict[str, str]]:
        """The items of Status."""
        return [
            {"Event": "Status", "Privilege": "Call"}
            | channel.headers
            | {"BridgeID": channel.bridge, "Seconds": str(int((now - channel.since).total_seconds()))}
            for channel in self._channels.values()
        ]

    def queue_entries(self, now: datetime) -> list[dict[str, str]]:
        """The waiting callers of QueueStatus."""
        return [
            {"Event": "QueueEntry", "Queue": channel.queue}
            | channel.headers
            | {"Wait": str(int((now - channel.since).total_seconds()))}
            for channel in self._channels.values()
            if channel.queue
        ]


def _clock(now: datetime, since: datetime) -> str:
    seconds = int((now - since).total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
