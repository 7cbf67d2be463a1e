"""Every table, as SQLAlchemy Core: the one picture of what is stored.

Keys that decide identity (`uq_…`) are what makes each write repeatable: a second delivery of a call,
a deal or a move meets the key and changes nothing. Everything that comes from a PBX carries `pbx`,
since Uniqueids repeat across PBXes. Times are UTC; money is an exact number beside its ISO currency.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from pbx_crm.db.column_types import ExactMoney, UtcTime

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

# SQLite gives an autoincrementing rowid to INTEGER PRIMARY KEY only; PostgreSQL wants 64 bits.
RowId = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Column[int]:
    return Column("id", RowId, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False, cascade: bool = False) -> Column[int]:
    key = ForeignKey(target, ondelete="CASCADE" if cascade else None)
    return Column(name, RowId, key, nullable=nullable)


# People, and which phone is whose

people = Table(
    "people",
    metadata,
    _id(),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200)),
    Column("role", String(10), nullable=False),
    Column("is_admin", Boolean, nullable=False, default=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("language", String(8)),
    Column("theme", String(8), nullable=False, default="system"),
    Column("time_zone", String(64)),
    Column("settings", JSON, nullable=False, default=dict),
    Column("created_at", UtcTime, nullable=False),
    # A person may be admin only: then there is no role that shows client data.
    CheckConstraint("role IN ('seller', 'head', 'none')", name="role_known"),
)

extensions = Table(
    "extensions",
    metadata,
    _id(),
    Column("pbx", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    _ref("person_id", "people.id", nullable=True),
    Column("valid_from", UtcTime, nullable=False),
    Column("valid_to", UtcTime),
    UniqueConstraint("pbx", "number", "valid_from"),
    Index("ix_extensions_person_id", "person_id"),
)

seen_extensions = Table(
    "seen_extensions",
    metadata,
    _id(),
    Column("pbx", String(64), nullable=False),
    Column("number", String(32), nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False),
    UniqueConstraint("pbx", "number"),
)

sessions = Table(
    "sessions",
    metadata,
    _id(),
    _ref("person_id", "people.id", cascade=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("kind", String(8), nullable=False, default="web"),  # web | api
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
    _id(),
    Column("login", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    UniqueConstraint("login", "address"),
)

# Funnels

funnels = Table(
    "funnels",
    metadata,
    _id(),
    Column("name", String(100), nullable=False, unique=True),
    Column("preset", String(20)),
    Column("position", Integer, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("retired_at", UtcTime),
)

stages = Table(
    "stages",
    metadata,
    _id(),
    _ref("funnel_id", "funnels.id"),
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

loss_reasons = Table(
    "loss_reasons",
    metadata,
    _id(),
    _ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("retired_at", UtcTime),
    UniqueConstraint("funnel_id", "name"),
)

# What a call that is over does to its card. Kept with the funnel; each is asked in its order.
triggers = Table(
    "triggers",
    metadata,
    _id(),
    _ref("funnel_id", "funnels.id"),
    Column("name", String(100), nullable=False),
    Column("position", Integer, nullable=False),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("direction", String(10)),
    Column("outcome", String(12)),
    Column("least_talk_seconds", Integer, nullable=False, default=0),
    Column("count", String(12), nullable=False, default="every"),  # every | conversation | try | callback
    Column("nth", Integer, nullable=False, default=1),
    # A rule of a line that is gone would suddenly mean every line: it goes with it.
    _ref("line_id", "lines.id", nullable=True, cascade=True),
    _ref("stage_id", "stages.id", nullable=True),
    _ref("to_stage_id", "stages.id", nullable=True),
    _ref("loss_reason_id", "loss_reasons.id", nullable=True),
    Column("may_go_back", Boolean, nullable=False, default=False),
    Column("task_kind", String(16)),
    Column("task_minutes", Integer, nullable=False, default=60),
    Column("priority", String(8)),
    Column("new_owner", String(8)),  # talker | person
    _ref("owner_id", "people.id", nullable=True),
    Column("stops", Boolean, nullable=False, default=False),
    UniqueConstraint("funnel_id", "name"),
)

# Where calls enter

lines = Table(
    "lines",
    metadata,
    _id(),
    Column("pbx", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("match_kind", String(8), nullable=False),  # did | trunk | queue | any
    Column("match_value", String(100), nullable=False, default=""),
    Column("source", String(100), nullable=False, default=""),
    _ref("funnel_id", "funnels.id", nullable=True),
    Column("create_at", String(8), nullable=False, default="answer"),
    Column("create_outgoing", Boolean, nullable=False, default=False),
    Column("owner_policy", String(16), nullable=False, default="first_answered"),
    Column("missed_policy", JSON, nullable=False, default=list),
    Column("callback_minutes", Integer, nullable=False, default=15),
    UniqueConstraint("pbx", "match_kind", "match_value"),
    CheckConstraint("create_at IN ('ring', 'answer', 'end', 'never')", name="create_at_known"),
    CheckConstraint("owner_policy IN ('first_answered', 'last_answered')", name="owner_policy_known"),
)

line_sellers = Table(
    "line_sellers",
    metadata,
    _ref("line_id", "lines.id", cascade=True),
    _ref("person_id", "people.id", cascade=True),
    UniqueConstraint("line_id", "person_id"),
)

skip_rules = Table(
    "skip_rules",
    metadata,
    _id(),
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
    _ref("person_id", "people.id", nullable=True),
)

# Clients

companies = Table(
    "companies",
    metadata,
    _id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    _id(),
    Column("name", String(200), nullable=False, default=""),
    _ref("company_id", "companies.id", nullable=True),
    _ref("responsible_id", "people.id", nullable=True),
    Column("city", String(100), nullable=False, default=""),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_contacts_responsible_id", "responsible_id"),
    Index("ix_contacts_company_id", "company_id"),
)

contact_numbers = Table(
    "contact_numbers",
    metadata,
    _id(),
    _ref("contact_id", "contacts.id", cascade=True),
    # E.164 decides who a caller is: one number, one contact. Two first calls at once meet this key.
    Column("number", String(20), nullable=False, unique=True),
    Column("label", String(40), nullable=False, default=""),
    Index("ix_contact_numbers_contact_id", "contact_id"),
)

# Deals

deals = Table(
    "deals",
    metadata,
    _id(),
    _ref("funnel_id", "funnels.id"),
    _ref("stage_id", "stages.id"),
    _ref("owner_id", "people.id"),
    _ref("contact_id", "contacts.id", nullable=True),
    _ref("company_id", "companies.id", nullable=True),
    _ref("line_id", "lines.id", nullable=True),
    _ref("previous_id", "deals.id", nullable=True),
    _ref("loss_reason_id", "loss_reasons.id", nullable=True),
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
    Index("ix_deals_contact_id", "contact_id"),
    Index("ix_deals_company_id", "company_id"),
)

# At most one open deal comes of two first calls of a client at once: this row is the lock and the answer.
open_deals = Table(
    "open_deals",
    metadata,
    _ref("contact_id", "contacts.id", cascade=True),
    _ref("funnel_id", "funnels.id", cascade=True),
    _ref("deal_id", "deals.id", cascade=True),
    UniqueConstraint("contact_id", "funnel_id", "deal_id"),
)

stage_totals = Table(
    "stage_totals",
    metadata,
    _ref("stage_id", "stages.id", cascade=True),
    _ref("owner_id", "people.id", cascade=True),
    Column("currency", String(3), nullable=False),
    Column("deals", Integer, nullable=False),
    Column("amount", ExactMoney, nullable=False),
    UniqueConstraint("stage_id", "owner_id", "currency"),
)

stage_moves = Table(
    "stage_moves",
    metadata,
    _id(),
    _ref("deal_id", "deals.id", cascade=True),
    _ref("from_stage_id", "stages.id", nullable=True),
    _ref("to_stage_id", "stages.id"),
    Column("at", UtcTime, nullable=False),
    Column("actor_kind", String(10), nullable=False),  # seller | intake | trigger | robot | phone_code
    _ref("actor_id", "people.id", nullable=True),
    Column("reason", Text, nullable=False, default=""),
    Column("evidence", JSON, nullable=False, default=dict),
    _ref("undoes_id", "stage_moves.id", nullable=True),
    # A move repeated by the browser or by a second delivery carries the same key and is made once.
    Column("request_key", String(80), unique=True),
    Index("ix_stage_moves_deal_id", "deal_id", "id"),
)

deal_notes = Table(
    "deal_notes",
    metadata,
    _id(),
    _ref("deal_id", "deals.id", cascade=True),
    _ref("author_id", "people.id", nullable=True),
    Column("text", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("edited_at", UtcTime),
    Index("ix_deal_notes_deal_id", "deal_id", "id"),
)

# What happened to a deal beside calls, moves and notes: owner changes, joins, alerts; words are
# kept as a message id with values, so that each reader sees them in their own language.
deal_events = Table(
    "deal_events",
    metadata,
    _id(),
    _ref("deal_id", "deals.id", cascade=True),
    Column("at", UtcTime, nullable=False),
    Column("kind", String(40), nullable=False),
    _ref("actor_id", "people.id", nullable=True),
    Column("details", JSON, nullable=False, default=dict),
    Column("request_key", String(250), unique=True),
    Index("ix_deal_events_deal_id", "deal_id", "id"),
)

tasks = Table(
    "tasks",
    metadata,
    _id(),
    Column(
        "kind", String(16), nullable=False
    ),  # call | review | offer | payment | feedback | meeting | other
    _ref("owner_id", "people.id"),
    _ref("deal_id", "deals.id", nullable=True),
    _ref("contact_id", "contacts.id", nullable=True),
    _ref("call_id", "calls.id", nullable=True),
    Column("title", String(200), nullable=False, default=""),
    Column("due_at", UtcTime, nullable=False),
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
)

# Calls

calls = Table(
    "calls",
    metadata,
    _id(),
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
    _ref("seller_id", "people.id", nullable=True),
    _ref("answered_id", "people.id", nullable=True),
    _ref("final_id", "people.id", nullable=True),
    _ref("line_id", "lines.id", nullable=True),
    _ref("contact_id", "contacts.id", nullable=True),
    _ref("deal_id", "deals.id", nullable=True),
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
    UniqueConstraint("pbx", "linkedid"),
    Index("ix_calls_started_at", "started_at", "id"),
    Index("ix_calls_answered_id", "answered_id", "started_at"),
    Index("ix_calls_seller_id", "seller_id", "started_at"),
    Index("ix_calls_deal_id", "deal_id", "started_at"),
    Index("ix_calls_contact_id", "contact_id", "started_at"),
    Index("ix_calls_e164", "e164", "started_at"),
    Index("ix_calls_open", "pbx", "ended_at"),
)

# A Linkedid that turned out to be part of another call; look-ups by it find the call it joined.
call_aliases = Table(
    "call_aliases",
    metadata,
    Column("pbx", String(64), primary_key=True),
    Column("linkedid", String(150), primary_key=True),
    _ref("call_id", "calls.id", cascade=True),
    Index("ix_call_aliases_call_id", "call_id"),
)

legs = Table(
    "legs",
    metadata,
    _id(),
    _ref("call_id", "calls.id", cascade=True),
    Column("uniqueid", String(150), nullable=False),
    Column("endpoint", String(150), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("extension", String(32)),
    _ref("person_id", "people.id", nullable=True),
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
    _id(),
    _ref("call_id", "calls.id", cascade=True),
    Column("extension", String(32), nullable=False),
    _ref("person_id", "people.id", nullable=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    UniqueConstraint("call_id", "extension", "started_at"),
    Index("ix_talks_person_id", "person_id", "started_at"),
)

transfers = Table(
    "transfers",
    metadata,
    _id(),
    _ref("call_id", "calls.id", cascade=True),
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
    _ref("call_id", "calls.id", cascade=True),
    _ref("person_id", "people.id", cascade=True),
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
    _ref("call_id", "calls.id", cascade=True),
    _ref("person_id", "people.id", cascade=True),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("call_id", "person_id"),
)

# Clicks on a number: stored before the PBX is asked, so that none rings a phone twice.
dials = Table(
    "dials",
    metadata,
    _id(),
    _ref("person_id", "people.id"),
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

# Stretches in which the PBX was not heard

gaps = Table(
    "gaps",
    metadata,
    _id(),
    Column("pbx", String(64), nullable=False),
    Column("from_at", UtcTime, nullable=False),
    Column("to_at", UtcTime),
    Column("cause", String(20), nullable=False),
    Column("filled_at", UtcTime),
    UniqueConstraint("pbx", "from_at"),
)

# How far the PBX's own records (CEL) were read; the place is the reader's, of whatever shape.
record_places = Table(
    "record_places",
    metadata,
    Column("pbx", String(64), primary_key=True),
    Column("place", JSON, nullable=False),
    Column("read_at", UtcTime, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("value", JSON, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    _id(),
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
    _id(),
    Column("at", UtcTime, nullable=False),
    _ref("person_id", "people.id", nullable=True),
    Column("act", String(60), nullable=False),
    Column("target", String(100), nullable=False, default=""),
    Column("details", JSON, nullable=False, default=dict),
    Column("address", String(64)),
    Index("ix_audit_at", "at"),
)
