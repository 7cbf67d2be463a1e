"""What the program knows of hearing each PBX: gaps, and how far its own records were read."""

from __future__ import annotations

from sqlalchemy import JSON, Column, String, Table, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, row_id

# Stretches in which the PBX was not heard

gaps = Table(
    "gaps",
    metadata,
    row_id(),
    Column("pbx", String(64), nullable=False),
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime),
    Column("cause", String(20), nullable=False),
    Column("filled_at", UtcTime),
    UniqueConstraint("pbx", "from_at"),
)

# What each phone is doing; a PBX that is not heard has no rows here.
phone_states = Table(
    "phone_states",
    metadata,
    Column("pbx", String(64), primary_key=True),
    Column("number", String(32), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("since", UtcTime, nullable=False),
)

# How far the PBX's own records (CEL) were read; the place is the reader's, of whatever shape.
record_places = Table(
    "record_places",
    metadata,
    Column("pbx", String(64), primary_key=True),
    Column("place", JSON, nullable=False),
    Column("read_at", UtcTime, nullable=False),
)
