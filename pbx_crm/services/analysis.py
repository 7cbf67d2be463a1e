"""What the reports stand on, and what heads put up of it."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.ground import Ground
from pbx_crm.services.plans import Plans
from pbx_crm.services.rollups import Rollups
from pbx_crm.services.walls import Walls


@dataclass(frozen=True, slots=True)
class Analysis:
    """One field a service."""

    rollups: Rollups
    walls: Walls
    plans: Plans

    @classmethod
    def on(cls, ground: Ground) -> Analysis:
        """The services of reports, standing on this."""
        return cls(rollups=Rollups(ground.database), walls=Walls(ground), plans=Plans(ground))
