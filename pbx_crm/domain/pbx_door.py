"""The door by which a PBX's dialplan asks the CRM: a token of its own, and the addresses it may come from."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from pbx_crm.domain.endpoint import PbxShape

TOKEN = re.compile(r"[A-Za-z0-9_-]{20,128}")
"""What a token may be: long enough not to be guessed, and the same in the body of a form as in its file."""
LONGEST_RING_SECONDS = 15
"""A client who waits longer for one person has hung up before the others are asked."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class PbxDoor:
    """What one PBX's dialplan may ask, and from where."""

    pbx: str
    token: str = field(repr=False)
    networks: tuple[Network, ...]
    ring_seconds: int = 12
    """How long the client's own seller is rung before the usual route."""
    tells_names: bool = True
    """Whether the phones show the client's name as the CRM has it."""
    shape: PbxShape = field(default_factory=PbxShape)
    """Whose phone a channel is."""

    def admits(self, token: str, address: str) -> bool:
        """Whether whoever shows this token from this address is the PBX; in the same time for any token."""
        knows_it = is_same_token(self.token, token)
        return knows_it and is_within(self.networks, address)

    def is_at(self, address: str) -> bool:
        """Whether the PBX may ask from this address."""
        return is_within(self.networks, address)


def is_same_token(known: str, shown: str) -> bool:
    """Whether these are one token, in the same time for any.

    Bytes that are no UTF-8 reach us as surrogates: they are a wrong token, not a fault of ours.
    """
    return hmac.compare_digest(known.encode(), shown.encode(errors="surrogateescape"))


def is_within(networks: Iterable[Network], address: str) -> bool:
    """Whether an address lies in one of these networks; False for what is no address."""
    try:
        came_from = ip_address(address)
    except ValueError:
        return False
    if isinstance(came_from, IPv6Address) and came_from.ipv4_mapped is not None:
        # So a socket for both kinds names whoever came over IPv4.
        came_from = came_from.ipv4_mapped
    return any(came_from in network for network in networks if network.version == came_from.version)
