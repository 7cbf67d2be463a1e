"""Where many clients are from, looked up at once: by the same evidence as `client_regions`, as columns.

That asks the indexes four questions for each row; of two hundred thousand rows these are read whole, and
each client and each number is looked up once.
"""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection, case, select

from pbx_crm.db import packed
from pbx_crm.db.client_regions import position_of
from pbx_crm.db.tables import contact_numbers, contacts, lines, number_ranges, regions
from pbx_crm.domain.deal_ways import Ints
from pbx_crm.domain.region import NOWHERE


def of_clients(tx: Connection, contact_ids: Ints, line_ids: Ints, positions: Ints) -> Ints:
    """The region's id of each row's client, over this line, who calls from this number; NOWHERE for none.

    Nought is no client, no line, no number. Five statements, two of them for each twenty thousand clients.
    """
    different = np.unique(contact_ids[contact_ids > 0])
    plan = _Plan(*packed.ascending(packed.columns(tx, _RANGES)))
    set_on_contact = packed.columns_among(tx, _SET_ON_CONTACTS, contacts.c.id, different)
    found = _of_ids(contact_ids, *set_on_contact)
    for further in (
        _of_ids(line_ids, *packed.columns(tx, _SET_ON_LINES)),
        _of_ids(contact_ids, *_by_numbers(tx, different, plan)),
        plan.region_of(positions),
    ):
        found = np.where(found == NOWHERE, further, found)
    return found


_SET_ON_CONTACTS = select(contacts.c.id, contacts.c.region_id).where(contacts.c.region_id.is_not(None))
_SET_ON_LINES = select(lines.c.id, lines.c.region_id).where(lines.c.region_id.is_not(None))
_NUMBERS = select(contact_numbers.c.contact_id, contact_numbers.c.id, position_of(contact_numbers.c.number))
_RANGES = select(
    number_ranges.c.first,
    number_ranges.c.last,
    number_ranges.c.region_id,
    case((regions.c.name == "", 1), else_=0).label("is_country"),
).join(regions, regions.c.id == number_ranges.c.region_id)


class _Plan:
    """The plan of numbers."""

    def __init__(self, first: Ints, last: Ints, region: Ints, is_country: Ints) -> None:
        # Before all ranges lies one that holds no number.
        self._first = np.append(-1, first)
        self._last, self._region = np.append(-1, last), np.append(NOWHERE, region)
        self._is_country = np.append(0, is_country)

    def region_of(self, positions: Ints) -> Ints:
        """The region of each number."""
        place = self._place(positions)
        return np.where(self._last[place] >= positions, self._region[place], NOWHERE)

    def is_country(self, positions: Ints) -> Ints:
        """1 where that is a country as a whole."""
        return self._is_country[self._place(positions)]

    def _place(self, positions: Ints) -> Ints:
        # The last range that begins before the number is the only one it can be in.
        return np.searchsorted(self._first, positions, "right") - 1


def _by_numbers(tx: Connection, contact_ids: Ints, plan: _Plan) -> tuple[Ints, Ints]:
    """(contact, region): of a client's numbers the longest known that tells a region, else a country."""
    owner, number_id, place = packed.columns_among(tx, _NUMBERS, contact_numbers.c.contact_id, contact_ids)
    region = plan.region_of(place)
    known = np.flatnonzero(region != NOWHERE)
    order = known[np.lexsort((number_id[known], plan.is_country(place[known]), owner[known]))]
    first = order[np.diff(owner[order], prepend=-1) != 0]
    return owner[first], region[first]


def _of_ids(ids: Ints, keys: Ints, values: Ints) -> Ints:
    """What stands for each id; NOWHERE where nothing does."""
    if not len(keys):
        return np.full(len(ids), NOWHERE)
    order = np.argsort(keys)
    place = np.minimum(np.searchsorted(keys[order], ids), len(keys) - 1)
    return np.where(keys[order][place] == ids, values[order][place], NOWHERE)
