"""What guards the way in, and the clients within: second factors, the rules, who opens how many."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.entry_settings import EntrySettings
from pbx_crm.services.ground import Ground
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.read_watch import ReadWatch
from pbx_crm.services.second_factors import SecondFactors
from pbx_crm.services.see_as import SeeAs


@dataclass(frozen=True, slots=True)
class Entry:
    """One field a service."""

    factors: SecondFactors
    settings: EntrySettings
    watch: ReadWatch
    see_as: SeeAs

    @classmethod
    def on(cls, ground: Ground, passwords: Passwords) -> Entry:
        """The guards, standing on this."""
        return cls(
            factors=SecondFactors(ground.database, ground.live, ground.clock, passwords),
            settings=EntrySettings(ground.database, ground.clock),
            watch=ReadWatch(ground),
            see_as=SeeAs(ground.database, ground.clock),
        )
