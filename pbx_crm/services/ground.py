"""What almost every service stands on, handed to each part of the program as one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pbx_crm.db.engine import Database
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class Ground:
    """The store, the browsers, the time, and what is said of this installation."""

    database: Database
    live: LiveFeed
    clock: Clock
    installation: Installation
    plans: Mapping[str, NumberPlan]
    """How each PBX writes numbers."""

    @property
    def today(self) -> date:
        """The day it is for the company."""
        return self.clock().astimezone(self.installation.zone).date()
