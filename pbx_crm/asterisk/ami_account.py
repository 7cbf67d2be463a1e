"""Whom the listener connects to, and how patient it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AmiAccount:
    """One PBX and the AMI user the CRM is there."""

    host: str
    port: int = 5038
    username: str = "pbx-crm"
    secret: str = field(default="", repr=False)
    tls: bool = False
    tls_ca: Path | None = None
    """PEM of the only certificates to be trusted; None: those the system trusts."""
    writes: frozenset[str] = frozenset({"reporting"})
    """Write classes the configured features need; click-to-call adds `originate`, hang-up `call`."""

    @property
    def place(self) -> str:
        """`host:port`, as it is said in messages."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class AmiTiming:
    """All waits of the listener in seconds; the defaults are the product's, tests shorten them."""

    connect: float = 5.0
    answer: float = 10.0
    """A list of many channels takes its time on a busy PBX."""
    ping: float = 5.0
    patience: float = 4.5
    """Silence after a ping; twice in a row is a dead link: found after 5 + 2 x 4.5 = 14 s."""
    shortest_pause: float = 1.0
    longest_pause: float = 60.0
    refused_pause: float = 21.0
    """After the third refusal: at most three tries a minute, or fail2ban bans the CRM's address."""
    settled: float = 10.0
    """A link that stood so long was a good one; the next pause is the shortest again."""
    rights_grace: float = 3.0
    """After the log-in: FullyBooted has come by then, or read class `system` is missing."""
    rights_check: float = 30.0
    """Between looks for missing read classes while the link stands."""
