"""Where numbers are from: regions, and the ranges of numbers that are theirs."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint

from pbx_crm.db.tables.base import RowId, metadata, ref, row_id

# A region stays when its numbers are taken from it: clients may have been put there by hand.
regions = Table(
    "regions",
    metadata,
    row_id(),
    Column("country", String(2), nullable=False),
    # Empty: the country as a whole.
    Column("name", String(200), nullable=False, default=""),
    Column("local_name", String(200), nullable=False, default=""),
    Column("zones", JSON, nullable=False, default=list),
    UniqueConstraint("country", "name"),
)

# No two share a number, so the last one that begins at or before a number is the only one it can be in.
# Positions are the digits of a number filled up to fifteen (domain/region.py).
number_ranges = Table(
    "number_ranges",
    metadata,
    Column("first", RowId, primary_key=True, autoincrement=False),
    Column("last", RowId, nullable=False),
    ref("region_id", "regions.id"),
    Index("ix_number_ranges_region_id", "region_id"),
)
