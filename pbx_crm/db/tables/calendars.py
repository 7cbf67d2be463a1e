"""Working calendars: the house's first, and those that single lines have."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Integer, String, Table, UniqueConstraint

from pbx_crm.db.tables.base import metadata, ref, row_id

calendars = Table(
    "calendars",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("time_zone", String(64), nullable=False),
    Column("country", String(2)),
    # Seven lists, Monday first, of [first minute, last minute] of the day.
    Column("week", JSON, nullable=False),
    Column("quiet_begin", Integer),
    Column("quiet_end", Integer),
)

calendar_days = Table(
    "calendar_days",
    metadata,
    ref("calendar_id", "calendars.id", cascade=True),
    Column("day", String(10), nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("name", String(100), nullable=False, default=""),
    UniqueConstraint("calendar_id", "day"),
)
