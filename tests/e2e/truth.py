"""What really happened in a call, told by the phones alone; the keys are those of `pbx-crm replay`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.parts.sip.dialog import Dialog


@dataclass(frozen=True, slots=True)
class Transfer:
    """A client handed on; completed only if somebody at the target then talked with them."""

    type: str
    source: str
    target: str
    completed: bool = True

    def as_json(self) -> dict[str, Any]:
        """As truth.json writes it."""
        return {"type": self.type, "from": self.source, "to": self.target, "completed": self.completed}


@dataclass(frozen=True, slots=True)
class Truth:
    """One call."""

    direction: str
    external_number: str | None
    outcome: str
    did: str | None = None
    queue: str | None = None
    rang: tuple[str, ...] = ()
    answered_by: str | None = None
    final_agent: str | None = None
    seller: str | None = None
    transfers: tuple[Transfer, ...] = ()
    ring_s: float = 0.0
    talk_s: float = 0.0
    recording: bool = False
    started_at: float = 0.0
    ended_at: float = 0.0
    more: dict[str, Any] = field(default_factory=dict)
    """Further keys of truth.json, `accept_outcome` and the like."""

    def as_json(self) -> dict[str, Any]:
        """As truth.json writes it."""
        values = asdict(self)
        del values["more"]
        values["rang"] = list(self.rang)
        values["transfers"] = [transfer.as_json() for transfer in self.transfers]
        return values | self.more


def seconds(start: float | None, end: float | None) -> float:
    """Seconds from one moment to the other; nothing where either never came."""
    return 0.0 if start is None or end is None else round(end - start, 2)


def who_rang(phones: Sequence[Dialog]) -> tuple[str, ...]:
    """The extensions whose phones really rang, each once, in order."""
    return tuple(dict.fromkeys(d.party.name for d in phones if d.rang_at is not None))


def first_ring(legs: Sequence[Dialog]) -> float | None:
    """When the first of them rang."""
    return min((leg.rang_at for leg in legs if leg.rang_at is not None), default=None)
