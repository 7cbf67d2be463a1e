"""Where a client is from, as SQL: one place, so that a figure by region and the rows behind it agree.

In this order: what somebody set on the client; what is set on the line; the client's numbers, one that
tells a region before one that tells its country only; the number of the call itself.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    ScalarSelect,
    Select,
    Table,
    case,
    cast,
    func,
    literal,
    select,
)

from pbx_crm.db import regions as stored
from pbx_crm.db.tables import calls, contact_numbers, contacts, deals, lines, number_ranges, regions
from pbx_crm.domain.region import LONGEST_NUMBER, NOWHERE, Region

Number = ColumnElement[Any]
FILLED_UP = "0" * LONGEST_NUMBER


def of_client(contact_id: Number, line_id: Number, number: Number | None = None) -> ColumnElement[int]:
    """The region's id of this client over this line, who perhaps calls from this number; NULL for none."""
    told = [_set_on(contacts, contact_id), _set_on(lines, line_id), _of_numbers(contact_id)]
    return func.coalesce(*told, *([] if number is None else [_of_number(number)]))


def of_calls() -> ColumnElement[int]:
    """The region of each row of `calls`."""
    return of_client(calls.c.contact_id, calls.c.line_id, calls.c.e164)


def of_deals() -> ColumnElement[int]:
    """The region of each row of `deals`."""
    return of_client(deals.c.contact_id, deals.c.line_id)


def is_in(region: ColumnElement[int], region_id: int) -> ColumnElement[bool]:
    """Condition: the region is this one; NOWHERE asks for those of whom none is known."""
    return region.is_(None) if region_id == NOWHERE else region == region_id


def of_contacts(tx: Connection, contact_ids: Collection[int]) -> dict[int, Region]:
    """The regions of these clients, whatever line they call; those of none are left out. Two statements."""
    if not contact_ids:
        return {}
    region = of_client(contacts.c.id, literal(None, BigInteger))
    return _by_id(tx, select(contacts.c.id, region).where(contacts.c.id.in_(contact_ids)))


def of_deals_where(tx: Connection, condition: ColumnElement[bool]) -> dict[int, Region]:
    """The regions of the deals this condition means; those of none are left out. Two statements."""
    return _by_id(tx, select(deals.c.id, of_deals()).where(condition))


def of_deal(tx: Connection, deal_id: int) -> Region | None:
    """The region of this deal's client; None where none is known. Two statements."""
    return of_deals_where(tx, deals.c.id == deal_id).get(deal_id)


def _by_id(tx: Connection, query: Select[Any]) -> dict[int, Region]:
    found = {record_id: region_id for record_id, region_id in tx.execute(query) if region_id is not None}
    known = stored.by_id(tx, set(found.values()))
    return {record_id: known[region_id] for record_id, region_id in found.items()}


def _set_on(table: Table, row_id: Number) -> ScalarSelect[Any]:
    # An alias: the row around it may be of the same table.
    row = table.alias()
    query = select(row.c.region_id).where(row.c.id == row_id)
    return query.correlate_except(row).scalar_subquery()


def _of_numbers(contact_id: Number) -> ScalarSelect[Any]:
    """By the client's numbers: the longest known of those with a region, else the longest known."""
    covering, begin, own = number_ranges.alias(), number_ranges.alias(), contact_numbers.alias()
    place = position_of(own.c.number)
    last_begin = select(func.max(begin.c.first)).where(begin.c.first <= place)
    query = (
        select(covering.c.region_id)
        .select_from(own)
        .join(covering, covering.c.first == last_begin.correlate(own).scalar_subquery())
        .join(regions, regions.c.id == covering.c.region_id)
        .where(own.c.contact_id == contact_id, covering.c.last >= place)
        .order_by(case((regions.c.name == "", 1), else_=0), own.c.id)
        .limit(1)
    )
    return query.correlate_except(own, covering, regions).scalar_subquery()


def _of_number(number: Number) -> ScalarSelect[Any]:
    covering, place = number_ranges.alias(), position_of(number)
    # The last range that begins before the number is the only one it can be in.
    found = case((covering.c.last >= place, covering.c.region_id))
    query = select(found).where(covering.c.first <= place).order_by(covering.c.first.desc()).limit(1)
    return query.correlate_except(covering).scalar_subquery()


def position_of(number: Number) -> ColumnElement[int]:
    """Where a number stands in the plan: `domain.region.position` of one as it is stored, `+` and digits."""
    return cast(func.substr(number + FILLED_UP, 2, LONGEST_NUMBER), BigInteger)
