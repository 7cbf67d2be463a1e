"""The house's own settings, what somebody should see to, who changed what and who opened whom."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, String, Table, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    row_id(),
    Column("kind", String(40), nullable=False),
    Column("key", String(100), nullable=False),
    Column("details", JSON, nullable=False, default=dict),
    Column("at", UtcTime, nullable=False),
    Column("cleared_at", UtcTime),
    UniqueConstraint("kind", "key"),
)

audit = Table(
    "audit",
    metadata,
    row_id(),
    Column("at", UtcTime, nullable=False),
    ref("person_id", "people.id", nullable=True),
    Column("act", String(60), nullable=False),
    Column("target", String(100), nullable=False, default=""),
    Column("details", JSON, nullable=False, default=dict),
    Column("address", String(64)),
    Index("ix_audit_at", "at"),
)

# A client by name, `contact-5`: rows live for an hour, and one of somebody erased names nobody.
client_reads = Table(
    "client_reads",
    metadata,
    row_id(),
    ref("person_id", "people.id", cascade=True),
    Column("client", String(40), nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("person_id", "client"),
    Index("ix_client_reads_at", "at"),
)
