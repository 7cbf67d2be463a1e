"""Where calls enter: lines with their sellers, skip rules, and whose turn it is."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Integer, String, Table, UniqueConstraint

from pbx_crm.db.tables.base import metadata, ref, row_id

lines = Table(
    "lines",
    metadata,
    row_id(),
    Column("pbx", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("match_kind", String(8), nullable=False),  # did | trunk | queue | any
    Column("match_value", String(100), nullable=False, default=""),
    Column("source", String(100), nullable=False, default=""),
    ref("funnel_id", "funnels.id", nullable=True),
    Column("create_at", String(8), nullable=False, default="answer"),
    Column("create_outgoing", Boolean, nullable=False, default=False),
    Column("owner_policy", String(16), nullable=False, default="first_answered"),
    Column("missed_policy", JSON, nullable=False, default=list),
    Column("callback_minutes", Integer, nullable=False, default=15),
    Column("recording_days", Integer),
    ref("calendar_id", "calendars.id", nullable=True),
    # Where whoever calls here is from, whatever their number tells: a number advertised in one city.
    ref("region_id", "regions.id", nullable=True),
    UniqueConstraint("pbx", "match_kind", "match_value"),
    CheckConstraint("create_at IN ('ring', 'answer', 'end', 'never')", name="create_at_known"),
    CheckConstraint("owner_policy IN ('first_answered', 'last_answered')", name="owner_policy_known"),
)

line_sellers = Table(
    "line_sellers",
    metadata,
    ref("line_id", "lines.id", cascade=True),
    ref("person_id", "people.id", cascade=True),
    UniqueConstraint("line_id", "person_id"),
)

skip_rules = Table(
    "skip_rules",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("kind", String(8), nullable=False),  # number | prefix | trunk
    Column("value", String(64), nullable=False),
    Column("is_active", Boolean, nullable=False, default=True),
    UniqueConstraint("kind", "value"),
)

# Rotas remember who was last, so that missed cards go round.
rota_turns = Table(
    "rota_turns",
    metadata,
    Column("rota", String(100), primary_key=True),
    ref("person_id", "people.id", nullable=True),
)
