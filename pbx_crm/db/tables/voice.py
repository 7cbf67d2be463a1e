"""Recorded messages, and the calls that play them to clients."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import NEVER_AGAIN, metadata, ref, row_id

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
    sqlite_autoincrement=NEVER_AGAIN,
)

# Calls that robots have made, and are to make: a row turns from planned to dialling before the PBX is asked.
voice_calls = Table(
    "voice_calls",
    metadata,
    row_id(),
    # A robot acts once for each stretch of a card: one run, one call.
    ref("run_id", "robot_runs.id", cascade=True),
    ref("deal_id", "deals.id", cascade=True),
    # The message may be removed later; its name is told by histories.
    Column("message_id", Integer, nullable=False),
    Column("message", String(100), nullable=False),
    ref("stage_id", "stages.id"),
    # The meeting it is about; one that is gone takes its call along.
    ref("task_id", "tasks.id", nullable=True, cascade=True),
    Column("meeting_at", UtcTime),
    Column("planned_at", UtcTime, nullable=False),
    # When to think about it again, and from when on not any more.
    Column("look_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("state", String(8), nullable=False),  # planned | dialling | over
    Column("result", String(12)),
    Column("why_not", String(12)),
    Column("pbx", String(64)),
    Column("number", String(20)),
    # The Linkedid of the call, by which it is found in the call log.
    Column("channel_id", String(64), unique=True),
    Column("dialled_at", UtcTime),
    Column("over_at", UtcTime),
    UniqueConstraint("run_id"),
    Index("ix_voice_calls_state", "state", "look_at"),
    Index("ix_voice_calls_number", "number", "dialled_at"),
    Index("ix_voice_calls_dialled_at", "pbx", "dialled_at"),
    Index("ix_voice_calls_deal_id", "deal_id"),
)
