"""What stands behind a channel name: a seller's phone, a trunk, or plumbing; and which numbers are real.

Asterisk names a channel `Technology/peer-suffix`. What a peer is, only the installation knows; the
default guess is that a peer called by two to five digits is a seller's phone and every other peer is a
trunk. All names and digits below come from configuration or from the event itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

DEFAULT_EXTENSIONS = r"\d{2,5}"

_SUFFIX = re.compile(r"-[0-9a-f]{8}$")
_DAHDI_SUFFIX = re.compile(r"-\d+$")
_WITHHELD = frozenset(
    {"", "<unknown>", "anonymous", "restricted", "private", "unavailable", "unknown", "withheld"}
)
_NOBODY = frozenset(
    {
        "Agent",
        "Announcer",
        "AsyncGoto",
        "AudioSocket",
        "Bridge",
        "CBAnn",
        "CBRec",
        "ConfBridgeRecorder",
        "Message",
        "MulticastRTP",
        "Multicast",
        "OutgoingSpoolFailed",
        "Parked",
        "Recorder",
        "Snoop",
        "Surrogate",
        "UnicastRTP",
    }
)
"""Channel technologies of Asterisk's own helpers: announcers, recorders, stand-ins of a redirect."""


class EndpointKind(StrEnum):
    """What a channel is to us."""

    LOCAL = "local"
    """Plumbing: half of a pair that joins two pieces of dialplan."""
    SELLER = "seller"
    TRUNK = "trunk"
    OTHER = "other"
    """Announcers, recorders, conference helpers: nobody is behind them."""


@dataclass(frozen=True, slots=True)
class PbxShape:
    """What is a trunk and what is a seller on this PBX, as its admin configured it, or the default guess."""

    trunks: frozenset[str] = frozenset()
    """Endpoints (`PJSIP/trunk-main`) or bare peer names; empty means every endpoint that is no extension."""
    extensions: re.Pattern[str] = field(default_factory=lambda: re.compile(DEFAULT_EXTENSIONS))
    """Whole peer name (or endpoint) of a seller's phone; dialled digits are compared with it as well."""
    devices: Mapping[str, str] = field(default_factory=dict)
    """Endpoint or peer name → extension, where they differ."""

    def is_extension(self, text: str) -> bool:
        """Whether these digits are somebody's extension (or an internal service's), not an outside number."""
        return self.extensions.fullmatch(text) is not None

    def _is_phone(self, name: str, peer: str) -> bool:
        return self.is_extension(peer) or self.extensions.fullmatch(name) is not None

    def classify(self, channel_name: str) -> Endpoint:
        """The endpoint behind a channel name."""
        return self.endpoint(endpoint_of(channel_name))

    def endpoint(self, name: str) -> Endpoint:
        """What this endpoint (`PJSIP/101`) is."""
        technology, _, peer = name.partition("/")
        if technology == "Local":
            return Endpoint(name, EndpointKind.LOCAL, None)
        if technology in _NOBODY or not peer:
            return Endpoint(name, EndpointKind.OTHER, None)
        extension = self._extension(name, peer)
        return Endpoint(name, EndpointKind.SELLER if extension else EndpointKind.TRUNK, extension)

    def _extension(self, name: str, peer: str) -> str | None:
        listed = self.devices.get(name) or self.devices.get(peer)
        if listed is not None:
            return listed
        if name in self.trunks or peer in self.trunks:
            return None
        if self._is_phone(name, peer):
            return peer
        # Where the admin listed the trunks, whatever else there is must be a phone.
        return peer if self.trunks else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`PJSIP/101` and what it is."""

    name: str
    kind: EndpointKind
    extension: str | None


def endpoint_of(channel_name: str) -> str:
    """Technology and peer of a channel name; exactly eight hex digits are its suffix.

    A peer may itself end in a dash and a digit (`SIP/provider.ru-1-0000001f`). Local halves keep their
    number, so that the two of a pair share this name up to `;`.
    """
    if channel_name.startswith("Local/"):
        return channel_name.partition(";")[0]
    stripped = _SUFFIX.sub("", channel_name)
    if stripped != channel_name:
        return stripped
    if channel_name.startswith(("DAHDI/", "IAX2/")):  # their suffix is a plain counter
        return _DAHDI_SUFFIX.sub("", channel_name)
    return channel_name


def local_target(channel_name: str) -> str:
    """The extension a Local channel runs: `106` of `Local/106@ext-fwd-00000001;2`."""
    return channel_name[len("Local/") :].partition("@")[0].rstrip("#")


def local_extension(channel_name: str, shape: PbxShape) -> str | None:
    """The seller's extension a Local channel was made for, if its name tells.

    FreePBX prefixes it: `FMGL-205-…` and `FMPR-205` are the follow-me of 205, `RG-600-205` rings member
    205 of group 600.
    """
    target = local_target(channel_name)
    if shape.is_extension(target):
        return target
    prefix, _, rest = target.partition("-")
    found = [part.rstrip("#") for part in rest.split("-") if shape.is_extension(part.rstrip("#"))]
    if not found:
        return None
    return found[0] if prefix.startswith("FM") else found[-1]


@lru_cache(maxsize=1024)
def dialled_number(dial_string: str, endpoint: str) -> str | None:
    """The outside number in a DialString; None if it names only the peer.

    `7905…@trunk` and `trunk/7905…` are both in use, `trunk/sip:7905…@host:5060` too.
    """
    peer = endpoint.partition("/")[2]
    text = dial_string
    if text.startswith(endpoint + "/"):
        text = text[len(endpoint) + 1 :]
    elif text.startswith(peer + "/"):
        text = text[len(peer) + 1 :]
    elif "@" not in text and "/" in text:
        text = text.rpartition("/")[2]
    text = text.partition("@")[0].rpartition("/")[2]
    for scheme in ("sips:", "sip:", "tel:"):
        text = text.removeprefix(scheme)
    number = text.partition(";")[0]
    return number if number and number != peer else None


def ordered_number(dial_arguments: str) -> str | None:
    """The outside number in the arguments of Dial (`PJSIP/7905…@trunk,30`); the first one of several."""
    first = dial_arguments.partition(",")[0].partition("&")[0]
    return dialled_number(first, "") if first else None


def shown_number(text: str) -> str | None:
    """A caller's number as the PBX had it; None if it was withheld."""
    return None if text.strip().lower() in _WITHHELD else text


def looks_dialable(number: str | None, shape: PbxShape) -> bool:
    """Whether this can be an outside party's number: digits, and nobody's extension."""
    if not number:
        return False
    digits = re.sub(r"[\s()+.\-]", "", number)
    return digits.isdigit() and not shape.is_extension(digits)
