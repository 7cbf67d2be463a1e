"""Recorded messages, and the calls that play them to clients."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Integer, String, Table

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

voice_messages = Table(
    "voice_messages",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False, unique=True),
    # SHA-256 of the sound, which lies on the disk under it.
    Column("digest", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("offers_talk", Boolean, nullable=False, default=True),
    Column("offers_opt_out", Boolean, nullable=False, default=True),
    ref("by_id", "people.id"),
    Column("at", UtcTime, nullable=False),
)
