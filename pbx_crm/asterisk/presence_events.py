"""Presence as AMI tells it: three small events, and the lists asked for after a log-in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pbx_crm.domain.presence import DeviceSeen, MemberGone, PauseSeen, PresenceEvent

PRESENCE_EVENTS = frozenset({"DeviceStateChange", "QueueMemberPause", "QueueMemberRemoved"})
"""QueueMemberStatus tells nothing more, and comes for every queue of a member at every change."""
LISTED = frozenset({"QueueMember"})
"""In the answer to QueueStatus."""
HEARD = PRESENCE_EVENTS | LISTED
HEARD_BYTES = frozenset(name.encode() for name in HEARD)


def is_presence(raw: bytes) -> bool:
    """Whether this raw message is of these, by its first line."""
    return raw[7:71].partition(b"\r\n")[0] in HEARD_BYTES


def read_presence(message: Mapping[str, Any]) -> PresenceEvent | None:
    """What the message says of a phone; None for any other, or a broken one."""
    match message.get("Event"):
        case "DeviceStateChange":
            device, state = _text(message, "Device"), _text(message, "State")
            return DeviceSeen(device, state) if device and state else None
        case "QueueMemberPause" | "QueueMember":
            interface, queue = _member(message)
            return PauseSeen(interface, queue, _text(message, "Paused") == "1") if interface else None
        case "QueueMemberRemoved":
            interface, queue = _member(message)
            return MemberGone(interface, queue) if interface else None
        case _:
            return None


def _member(message: Mapping[str, Any]) -> tuple[str, str]:
    # The list of QueueStatus calls the interface Location, the events Interface.
    return _text(message, "Interface") or _text(message, "Location"), _text(message, "Queue")


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    return value if isinstance(value, str) else ""
