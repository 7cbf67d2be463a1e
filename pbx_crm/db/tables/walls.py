"""Links to the wallboard, each of which can be taken back."""

from __future__ import annotations

from sqlalchemy import Column, Integer, String, Table

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

# Whoever has the link sees the board without logging in: only a hash of it is kept, as of a password.
wall_links = Table(
    "wall_links",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    ref("maker_id", "people.id"),
    Column("made_at", UtcTime, nullable=False),
    Column("revoked_at", UtcTime),
    Column("answer_within", Integer, nullable=False),
    Column("service_target", Integer, nullable=False),
    Column("longest_wait", Integer, nullable=False),
)
