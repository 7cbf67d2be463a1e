"""What the PBX itself uses and shows: the answers its dialplan asks for, the codes of its phones."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.caller_lookup import CallerLookup
from pbx_crm.services.ground import Ground
from pbx_crm.services.pbx_doors import PbxDoors
from pbx_crm.services.phone_codes import PhoneCodes
from pbx_crm.services.presence import Presence


@dataclass(frozen=True, slots=True)
class Telephony:
    """One field a service."""

    doors: PbxDoors
    lookup: CallerLookup
    codes: PhoneCodes
    presence: Presence

    @classmethod
    def on(cls, ground: Ground) -> Telephony:
        """The services of the wiring, standing on this."""
        return cls(
            doors=PbxDoors(ground.clock),
            lookup=CallerLookup(ground.database, ground.clock, ground.plans),
            codes=PhoneCodes(ground.database, ground.live, ground.clock, ground.installation.time_zone),
            presence=Presence(ground.database, ground.live, ground.clock),
        )
