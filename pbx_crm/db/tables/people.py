"""People, their log-ins, and which phone is whose at which time."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, CheckConstraint, Column, Index, Integer, String, Table, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

people = Table(
    "people",
    metadata,
    row_id(),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200)),
    Column("role", String(10), nullable=False),
    Column("is_admin", Boolean, nullable=False, default=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("language", String(8)),
    Column("theme", String(8), nullable=False, default="system"),
    Column("time_zone", String(64)),
    Column("letter_keys", Boolean, nullable=False, default=True),
    Column("board_ltr", Boolean, nullable=False, default=False),
    # When the person last marked the lines of the bell read.
    Column("news_seen_at", UtcTime),
    Column("settings", JSON, nullable=False, default=dict),
    Column("created_at", UtcTime, nullable=False),
    # A person may be admin only: then there is no role that shows client data.
    CheckConstraint("role IN ('seller', 'head', 'none')", name="role_known"),
)

extensions = Table(
    "extensions",
    metadata,
    row_id(),
    Column("pbx", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    ref("person_id", "people.id", nullable=True),
    Column("valid_from", UtcTime, nullable=False),
    Column("valid_to", UtcTime),
    UniqueConstraint("pbx", "number", "valid_from"),
    Index("ix_extensions_person_id", "person_id"),
)

seen_extensions = Table(
    "seen_extensions",
    metadata,
    row_id(),
    Column("pbx", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    UniqueConstraint("pbx", "number"),
)

sessions = Table(
    "sessions",
    metadata,
    row_id(),
    ref("person_id", "people.id", cascade=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False, default="web"),  # web | step | api
    Column("label", String(100)),
    Column("address", String(64)),
    Column("user_agent", String(200)),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_sessions_person_id", "person_id"),
)

login_tries = Table(
    "login_tries",
    metadata,
    row_id(),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    UniqueConstraint("login", "address"),
)

second_factors = Table(
    "second_factors",
    metadata,
    row_id(),
    ref("person_id", "people.id", cascade=True),
    Column("secret", String(64), nullable=False),
    Column("made_at", UtcTime, nullable=False),
    # Until then it was shown to its person and asks nobody for a code.
    Column("confirmed_at", UtcTime),
    Column("last_step", Integer, nullable=False, default=0),
    UniqueConstraint("person_id"),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    row_id(),
    ref("person_id", "people.id", cascade=True),
    Column("code_hash", String(64), nullable=False),
    Column("used_at", UtcTime),
    UniqueConstraint("person_id", "code_hash"),
)
