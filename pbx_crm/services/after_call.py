"""What sellers do about a call beside its card: say how it went."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.ground import Ground
from pbx_crm.services.wrap_ups import WrapUps


@dataclass(frozen=True, slots=True)
class AfterCall:
    """One field a service."""

    wrap_ups: WrapUps

    @classmethod
    def on(cls, ground: Ground) -> AfterCall:
        """The services of the popup, standing on this."""
        return cls(wrap_ups=WrapUps(ground.database, ground.live, ground.clock))
