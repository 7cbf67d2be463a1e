"""Deals: the cards, how they moved, what was noted and what is to be done."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pbx_crm.db.column_types import ExactMoney, UtcTime
from pbx_crm.db.tables.base import NEVER_AGAIN, metadata, ref, row_id

deals = Table(
    "deals",
    metadata,
    row_id(),
    ref("funnel_id", "funnels.id"),
    ref("stage_id", "stages.id"),
    ref("owner_id", "people.id"),
    ref("contact_id", "contacts.id", nullable=True),
    ref("company_id", "companies.id", nullable=True),
    ref("line_id", "lines.id", nullable=True),
    ref("previous_id", "deals.id", nullable=True),
    ref("loss_reason_id", "loss_reasons.id", nullable=True),
    # The call that made it; unique, so that one call makes at most one deal. A merge frees the key.
    Column("born_of", String(250), unique=True),
    Column("title", String(200), nullable=False, default=""),
    Column("source", String(100), nullable=False, default=""),
    Column("amount", ExactMoney, nullable=False, default=0),
    Column("currency", String(3), nullable=False),
    Column("priority", String(8), nullable=False, default="normal"),
    Column("expected_close", String(10)),
    Column("created_at", UtcTime, nullable=False),
    Column("stage_since", UtcTime, nullable=False),
    Column("active_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    # Two sellers may move one card at once: the second must name the version it saw.
    Column("version", Integer, nullable=False, default=1),
    CheckConstraint("priority IN ('low', 'normal', 'high')", name="priority_known"),
    Index("ix_deals_stage_board", "stage_id", "stage_since", "id"),
    Index("ix_deals_owner_board", "owner_id", "stage_id", "stage_since", "id"),
    # The board's filter lists the sources there are, from one to the next.
    Index("ix_deals_source", "source"),
    Index("ix_deals_owner_source", "owner_id", "source"),
    # Reports ask for the deals made in a time, of which there are few beside all years.
    Index("ix_deals_created_at", "created_at"),
    Index("ix_deals_contact_id", "contact_id"),
    Index("ix_deals_company_id", "company_id"),
    sqlite_autoincrement=NEVER_AGAIN,
)

# At most one open deal comes of two first calls of a client at once: this row is the lock and the answer.
open_deals = Table(
    "open_deals",
    metadata,
    ref("contact_id", "contacts.id", cascade=True),
    ref("funnel_id", "funnels.id", cascade=True),
    ref("deal_id", "deals.id", cascade=True),
    UniqueConstraint("contact_id", "funnel_id", "deal_id"),
)

stage_totals = Table(
    "stage_totals",
    metadata,
    ref("stage_id", "stages.id", cascade=True),
    ref("owner_id", "people.id", cascade=True),
    Column("currency", String(3), nullable=False),
    Column("deals", Integer, nullable=False),
    Column("amount", ExactMoney, nullable=False),
    UniqueConstraint("stage_id", "owner_id", "currency"),
)

stage_moves = Table(
    "stage_moves",
    metadata,
    row_id(),
    ref("deal_id", "deals.id", cascade=True),
    ref("from_stage_id", "stages.id", nullable=True),
    ref("to_stage_id", "stages.id"),
    Column("at", UtcTime, nullable=False),
    Column("actor_kind", String(10), nullable=False),  # seller | intake | trigger | robot | phone_code
    ref("actor_id", "people.id", nullable=True),
    Column("reason", Text, nullable=False, default=""),
    Column("evidence", JSON, nullable=False, default=dict),
    ref("undoes_id", "stage_moves.id", nullable=True),
    # A move repeated by the browser or by a second delivery carries the same key and is made once.
    Column("request_key", String(80), unique=True),
    Index("ix_stage_moves_deal_id", "deal_id", "id"),
    # How long deals usually stay in a stage is asked by everyone who opens a card.
    Index("ix_stage_moves_from_stage_id", "from_stage_id", "at"),
    sqlite_autoincrement=NEVER_AGAIN,
)

deal_notes = Table(
    "deal_notes",
    metadata,
    row_id(),
    ref("deal_id", "deals.id", cascade=True),
    ref("author_id", "people.id", nullable=True),
    Column("text", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("edited_at", UtcTime),
    Index("ix_deal_notes_deal_id", "deal_id", "id"),
    sqlite_autoincrement=NEVER_AGAIN,
)

# What happened to a deal beside calls, moves and notes: owner changes, joins, alerts; words are
# kept as a message id with values, so that each reader sees them in their own language.
deal_events = Table(
    "deal_events",
    metadata,
    row_id(),
    ref("deal_id", "deals.id", cascade=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(40), nullable=False),
    ref("actor_id", "people.id", nullable=True),
    Column("details", JSON, nullable=False, default=dict),
    Column("request_key", String(250), unique=True),
    Index("ix_deal_events_deal_id", "deal_id", "id"),
    sqlite_autoincrement=NEVER_AGAIN,
)

tasks = Table(
    "tasks",
    metadata,
    row_id(),
    Column(
        "kind", String(16), nullable=False
    ),  # call | review | offer | payment | feedback | meeting | other
    ref("owner_id", "people.id"),
    ref("deal_id", "deals.id", nullable=True),
    ref("contact_id", "contacts.id", nullable=True),
    ref("call_id", "calls.id", nullable=True),
    Column("title", String(200), nullable=False, default=""),
    Column("due_at", UtcTime, nullable=False),
    # How long before the due time to remind, and when that is; a reminder that was seen has no time left.
    Column("remind_minutes", Integer),
    Column("remind_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),
    Column("result", Text, nullable=False, default=""),
    Column("repeat", String(8)),  # day | week | month
    # Whoever takes back what they did names the version it left: a task that went on since stays.
    Column("version", Integer, nullable=False, default=1),
    # One automatic task per cause, however often the cause is told.
    Column("cause", String(250), unique=True),
    Index("ix_tasks_owner_id", "owner_id", "done_at", "due_at"),
    Index("ix_tasks_deal_id", "deal_id"),
    Index("ix_tasks_contact_id", "contact_id"),
    sqlite_autoincrement=NEVER_AGAIN,
)

# What somebody did to many cards at once, and all that is needed to take it back.
bulk_acts = Table(
    "bulk_acts",
    metadata,
    row_id(),
    ref("person_id", "people.id"),
    Column("kind", String(8), nullable=False),  # move | assign | task
    Column("at", UtcTime, nullable=False),
    Column("details", JSON, nullable=False),
    Column("taken_back_at", UtcTime),
    Index("ix_bulk_acts_person_id", "person_id", "at"),
)
