"""The door to the figures for monitoring: open to some addresses, and to a token from anywhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network

from pbx_crm.domain.pbx_door import Network, is_same_token, is_within

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class MetricsDoor:
    """Who may read how much the company telephones: this machine alone unless told otherwise."""

    networks: tuple[Network, ...] = LOOPBACK
    token: str = field(default="", repr=False)
    """Empty: there is none, and nobody else may."""

    def admits(self, token: str, address: str) -> bool:
        """Whether whoever comes from this address, or shows this token, may read."""
        knows_it = bool(self.token) and is_same_token(self.token, token)
        return knows_it or is_within(self.networks, address)
