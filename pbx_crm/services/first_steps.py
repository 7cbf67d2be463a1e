"""The first steps of a fresh installation, each done when there is evidence of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pbx_crm.db import first_steps
from pbx_crm.db.engine import Database
from pbx_crm.db.first_steps import Evidence
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.services.clock import Clock


@dataclass(frozen=True, slots=True)
class FirstSteps:
    """How far the installation is."""

    links: tuple[tuple[str, LinkState], ...]
    """Each PBX with how its link stands."""
    evidence: Evidence

    @property
    def is_linked(self) -> bool:
        """Whether a PBX is heard; another instance of the program may be the one that listens."""
        return any(state.status in (LinkStatus.UP, LinkStatus.WAITING) for _, state in self.links)

    @property
    def is_heard(self) -> bool:
        """Whether a call came in."""
        return self.evidence.last_call_at is not None

    @property
    def has_phones(self) -> bool:
        """Whether every phone that was heard is somebody's."""
        return self.evidence.linked > 0 and not self.evidence.unlinked

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.is_linked and self.is_heard and self.evidence.sellers > 0 and self.has_phones


class Beginning:
    """Looks how far a fresh installation is."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def look(self, links: Mapping[str, LinkState]) -> FirstSteps:
        """How far it is now, with the links to the PBXes as they stand."""
        evidence = await self._database.read(first_steps.seen, self._clock())
        return FirstSteps(tuple(sorted(links.items())), evidence)
