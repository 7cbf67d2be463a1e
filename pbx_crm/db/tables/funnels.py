"""Funnels with their stages, loss reasons, answers after a talk, and triggers."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Integer, String, Table, Text, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

funnels = Table(
    "funnels",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("preset", String(20)),
    Column("position", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("retired_at", UtcTime),
)

stages = Table(
    "stages",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("position", Integer, nullable=False),
    Column("hue", Integer, nullable=False),
    Column("probability", Integer, nullable=False),
    Column("idle_hours", Integer),
    Column("reached_when", Text, nullable=False, default=""),
    Column("what_to_do", Text, nullable=False, default=""),
    Column("retired_at", UtcTime),
    UniqueConstraint("funnel_id", "name"),
    CheckConstraint("kind IN ('unsorted', 'open', 'won', 'lost')", name="kind_known"),
    CheckConstraint("probability BETWEEN 0 AND 100", name="probability_percent"),
)

# What confirms that a stage is reached; a stage without a row has no gate.
gates = Table(
    "gates",
    metadata,
    row_id(),
    ref("stage_id", "stages.id", cascade=True),
    Column("needs", JSON, nullable=False),
    Column("is_binding", Boolean, nullable=False, default=False),
    UniqueConstraint("stage_id"),
)

loss_reasons = Table(
    "loss_reasons",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("retired_at", UtcTime),
    UniqueConstraint("funnel_id", "name"),
)

# What sellers answer after a talk, and which next step each answer suggests.
wrap_up_outcomes = Table(
    "wrap_up_outcomes",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("suggests", String(16), nullable=False, default="none"),
    Column("retired_at", UtcTime),
    UniqueConstraint("funnel_id", "name"),
)

# What a digit dialled after the code's prefix does; a funnel without rows has the usual ones.
phone_codes = Table(
    "phone_codes",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id", cascade=True),
    Column("digit", String(1), nullable=False),
    Column("act", String(12), nullable=False),  # none | stage | meeting | call_again | junk
    ref("stage_id", "stages.id", nullable=True),
    ref("loss_reason_id", "loss_reasons.id", nullable=True),
    UniqueConstraint("funnel_id", "digit"),
)

# What a call that is over does to its card. Kept with the funnel; each is asked in its order.
triggers = Table(
    "triggers",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("direction", String(10)),
    Column("outcome", String(12)),
    Column("least_talk_seconds", Integer, nullable=False, default=0),
    Column("count", String(12), nullable=False, default="every"),  # every | conversation | try | callback
    Column("nth", Integer, nullable=False, default=1),
    # Such a rule is asked when a seller gives this answer, not when the call ends.
    ref("wrap_up_id", "wrap_up_outcomes.id", nullable=True),
    # Such a rule is asked when this is what became of a voice message.
    Column("voice_result", String(12)),
    # A rule of a line that is gone would suddenly mean every line: it goes with it.
    ref("line_id", "lines.id", nullable=True, cascade=True),
    ref("stage_id", "stages.id", nullable=True),
    ref("to_stage_id", "stages.id", nullable=True),
    ref("loss_reason_id", "loss_reasons.id", nullable=True),
    Column("may_go_back", Boolean, nullable=False, default=False),
    Column("task_kind", String(16)),
    Column("task_minutes", Integer, nullable=False, default=60),
    Column("priority", String(8)),
    Column("new_owner", String(8)),  # talker | person
    ref("owner_id", "people.id", nullable=True),
    Column("stops", Boolean, nullable=False, default=False),
    UniqueConstraint("funnel_id", "name"),
)
