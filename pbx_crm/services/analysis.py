"""What the reports stand on."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.ground import Ground
from pbx_crm.services.rollups import Rollups


@dataclass(frozen=True, slots=True)
class Analysis:
    """One field a service."""

    rollups: Rollups

    @classmethod
    def on(cls, ground: Ground) -> Analysis:
        """The services of reports, standing on this."""
        return cls(rollups=Rollups(ground.database))
