"""What may be sent to the PBX: each action a typed function, and the one gate every value passes.

Asterisk ends a header at a lone LF and an action at two of them, so a line break inside a value starts
a second action with our rights. It also refuses lines over 1,024 bytes and more than 128 headers.
`refuse_unsafe` stands in the protocol's `send`; there is no way around it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pbx_crm.domain.errors import BadInput

LONGEST_LINE = 1000
"""Bytes of `Name: value`; Asterisk's own limit is 1,024 with the line end."""
MOST_HEADERS = 120
LONGEST_CHANNEL_ID = 149
"""Bytes; Asterisk refuses a longer Uniqueid."""
_HEADER_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*\Z")
_BREAKS = re.compile(r"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class AmiAction:
    """One action to send; `Variable` may stand several times, so the headers are pairs."""

    name: str
    headers: tuple[tuple[str, str], ...] = ()

    def as_headers(self) -> dict[str, str | list[str]]:
        """The form panoramisk sends; header names that repeat become lists."""
        collected: dict[str, str | list[str]] = {"Action": self.name}
        for name, value in self.headers:
            if name not in collected:
                collected[name] = value
                continue
            earlier = collected[name]
            collected[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
        return collected


def refuse_unsafe(headers: Mapping[str, Any]) -> None:
    """Raise `BadInput`, naming the headers, unless every line is one line on the wire and short enough."""
    lines = [
        (name, item)
        for name, value in headers.items()
        for item in (value if isinstance(value, list | tuple) else [value])
    ]
    reasons = {name: reason for name, value in lines if (reason := _why_unsafe(name, str(value)))}
    if len(lines) > MOST_HEADERS:
        reasons["Action"] = f"more than {MOST_HEADERS} headers"
    if reasons:
        raise BadInput("This cannot be sent to the PBX.", reasons=reasons)


def _why_unsafe(name: str, value: str) -> str | None:
    if not _HEADER_NAME.match(name):
        return "not a header name"
    if _BREAKS.search(value):
        return "holds a line break or a zero byte"
    try:
        length = len(f"{name}: {value}".encode())
    except UnicodeEncodeError:
        return "holds half of a character"
    return f"longer than {LONGEST_LINE} bytes" if length > LONGEST_LINE else None


def log_in(username: str, secret: str) -> AmiAction:
    """Open the session with all events the account may read."""
    return AmiAction("Login", (("Username", username), ("Secret", secret), ("Events", "on")))


def log_off() -> AmiAction:
    """Say good-bye, so that the PBX does not log a broken connection."""
    return AmiAction("Logoff")


def ping() -> AmiAction:
    """Ask for a sign of life; needs no right."""
    return AmiAction("Ping")


def core_status() -> AmiAction:
    """When Asterisk was started; needs write `reporting`."""
    return AmiAction("CoreStatus")


def core_settings() -> AmiAction:
    """Version, and whether CDR is on; needs write `reporting`."""
    return AmiAction("CoreSettings")


def core_show_channels() -> AmiAction:
    """Every channel that lives now, with Linkedid, Duration and BridgeId; needs write `reporting`."""
    return AmiAction("CoreShowChannels")


def get_variable(name: str) -> AmiAction:
    """A global variable, or what a function gives on no channel; needs write `reporting`."""
    return AmiAction("Getvar", (("Variable", name),))


def channel_status() -> AmiAction:
    """Every channel again, with Seconds, DNID and the parties; needs write `reporting`."""
    return AmiAction("Status")


def queue_status() -> AmiAction:
    """Members and waiting callers of every queue; needs no right."""
    return AmiAction("QueueStatus")


def device_state_list() -> AmiAction:
    """The state of every device as DeviceStateChange events; needs write `reporting`."""
    return AmiAction("DeviceStateList")


def list_commands() -> AmiAction:
    """The actions this account may use, which is how its write rights are seen; needs no right."""
    return AmiAction("ListCommands")


def hang_up(channel: str) -> AmiAction:
    """End this channel with normal clearing; needs write `call`."""
    return AmiAction("Hangup", (("Channel", channel), ("Cause", "16")))


def new_channel_id() -> str:
    """A fresh id for the channel of an Originate, so that its call is found again whatever is answered."""
    return f"crm-{uuid4().hex}"


def ring_for_trial(*, endpoint: str, channel_id: str, ring_seconds: int, talk_seconds: int) -> AmiAction:
    """Ring `endpoint`, and keep whoever picks up so many seconds in silence; needs write `originate`."""
    headers = (
        ("Channel", endpoint),
        ("Application", "Wait"),
        ("Data", str(talk_seconds)),
        ("Async", "true"),
        ("ChannelId", channel_id),
        ("Timeout", str(ring_seconds * 1000)),
        ("CallerID", "pbx-crm"),
    )
    return AmiAction("Originate", headers)


def originate(
    *,
    endpoint: str,
    number: str,
    context: str,
    channel_id: str,
    caller_id: str = "",
    ring_seconds: int = 30,
    variables: Mapping[str, str] | None = None,
) -> AmiAction:
    """Ring the seller's `endpoint`, then send them to `number` in `context`; needs write `originate`.

    Always asynchronous (else one unanswered phone blocks the connection for its whole ringing time) and
    always with our own channel id: a failure is reported with `Uniqueid: <unknown>`.
    """
    if len(channel_id.encode()) > LONGEST_CHANNEL_ID:
        raise BadInput("This channel id is too long.", reasons={"ChannelId": "too long"})
    headers = [
        ("Channel", endpoint),
        ("Exten", number),
        ("Context", context),
        ("Priority", "1"),
        ("Async", "true"),
        ("ChannelId", channel_id),
        ("Timeout", str(ring_seconds * 1000)),
    ]
    if caller_id:
        headers.append(("CallerID", caller_id))
    headers += [("Variable", f"{name}={value}") for name, value in (variables or {}).items()]
    return AmiAction("Originate", tuple(headers))
