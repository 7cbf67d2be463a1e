"""What sellers do about a call beside its card: say how it went, that it is no client, tell a colleague."""

from __future__ import annotations

from dataclasses import dataclass

from pbx_crm.services.ground import Ground
from pbx_crm.services.not_clients import NotClients
from pbx_crm.services.owners_told import OwnersTold
from pbx_crm.services.wrap_ups import WrapUps


@dataclass(frozen=True, slots=True)
class AfterCall:
    """One field a service."""

    wrap_ups: WrapUps
    not_clients: NotClients
    owners_told: OwnersTold

    @classmethod
    def on(cls, ground: Ground) -> AfterCall:
        """The services of the popup, standing on this."""
        database, live, clock = ground.database, ground.live, ground.clock
        return cls(
            wrap_ups=WrapUps(database, live, clock),
            not_clients=NotClients(database, live, clock),
            owners_told=OwnersTold(database, live, clock),
        )
