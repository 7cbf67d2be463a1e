"""What the head switches on for the sellers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from pbx_crm.db import audit, house
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.person import Person
from pbx_crm.domain.seller_place import SellerPlace
from pbx_crm.services.clock import Clock


class HouseSettings:
    """A switch holds from the next page on, for every seller."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def places(self) -> frozenset[SellerPlace]:
        """The places of the menu that sellers see beside the three of a fresh installation."""
        return await self._database.read(places_on)

    async def set_places(self, actor: Person, wanted: Collection[SellerPlace]) -> None:
        """Sellers see these from now on, and no others."""
        await self._database.write(_set_places, actor, wanted, self._clock())


def places_on(tx: Transaction) -> frozenset[SellerPlace]:
    """The places that are switched on. One statement."""
    switched = house.which_on(tx, [place.switch for place in SellerPlace])
    return frozenset(place for place in SellerPlace if place.switch in switched)


def _set_places(tx: Transaction, actor: Person, wanted: Collection[SellerPlace], now: datetime) -> None:
    for place in SellerPlace:
        house.switch(tx, place.switch, is_on=place in wanted)
    details = {"on": sorted(wanted)}
    audit.note(tx, now, actor.id, "sellers' places set", "house", details=details)
