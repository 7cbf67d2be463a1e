"""Calls with their legs and talk intervals, and what people did with them on the screen."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Date, Float, Index, Integer, String, Table, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

calls = Table(
    "calls",
    metadata,
    row_id(),
    Column("pbx", String(64), nullable=False),
    Column("linkedid", String(150), nullable=False),
    Column("direction", String(10), nullable=False),
    Column("external_number", String(100)),
    Column("e164", String(20)),
    Column("caller_name", String(300)),
    Column("did", String(100)),
    Column("queue", String(100)),
    Column("trunk", String(150)),
    Column("seller_extension", String(32)),
    Column("answered_extension", String(32)),
    Column("final_extension", String(32)),
    ref("seller_id", "people.id", nullable=True),
    ref("answered_id", "people.id", nullable=True),
    ref("final_id", "people.id", nullable=True),
    ref("line_id", "lines.id", nullable=True),
    ref("contact_id", "contacts.id", nullable=True),
    ref("deal_id", "deals.id", nullable=True),
    Column("outcome", String(12)),
    Column("reason", String(12)),
    Column("started_at", UtcTime, nullable=False),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("ended_by", String(12)),
    Column("wait_seconds", Float, nullable=False, default=0),
    Column("ring_seconds", Float, nullable=False, default=0),
    Column("talk_seconds", Float, nullable=False, default=0),
    Column("hold_seconds", Float, nullable=False, default=0),
    Column("recorded", Boolean, nullable=False, default=False),
    Column("recording_file", String(300)),
    # Learned, wholly or its end, from the PBX's own records and not while it happened.
    Column("late", Boolean, nullable=False, default=False),
    Column("skipped_by", String(100)),
    # Why this seller, as a message id with values: translated where it is read.
    Column("owner_rule", JSON, nullable=False, default=dict),
    # How much the stored state knew (domain/call_knowledge.py); one that knows no more is passed over.
    Column("known", Integer, nullable=False, default=0),
    # The day under which the call is in the sums of `call_days`; NULL: reports count the call itself.
    Column("counted_day", Date),
    UniqueConstraint("pbx", "linkedid"),
    Index("ix_calls_started_at", "started_at", "id"),
    Index("ix_calls_answered_id", "answered_id", "started_at"),
    Index("ix_calls_seller_id", "seller_id", "started_at"),
    Index("ix_calls_deal_id", "deal_id", "started_at"),
    Index("ix_calls_contact_id", "contact_id", "started_at"),
    Index("ix_calls_e164", "e164", "started_at"),
    Index("ix_calls_open", "pbx", "ended_at"),
)
NOT_COUNTED = calls.c.counted_day.is_(None)
Index("ix_calls_not_counted", calls.c.started_at, sqlite_where=NOT_COUNTED, postgresql_where=NOT_COUNTED)

# A Linkedid that turned out to be part of another call; look-ups by it find the call it joined.
call_aliases = Table(
    "call_aliases",
    metadata,
    Column("pbx", String(64), primary_key=True),
    Column("linkedid", String(150), primary_key=True),
    ref("call_id", "calls.id", cascade=True),
    Index("ix_call_aliases_call_id", "call_id"),
)

legs = Table(
    "legs",
    metadata,
    row_id(),
    ref("call_id", "calls.id", cascade=True),
    Column("uniqueid", String(150), nullable=False),
    Column("endpoint", String(150), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("extension", String(32)),
    ref("person_id", "people.id", nullable=True),
    Column("number", String(100)),
    Column("started_at", UtcTime, nullable=False),
    Column("rang_at", UtcTime),
    Column("answered_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("result", String(16)),
    UniqueConstraint("call_id", "uniqueid"),
    Index("ix_legs_person_id", "person_id", "started_at"),
)

talks = Table(
    "talks",
    metadata,
    row_id(),
    ref("call_id", "calls.id", cascade=True),
    Column("extension", String(32), nullable=False),
    ref("person_id", "people.id", nullable=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    UniqueConstraint("call_id", "extension", "started_at"),
    Index("ix_talks_person_id", "person_id", "started_at"),
)

transfers = Table(
    "transfers",
    metadata,
    row_id(),
    ref("call_id", "calls.id", cascade=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("source", String(32)),
    Column("target", String(100)),
    Column("completed", Boolean, nullable=False),
    UniqueConstraint("call_id", "at", "kind"),
)

# Everybody a call concerns: owner, who rang, who talked. The viewer's scope of calls reads this.
call_people = Table(
    "call_people",
    metadata,
    ref("call_id", "calls.id", cascade=True),
    ref("person_id", "people.id", cascade=True),
    Column("started_at", UtcTime, nullable=False),
    Column("rang", Boolean, nullable=False, default=False),
    Column("talk_seconds", Float, nullable=False, default=0),
    UniqueConstraint("call_id", "person_id"),
    Index("ix_call_people_person_id", "person_id", "started_at"),
)

# A popup closed once is closed in every tab and stays closed at hang-up.
popups_closed = Table(
    "popups_closed",
    metadata,
    ref("call_id", "calls.id", cascade=True),
    ref("person_id", "people.id", cascade=True),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("call_id", "person_id"),
)

# What a seller said of a talk once it was over; a row without an outcome says that nothing is to be said.
wrap_ups = Table(
    "wrap_ups",
    metadata,
    ref("call_id", "calls.id", cascade=True),
    ref("person_id", "people.id", cascade=True),
    ref("deal_id", "deals.id", cascade=True),
    ref("outcome_id", "wrap_up_outcomes.id", nullable=True),
    Column("step", String(16), nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("call_id", "person_id"),
    Index("ix_wrap_ups_deal_id", "deal_id"),
)

# Clicks on a number: stored before the PBX is asked, so that none rings a phone twice.
dials = Table(
    "dials",
    metadata,
    row_id(),
    ref("person_id", "people.id"),
    Column("request_key", String(64), nullable=False),
    Column("pbx", String(64), nullable=False),
    Column("extension", String(32), nullable=False),
    Column("number", String(20), nullable=False),
    Column("channel_id", String(64), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("state", String(10), nullable=False),
    UniqueConstraint("person_id", "request_key"),
    Index("ix_dials_person_id", "person_id", "at"),
)
