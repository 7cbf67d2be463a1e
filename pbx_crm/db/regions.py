"""The stored regions: written whole, looked up by number, listed for choosing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, select

from pbx_crm.db.prepared import fetch
from pbx_crm.db.tables import number_ranges, regions
from pbx_crm.db.upsert import put
from pbx_crm.domain.region import NumberRange, Place, Region, position

# One step down the index; the range found may end before the number.
RANGE_BEFORE = (
    select(number_ranges.c.last, number_ranges.c.region_id)
    .where(number_ranges.c.first <= bindparam("position"))
    .order_by(number_ranges.c.first.desc())
    .limit(1)
)


def store(tx: Connection, ranges: Sequence[NumberRange]) -> None:
    """These ranges and no others, no two of which share a number.

    A region keeps its id as long as its country and name are the same, so clients put there by hand stay.
    """
    put(tx, regions, [_values(place) for place in _places(ranges)], ["country", "name"])
    ids = {(row.country, row.name): row.id for row in tx.execute(select(regions))}
    tx.execute(delete(number_ranges))
    rows = [{"first": one.first, "last": one.last, "region_id": ids[one.place.key]} for one in ranges]
    if rows:
        tx.execute(number_ranges.insert(), rows)


def _places(ranges: Iterable[NumberRange]) -> Collection[Place]:
    """Each place once, with the zones of all its ranges."""
    found: dict[tuple[str, str], Place] = {}
    for one in ranges:
        known = found.setdefault(one.place.key, one.place)
        zones = tuple(dict.fromkeys((*known.zones, *one.place.zones)))
        if zones != known.zones:
            found[one.place.key] = Place(known.country, known.name, known.local_name, zones)
    return found.values()


def _values(place: Place) -> dict[str, Any]:
    return {
        "country": place.country,
        "name": place.name,
        "local_name": place.local_name,
        "zones": list(place.zones),
    }


def are_stored(tx: Connection) -> bool:
    """Whether any range is stored."""
    return tx.execute(select(number_ranges.c.first).limit(1)).first() is not None


def everything(tx: Connection) -> list[NumberRange]:
    """Everything stored, in order of the numbers."""
    known = {row.id: _region(row).place for row in tx.execute(select(regions))}
    rows = tx.execute(select(number_ranges).order_by(number_ranges.c.first))
    return [NumberRange(row.first, row.last, known[row.region_id]) for row in rows]


def of_number(tx: Connection, number: str | None) -> Region | None:
    """The region of an E.164 number; None for what lies in no range. Two statements."""
    place = position(number) if number else None
    found = fetch(tx, RANGE_BEFORE, {"position": place}) if place is not None else []
    if not found or found[0][0] < place:
        return None
    return by_id(tx, [found[0][1]]).get(found[0][1])


def by_id(tx: Connection, region_ids: Collection[int]) -> dict[int, Region]:
    """These regions by their ids."""
    if not region_ids:
        return {}
    rows = tx.execute(select(regions).where(regions.c.id.in_(region_ids)))
    return {row.id: _region(row) for row in rows}


def all_known(tx: Connection) -> list[Region]:
    """Every stored region."""
    return [_region(row) for row in tx.execute(select(regions))]


def to_choose(tx: Connection, most: int) -> list[Region]:
    """Regions that have numbers, of the countries that are told apart; none where they are too many."""
    has_numbers = exists().where(number_ranges.c.region_id == regions.c.id)
    finer = select(regions.c.country).where(regions.c.name != "", has_numbers)
    query = select(regions).where(regions.c.country.in_(finer.correlate(None)), has_numbers)
    query = query.order_by(regions.c.country, regions.c.name).limit(most + 1)
    found = [_region(row) for row in tx.execute(query)]
    return found if len(found) <= most else []


def _region(row: Row[Any]) -> Region:
    return Region(row.id, Place(row.country, row.name, row.local_name, tuple(row.zones)))
