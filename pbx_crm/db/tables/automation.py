"""Robots with what they have done, the advice they gave, and the work that waits for its time."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

robots = Table(
    "robots",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("occasion", String(12), nullable=False),
    Column("hours", Integer, nullable=False, default=0),
    Column("position", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False, default=False),
    # What came due before it was switched on is left alone.
    Column("active_since", UtcTime),
    ref("stage_id", "stages.id", nullable=True),
    Column("task_kind", String(16)),
    Column("task_title", String(200), nullable=False, default=""),
    Column("task_minutes", Integer, nullable=False, default=60),
    Column("advice", String(300), nullable=False, default=""),
    Column("priority", String(8)),
    Column("heir", String(12)),  # rota | fewest | responsible | person
    ref("owner_id", "people.id", nullable=True),
    Column("tells_head", Boolean, nullable=False, default=False),
    Column("webhook_url", String(500), nullable=False, default=""),
    Column("webhook_secret", String(64), nullable=False, default=""),
    # The recording that the client is called with.
    ref("voice_id", "voice_messages.id", nullable=True),
    UniqueConstraint("funnel_id", "name"),
)

# A robot acts once for each stretch of a card: the key decides, whichever process asks.
robot_runs = Table(
    "robot_runs",
    metadata,
    row_id(),
    ref("robot_id", "robots.id", cascade=True),
    ref("deal_id", "deals.id", cascade=True),
    Column("since", UtcTime, nullable=False),
    Column("key", String(40), nullable=False, default=""),
    ref("owner_id", "people.id"),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("robot_id", "deal_id", "since", "key"),
    Index("ix_robot_runs_at", "at"),
)

# One piece of advice a card for its owner, and one for the heads: a newer one takes its place.
advices = Table(
    "advices",
    metadata,
    row_id(),
    ref("deal_id", "deals.id", cascade=True),
    Column("for_head", Boolean, nullable=False),
    ref("run_id", "robot_runs.id", cascade=True),
    Column("name", String(100), nullable=False),
    Column("text", String(300), nullable=False, default=""),
    Column("occasion", String(12), nullable=False),
    Column("why", JSON, nullable=False),
    # A card that went on needs it no more.
    ref("stage_id", "stages.id"),
    Column("at", UtcTime, nullable=False),
    Column("hidden_until", UtcTime),
    UniqueConstraint("deal_id", "for_head"),
)

jobs = Table(
    "jobs",
    metadata,
    row_id(),
    Column("kind", String(20), nullable=False),
    Column("key", String(150), nullable=False, unique=True),
    Column("due_at", UtcTime, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    # Who took it has until then; a process that died with it loses it.
    Column("taken_until", UtcTime),
    Column("given_up_at", UtcTime),
    Column("error", Text, nullable=False, default=""),
    Index("ix_jobs_due_at", "due_at"),
)
