"""What the program does by the clock and by rules beside the calls: calendars, reminders, robots."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.calendars import Calendars
from pbx_crm.services.ground import Ground
from pbx_crm.services.reminders import Reminders


@dataclass(frozen=True, slots=True)
class Automation:
    """One field a service."""

    calendars: Calendars
    reminders: Reminders

    @classmethod
    def on(cls, ground: Ground) -> Automation:
        """The services of this area, standing on this."""
        database, live, clock = ground.database, ground.live, ground.clock
        return cls(calendars=Calendars(database, clock), reminders=Reminders(database, live, clock))
