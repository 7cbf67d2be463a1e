"""Two sellers and a head who work on one funnel: what tests of services stand on, on either database."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from pbx_crm.db.engine import Database
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from tests import builders
from tests.turned_clock import TurnedClock

INSTALLATION = Installation("RU", "en", "UTC", "EUR")


@dataclass
class Workplace:
    """Its people, their funnel and what services are built on; a test's own office adds the services."""

    database: Database
    anna: Person
    boris: Person
    olga: Person
    funnel: Funnel
    clock: TurnedClock = field(default_factory=TurnedClock)
    live: LiveFeed = field(default_factory=LiveFeed)

    @classmethod
    async def on(cls, database: Database) -> Self:
        """A new one; Olga is the head."""
        anna = await database.write(builders.person, "Anna")
        boris = await database.write(builders.person, "Boris")
        olga = await database.write(builders.person, "Olga", Role.HEAD)
        return cls(database, anna, boris, olga, await database.write(builders.funnel))

    @property
    def ground(self) -> Ground:
        """What services of an area are built on."""
        return Ground(self.database, self.live, self.clock, INSTALLATION, {})

    def stage(self, number: int) -> int:
        """The id of the funnel's n-th stage."""
        return self.funnel.stages[number].id
