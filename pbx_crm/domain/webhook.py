"""Messages to other systems: how they are signed, and to which addresses they may go."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from pbx_crm.domain.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
PORTS = frozenset({80, 443, 8080, 8443})
TRANSLATED = IPv6Network("64:ff9b::/96")
"""NAT64: an IPv4 address in the last four bytes, which the router on the way reaches."""


class AddressRefused(Refused):
    """Messages do not go to this address."""


class NotDelivered(Refused):
    """The other system did not take the message."""


def is_public(address: Address) -> bool:
    """Whether this is an address of the internet at large, and not one that hides another."""
    if isinstance(address, IPv6Address):
        hidden = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
        if address in TRANSLATED:
            hidden = IPv4Address(address.packed[12:])
        if hidden is not None:
            return is_public(hidden)
        # The old "compatible" form, ::127.0.0.1, is in no list of special addresses.
        if int(address) < 2**32:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def may_reach(address: Address, port: int, allowed: Iterable[Network]) -> bool:
    """Whether a message may go there: the open internet on web ports, or a network that is allowed."""
    plain = address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
    if any(plain.version == network.version and plain in network for network in allowed):
        return True
    return port in PORTS and is_public(address)


def signature(secret: str, second: int, body: bytes) -> str:
    """What proves that the message is ours: `t=…,v1=…`, the HMAC-SHA256 of time, a dot and the body."""
    signed = hmac.new(secret.encode(), f"{second}.".encode() + body, hashlib.sha256)
    return f"t={second},v1={signed.hexdigest()}"
