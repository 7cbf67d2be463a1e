"""What the settings pages change: lines, funnels with their stages, triggers."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.first_steps import Beginning
from pbx_crm.services.funnel_settings import FunnelSettings
from pbx_crm.services.ground import Ground
from pbx_crm.services.house_settings import HouseSettings
from pbx_crm.services.lines import Lines
from pbx_crm.services.no_business import NoBusiness
from pbx_crm.services.stage_settings import StageSettings
from pbx_crm.services.triggers import Triggers


@dataclass(frozen=True, slots=True)
class Setup:
    """One field a service."""

    lines: Lines
    no_business: NoBusiness
    funnels: FunnelSettings
    stages: StageSettings
    triggers: Triggers
    house: HouseSettings
    beginning: Beginning

    @classmethod
    def on(cls, ground: Ground) -> Setup:
        """The services of the settings pages, standing on this."""
        database, live, clock = ground.database, ground.live, ground.clock
        return cls(
            lines=Lines(database, live, clock),
            no_business=NoBusiness(database, clock),
            funnels=FunnelSettings(database, live, clock),
            stages=StageSettings(database, live, clock),
            triggers=Triggers(database, live, clock),
            house=HouseSettings(database, clock),
            beginning=Beginning(database, clock),
        )
