"""Where clients are from: the numbering plan the house keeps, and what one can choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pbx_crm.db import client_regions, regions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.number_place import place_of
from pbx_crm.domain.region import NumberRange, Place, Region
from pbx_crm.domain.sentence import N_

MOST_TO_CHOOSE = 1000
"""Of a plan that tells every village nobody chooses by hand; a client's city says it then."""


class Regions:
    """Reads at any time; the plan is written whole, in one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def choices(self) -> list[Region]:
        """The regions of the countries the plan tells apart; none where they are too many."""
        return await self._database.read(regions.to_choose, MOST_TO_CHOOSE)

    async def named(self, region_id: int) -> Region | None:
        """The region of this id."""
        return (await self._database.read(regions.by_id, [region_id])).get(region_id)

    async def plan(self) -> list[NumberRange]:
        """Every range that is kept, in order of the numbers."""
        return await self._database.read(regions.everything)

    async def keep(self, ranges: Sequence[NumberRange]) -> None:
        """These ranges instead of those kept; clients whose region was set by hand stay where they are."""
        await self._database.write(regions.store, ranges)

    async def place(self, number: str) -> Place | None:
        """Where this E.164 number is from."""
        return await self._database.read(place_of_number, number)


def place_of_number(tx: Transaction, number: str | None) -> Place | None:
    """Where this E.164 number is from; what the number itself tells where the plan has no range for it."""
    if number is None:
        return None
    known = regions.of_number(tx, number)
    return known.place if known else place_of(number)


def places_of_clients(tx: Transaction, numbers: Mapping[int, Sequence[str]]) -> dict[int, Place | None]:
    """Where these clients are from, by the contact's id; each comes with their numbers. Two statements."""
    known = client_regions.of_contacts(tx, numbers.keys())
    return {
        contact_id: known[contact_id].place
        if contact_id in known
        else next(filter(None, map(place_of, own)), None)
        for contact_id, own in numbers.items()
    }


def place_of_deal(tx: Transaction, deal_id: int, number: str | None) -> Place | None:
    """Where the client of this deal is, who has this E.164 number. Two statements."""
    known = client_regions.of_deal(tx, deal_id)
    return known.place if known else place_of(number) if number else None


def require_region(tx: Transaction, region_id: int | None) -> None:
    """BadInput for a region there is not."""
    if region_id is not None and region_id not in regions.by_id(tx, [region_id]):
        raise BadInput(reasons={"region_id": N_("There is no such region.")})
