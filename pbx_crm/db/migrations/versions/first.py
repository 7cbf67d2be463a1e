"""The tables of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from pbx_crm.db.column_types import ExactMoney, UtcTime

revision = "first"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Forward only: an older program is brought back by restoring its backup."""
    op.create_table(
        "alerts",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("cleared_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
        sa.UniqueConstraint("kind", "key", name=op.f("uq_alerts_kind_key")),
    )
    op.create_table(
        "calendars",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("quiet_begin", sa.Integer(), nullable=True),
        sa.Column("quiet_end", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_calendars_name")),
    )
    op.create_table(
        "call_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("line", ROW_ID, nullable=False),
        sa.Column("who", ROW_ID, nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("dialled", sa.Integer(), nullable=False),
        sa.Column("reached", sa.Integer(), nullable=False),
        sa.Column("talked", sa.Integer(), nullable=False),
        sa.Column("handled", sa.Integer(), nullable=False),
        sa.Column("owned", sa.Integer(), nullable=False),
        sa.Column("cold", sa.Integer(), nullable=False),
        sa.Column("cold_reached", sa.Integer(), nullable=False),
        sa.Column("incoming", sa.Integer(), nullable=False),
        sa.Column("repeated", sa.Integer(), nullable=False),
        sa.Column("talk_ms", ROW_ID, nullable=False),
        sa.Column("ring_ms", ROW_ID, nullable=False),
        sa.Column("hold_ms", ROW_ID, nullable=False),
        sa.UniqueConstraint("day", "line", "who", name=op.f("uq_call_days_day_line_who")),
    )
    op.create_table(
        "call_hours",
        sa.Column("who", ROW_ID, nullable=False),
        sa.Column("began", UtcTime(), nullable=False),
        sa.Column("line", ROW_ID, nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.UniqueConstraint("who", "began", "line", name=op.f("uq_call_hours_who_began_line")),
    )
    op.create_table(
        "client_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("line", ROW_ID, nullable=False),
        sa.Column("met", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("day", "line", name=op.f("uq_client_days_day_line")),
    )
    op.create_table(
        "companies",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("name", name=op.f("uq_companies_name")),
    )
    op.create_table(
        "funnels",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("preset", sa.String(length=20), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_funnels")),
        sa.UniqueConstraint("name", name=op.f("uq_funnels_name")),
    )
    op.create_table(
        "gaps",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("from_at", UtcTime(), nullable=False),
        sa.Column("to_at", UtcTime(), nullable=True),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("filled_at", UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gaps")),
        sa.UniqueConstraint("pbx", "from_at", name=op.f("uq_gaps_pbx_from_at")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=150), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("taken_until", UtcTime(), nullable=True),
        sa.Column("given_up_at", UtcTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("key", name=op.f("uq_jobs_key")),
    )
    op.create_index("ix_jobs_due_at", "jobs", ["due_at"], unique=False)
    op.create_table(
        "login_tries",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_tries")),
        sa.UniqueConstraint("login", "address", name=op.f("uq_login_tries_login_address")),
    )
    op.create_table(
        "people",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("role", sa.String(length=10), nullable=False),
        sa.Column("is_admin", sa.Boolean(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=True),
        sa.Column("theme", sa.String(length=8), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("letter_keys", sa.Boolean(), nullable=False),
        sa.Column("board_ltr", sa.Boolean(), nullable=False),
        sa.Column("news_seen_at", UtcTime(), nullable=True),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.CheckConstraint("role IN ('seller', 'head', 'none')", name=op.f("ck_people_role_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("login", name=op.f("uq_people_login")),
    )
    op.create_table(
        "phone_states",
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "number", name=op.f("pk_phone_states")),
    )
    op.create_table(
        "record_places",
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("place", sa.JSON(), nullable=False),
        sa.Column("read_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", name=op.f("pk_record_places")),
    )
    op.create_table(
        "regions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("local_name", sa.String(length=200), nullable=False),
        sa.Column("zones", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_regions")),
        sa.UniqueConstraint("country", "name", name=op.f("uq_regions_country_name")),
    )
    op.create_table(
        "seen_extensions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("first_seen_at", UtcTime(), nullable=False),
        sa.Column("last_seen_at", UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_seen_extensions")),
        sa.UniqueConstraint("pbx", "number", name=op.f("uq_seen_extensions_pbx_number")),
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "skip_rules",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skip_rules")),
        sa.UniqueConstraint("kind", "value", name=op.f("uq_skip_rules_kind_value")),
        sa.UniqueConstraint("name", name=op.f("uq_skip_rules_name")),
    )
    op.create_table(
        "source_costs",
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("amount", ExactMoney(), nullable=False),
        sa.UniqueConstraint("source", "month", name=op.f("uq_source_costs_source_month")),
    )
    op.create_table(
        "audit",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("person_id", ROW_ID, nullable=True),
        sa.Column("act", sa.String(length=60), nullable=False),
        sa.Column("target", sa.String(length=100), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_audit_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["at"], unique=False)
    op.create_table(
        "bin_items",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("subject_id", sa.String(length=24), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=True),
        sa.Column("deleted_by", ROW_ID, nullable=True),
        sa.Column("deleted_at", UtcTime(), nullable=False),
        sa.Column("cutting", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["deleted_by"], ["people.id"], name=op.f("fk_bin_items_deleted_by")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_bin_items_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bin_items")),
    )
    op.create_index("ix_bin_items_deleted_at", "bin_items", ["deleted_at"], unique=False)
    op.create_table(
        "bulk_acts",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("taken_back_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_bulk_acts_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_acts")),
    )
    op.create_index("ix_bulk_acts_person_id", "bulk_acts", ["person_id", "at"], unique=False)
    op.create_table(
        "calendar_days",
        sa.Column("calendar_id", ROW_ID, nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendars.id"], name=op.f("fk_calendar_days_calendar_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("calendar_id", "day", name=op.f("uq_calendar_days_calendar_id_day")),
    )
    op.create_table(
        "client_reads",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("client", sa.String(length=40), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_client_reads_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_reads")),
        sa.UniqueConstraint("person_id", "client", name=op.f("uq_client_reads_person_id_client")),
    )
    op.create_index("ix_client_reads_at", "client_reads", ["at"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("company_id", ROW_ID, nullable=True),
        sa.Column("responsible_id", ROW_ID, nullable=True),
        sa.Column("city", sa.String(length=100), nullable=False),
        sa.Column("region_id", ROW_ID, nullable=True),
        sa.Column("do_not_call", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_contacts_company_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_contacts_region_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["people.id"], name=op.f("fk_contacts_responsible_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contacts_company_id", "contacts", ["company_id"], unique=False)
    op.create_index("ix_contacts_name", "contacts", ["name"], unique=False)
    op.create_index("ix_contacts_responsible_id", "contacts", ["responsible_id"], unique=False)
    op.create_table(
        "dials",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("request_key", sa.String(length=64), nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("extension", sa.String(length=32), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("channel_id", sa.String(length=64), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_dials_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dials")),
        sa.UniqueConstraint("person_id", "request_key", name=op.f("uq_dials_person_id_request_key")),
    )
    op.create_index("ix_dials_person_id", "dials", ["person_id", "at"], unique=False)
    op.create_table(
        "extensions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("person_id", ROW_ID, nullable=True),
        sa.Column("valid_from", UtcTime(), nullable=False),
        sa.Column("valid_to", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_extensions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extensions")),
        sa.UniqueConstraint("pbx", "number", "valid_from", name=op.f("uq_extensions_pbx_number_valid_from")),
    )
    op.create_index("ix_extensions_person_id", "extensions", ["person_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("by_id", ROW_ID, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("header", sa.JSON(), nullable=False),
        sa.Column("mapping", sa.JSON(), nullable=False),
        sa.Column("responsible_id", ROW_ID, nullable=True),
        sa.Column("rows_total", sa.Integer(), nullable=False),
        sa.Column("rows_done", sa.Integer(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_imports_by_id")),
        sa.ForeignKeyConstraint(["responsible_id"], ["people.id"], name=op.f("fk_imports_responsible_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "lines",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("match_kind", sa.String(length=8), nullable=False),
        sa.Column("match_value", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=True),
        sa.Column("create_at", sa.String(length=8), nullable=False),
        sa.Column("create_outgoing", sa.Boolean(), nullable=False),
        sa.Column("owner_policy", sa.String(length=16), nullable=False),
        sa.Column("missed_policy", sa.JSON(), nullable=False),
        sa.Column("callback_minutes", sa.Integer(), nullable=False),
        sa.Column("recording_days", sa.Integer(), nullable=True),
        sa.Column("calendar_id", ROW_ID, nullable=True),
        sa.Column("region_id", ROW_ID, nullable=True),
        sa.CheckConstraint(
            "create_at IN ('ring', 'answer', 'end', 'never')", name=op.f("ck_lines_create_at_known")
        ),
        sa.CheckConstraint(
            "owner_policy IN ('first_answered', 'last_answered')", name=op.f("ck_lines_owner_policy_known")
        ),
        sa.ForeignKeyConstraint(["calendar_id"], ["calendars.id"], name=op.f("fk_lines_calendar_id")),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_lines_funnel_id")),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_lines_region_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lines")),
        sa.UniqueConstraint(
            "pbx", "match_kind", "match_value", name=op.f("uq_lines_pbx_match_kind_match_value")
        ),
    )
    op.create_table(
        "loss_reasons",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_loss_reasons_funnel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loss_reasons")),
        sa.UniqueConstraint("funnel_id", "name", name=op.f("uq_loss_reasons_funnel_id_name")),
    )
    op.create_table(
        "number_ranges",
        sa.Column("first", ROW_ID, autoincrement=False, nullable=False),
        sa.Column("last", ROW_ID, nullable=False),
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name=op.f("fk_number_ranges_region_id")),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_number_ranges")),
    )
    op.create_index("ix_number_ranges_region_id", "number_ranges", ["region_id"], unique=False)
    op.create_table(
        "plans",
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("metric", sa.String(length=8), nullable=False),
        sa.Column("target", ExactMoney(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_plans_person_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("person_id", "period", "metric", name=op.f("uq_plans_person_id_period_metric")),
    )
    op.create_table(
        "recovery_codes",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_recovery_codes_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_codes_person_id_code_hash")),
    )
    op.create_table(
        "rota_turns",
        sa.Column("rota", sa.String(length=100), nullable=False),
        sa.Column("person_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_rota_turns_person_id")),
        sa.PrimaryKeyConstraint("rota", name=op.f("pk_rota_turns")),
    )
    op.create_table(
        "second_factors",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("confirmed_at", UtcTime(), nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_second_factors_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factors")),
        sa.UniqueConstraint("person_id", name=op.f("uq_second_factors_person_id")),
    )
    op.create_table(
        "sessions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("label", sa.String(length=100), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("seen_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_sessions_person_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sessions_token_hash")),
    )
    op.create_index("ix_sessions_person_id", "sessions", ["person_id"], unique=False)
    op.create_table(
        "stages",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("hue", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Integer(), nullable=False),
        sa.Column("idle_hours", sa.Integer(), nullable=True),
        sa.Column("reached_when", sa.Text(), nullable=False),
        sa.Column("what_to_do", sa.Text(), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.CheckConstraint("kind IN ('unsorted', 'open', 'won', 'lost')", name=op.f("ck_stages_kind_known")),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name=op.f("ck_stages_probability_percent")),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_stages_funnel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stages")),
        sa.UniqueConstraint("funnel_id", "name", name=op.f("uq_stages_funnel_id_name")),
    )
    op.create_table(
        "voice_messages",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("offers_talk", sa.Boolean(), nullable=False),
        sa.Column("offers_opt_out", sa.Boolean(), nullable=False),
        sa.Column("by_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_voice_messages_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_messages")),
        sa.UniqueConstraint("name", name=op.f("uq_voice_messages_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "wall_links",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("maker_id", ROW_ID, nullable=False),
        sa.Column("made_at", UtcTime(), nullable=False),
        sa.Column("revoked_at", UtcTime(), nullable=True),
        sa.Column("answer_within", sa.Integer(), nullable=False),
        sa.Column("service_target", sa.Integer(), nullable=False),
        sa.Column("longest_wait", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["maker_id"], ["people.id"], name=op.f("fk_wall_links_maker_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wall_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_wall_links_token_hash")),
    )
    op.create_table(
        "wrap_up_outcomes",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("suggests", sa.String(length=16), nullable=False),
        sa.Column("retired_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_wrap_up_outcomes_funnel_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wrap_up_outcomes")),
        sa.UniqueConstraint("funnel_id", "name", name=op.f("uq_wrap_up_outcomes_funnel_id_name")),
    )
    op.create_table(
        "contact_numbers",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_contact_numbers_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_numbers")),
        sa.UniqueConstraint("number", name=op.f("uq_contact_numbers_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_contact_numbers_contact_id", "contact_numbers", ["contact_id"], unique=False)
    op.create_table(
        "deals",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("stage_id", ROW_ID, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("contact_id", ROW_ID, nullable=True),
        sa.Column("company_id", ROW_ID, nullable=True),
        sa.Column("line_id", ROW_ID, nullable=True),
        sa.Column("previous_id", ROW_ID, nullable=True),
        sa.Column("loss_reason_id", ROW_ID, nullable=True),
        sa.Column("born_of", sa.String(length=250), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("amount", ExactMoney(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=False),
        sa.Column("expected_close", sa.String(length=10), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("stage_since", UtcTime(), nullable=False),
        sa.Column("active_at", UtcTime(), nullable=False),
        sa.Column("closed_at", UtcTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("priority IN ('low', 'normal', 'high')", name=op.f("ck_deals_priority_known")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_deals_company_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_deals_contact_id")),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_deals_funnel_id")),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name=op.f("fk_deals_line_id")),
        sa.ForeignKeyConstraint(
            ["loss_reason_id"], ["loss_reasons.id"], name=op.f("fk_deals_loss_reason_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_deals_owner_id")),
        sa.ForeignKeyConstraint(["previous_id"], ["deals.id"], name=op.f("fk_deals_previous_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_deals_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deals")),
        sa.UniqueConstraint("born_of", name=op.f("uq_deals_born_of")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deals_company_id", "deals", ["company_id"], unique=False)
    op.create_index("ix_deals_contact_id", "deals", ["contact_id"], unique=False)
    op.create_index("ix_deals_created_at", "deals", ["created_at"], unique=False)
    op.create_index(
        "ix_deals_owner_board", "deals", ["owner_id", "stage_id", "stage_since", "id"], unique=False
    )
    op.create_index("ix_deals_owner_source", "deals", ["owner_id", "source"], unique=False)
    op.create_index("ix_deals_source", "deals", ["source"], unique=False)
    op.create_index("ix_deals_stage_board", "deals", ["stage_id", "stage_since", "id"], unique=False)
    op.create_table(
        "gates",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("stage_id", ROW_ID, nullable=False),
        sa.Column("needs", sa.JSON(), nullable=False),
        sa.Column("is_binding", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stage_id"], ["stages.id"], name=op.f("fk_gates_stage_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gates")),
        sa.UniqueConstraint("stage_id", name=op.f("uq_gates_stage_id")),
    )
    op.create_table(
        "import_refusals",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("import_id", ROW_ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_refusals_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_refusals")),
    )
    op.create_index("ix_import_refusals_import_id", "import_refusals", ["import_id", "id"], unique=False)
    op.create_table(
        "import_rows",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("import_id", ROW_ID, nullable=False),
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("filled", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_import_rows_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
    )
    op.create_index("ix_import_rows_contact_id", "import_rows", ["contact_id"], unique=False)
    op.create_index("ix_import_rows_import_id", "import_rows", ["import_id", "id"], unique=False)
    op.create_table(
        "line_sellers",
        sa.Column("line_id", ROW_ID, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_line_sellers_line_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_line_sellers_person_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("line_id", "person_id", name=op.f("uq_line_sellers_line_id_person_id")),
    )
    op.create_table(
        "phone_codes",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("digit", sa.String(length=1), nullable=False),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("stage_id", ROW_ID, nullable=True),
        sa.Column("loss_reason_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["funnel_id"], ["funnels.id"], name=op.f("fk_phone_codes_funnel_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["loss_reason_id"], ["loss_reasons.id"], name=op.f("fk_phone_codes_loss_reason_id")
        ),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_phone_codes_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_phone_codes")),
        sa.UniqueConstraint("funnel_id", "digit", name=op.f("uq_phone_codes_funnel_id_digit")),
    )
    op.create_table(
        "robots",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("occasion", sa.String(length=12), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("active_since", UtcTime(), nullable=True),
        sa.Column("stage_id", ROW_ID, nullable=True),
        sa.Column("task_kind", sa.String(length=16), nullable=True),
        sa.Column("task_title", sa.String(length=200), nullable=False),
        sa.Column("task_minutes", sa.Integer(), nullable=False),
        sa.Column("advice", sa.String(length=300), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=True),
        sa.Column("heir", sa.String(length=12), nullable=True),
        sa.Column("owner_id", ROW_ID, nullable=True),
        sa.Column("tells_head", sa.Boolean(), nullable=False),
        sa.Column("webhook_url", sa.String(length=500), nullable=False),
        sa.Column("webhook_secret", sa.String(length=64), nullable=False),
        sa.Column("voice_id", ROW_ID, nullable=True),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_robots_funnel_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_robots_owner_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_robots_stage_id")),
        sa.ForeignKeyConstraint(["voice_id"], ["voice_messages.id"], name=op.f("fk_robots_voice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robots")),
        sa.UniqueConstraint("funnel_id", "name", name=op.f("uq_robots_funnel_id_name")),
    )
    op.create_table(
        "site_forms",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("line_id", ROW_ID, nullable=True),
        sa.Column("origins", sa.JSON(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name=op.f("fk_site_forms_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_forms")),
        sa.UniqueConstraint("name", name=op.f("uq_site_forms_name")),
        sa.UniqueConstraint("token", name=op.f("uq_site_forms_token")),
    )
    op.create_table(
        "stage_totals",
        sa.Column("stage_id", ROW_ID, nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("deals", sa.Integer(), nullable=False),
        sa.Column("amount", ExactMoney(), nullable=False),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["people.id"], name=op.f("fk_stage_totals_owner_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["stage_id"], ["stages.id"], name=op.f("fk_stage_totals_stage_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "stage_id", "owner_id", "currency", name=op.f("uq_stage_totals_stage_id_owner_id_currency")
        ),
    )
    op.create_table(
        "triggers",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("least_talk_seconds", sa.Integer(), nullable=False),
        sa.Column("count", sa.String(length=12), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("wrap_up_id", ROW_ID, nullable=True),
        sa.Column("voice_result", sa.String(length=12), nullable=True),
        sa.Column("line_id", ROW_ID, nullable=True),
        sa.Column("stage_id", ROW_ID, nullable=True),
        sa.Column("to_stage_id", ROW_ID, nullable=True),
        sa.Column("loss_reason_id", ROW_ID, nullable=True),
        sa.Column("may_go_back", sa.Boolean(), nullable=False),
        sa.Column("task_kind", sa.String(length=16), nullable=True),
        sa.Column("task_minutes", sa.Integer(), nullable=False),
        sa.Column("priority", sa.String(length=8), nullable=True),
        sa.Column("new_owner", sa.String(length=8), nullable=True),
        sa.Column("owner_id", ROW_ID, nullable=True),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["funnel_id"], ["funnels.id"], name=op.f("fk_triggers_funnel_id")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["lines.id"], name=op.f("fk_triggers_line_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["loss_reason_id"], ["loss_reasons.id"], name=op.f("fk_triggers_loss_reason_id")
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_triggers_owner_id")),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_triggers_stage_id")),
        sa.ForeignKeyConstraint(["to_stage_id"], ["stages.id"], name=op.f("fk_triggers_to_stage_id")),
        sa.ForeignKeyConstraint(["wrap_up_id"], ["wrap_up_outcomes.id"], name=op.f("fk_triggers_wrap_up_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_triggers")),
        sa.UniqueConstraint("funnel_id", "name", name=op.f("uq_triggers_funnel_id_name")),
    )
    op.create_table(
        "calls",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("linkedid", sa.String(length=150), nullable=False),
        sa.Column("direction", sa.String(length=10), nullable=False),
        sa.Column("external_number", sa.String(length=100), nullable=True),
        sa.Column("e164", sa.String(length=20), nullable=True),
        sa.Column("caller_name", sa.String(length=300), nullable=True),
        sa.Column("did", sa.String(length=100), nullable=True),
        sa.Column("queue", sa.String(length=100), nullable=True),
        sa.Column("trunk", sa.String(length=150), nullable=True),
        sa.Column("seller_extension", sa.String(length=32), nullable=True),
        sa.Column("answered_extension", sa.String(length=32), nullable=True),
        sa.Column("final_extension", sa.String(length=32), nullable=True),
        sa.Column("seller_id", ROW_ID, nullable=True),
        sa.Column("answered_id", ROW_ID, nullable=True),
        sa.Column("final_id", ROW_ID, nullable=True),
        sa.Column("line_id", ROW_ID, nullable=True),
        sa.Column("contact_id", ROW_ID, nullable=True),
        sa.Column("deal_id", ROW_ID, nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=12), nullable=True),
        sa.Column("wait_seconds", sa.Float(), nullable=False),
        sa.Column("ring_seconds", sa.Float(), nullable=False),
        sa.Column("talk_seconds", sa.Float(), nullable=False),
        sa.Column("hold_seconds", sa.Float(), nullable=False),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.Column("recording_file", sa.String(length=300), nullable=True),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("skipped_by", sa.String(length=100), nullable=True),
        sa.Column("owner_rule", sa.JSON(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("counted_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["answered_id"], ["people.id"], name=op.f("fk_calls_answered_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_calls_contact_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_calls_deal_id")),
        sa.ForeignKeyConstraint(["final_id"], ["people.id"], name=op.f("fk_calls_final_id")),
        sa.ForeignKeyConstraint(["line_id"], ["lines.id"], name=op.f("fk_calls_line_id")),
        sa.ForeignKeyConstraint(["seller_id"], ["people.id"], name=op.f("fk_calls_seller_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("pbx", "linkedid", name=op.f("uq_calls_pbx_linkedid")),
    )
    op.create_index("ix_calls_answered_id", "calls", ["answered_id", "started_at"], unique=False)
    op.create_index("ix_calls_contact_id", "calls", ["contact_id", "started_at"], unique=False)
    op.create_index("ix_calls_deal_id", "calls", ["deal_id", "started_at"], unique=False)
    op.create_index("ix_calls_e164", "calls", ["e164", "started_at"], unique=False)
    op.create_index(
        "ix_calls_not_counted",
        "calls",
        ["started_at"],
        unique=False,
        sqlite_where=sa.text("counted_day IS NULL"),
        postgresql_where=sa.text("counted_day IS NULL"),
    )
    op.create_index("ix_calls_open", "calls", ["pbx", "ended_at"], unique=False)
    op.create_index("ix_calls_seller_id", "calls", ["seller_id", "started_at"], unique=False)
    op.create_index("ix_calls_started_at", "calls", ["started_at", "id"], unique=False)
    op.create_table(
        "deal_contacts",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("role", sa.String(length=60), nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_deal_contacts_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_deal_contacts_deal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_contacts")),
        sa.UniqueConstraint("deal_id", "contact_id", name=op.f("uq_deal_contacts_deal_id_contact_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deal_contacts_contact_id", "deal_contacts", ["contact_id"], unique=False)
    op.create_table(
        "deal_events",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("actor_id", ROW_ID, nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("request_key", sa.String(length=250), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_deal_events_actor_id")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_deal_events_deal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_events")),
        sa.UniqueConstraint("request_key", name=op.f("uq_deal_events_request_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deal_events_deal_id", "deal_events", ["deal_id", "id"], unique=False)
    op.create_table(
        "deal_files",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("by_id", ROW_ID, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["by_id"], ["people.id"], name=op.f("fk_deal_files_by_id")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_deal_files_deal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_files")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deal_files_deal_id", "deal_files", ["deal_id"], unique=False)
    op.create_table(
        "deal_notes",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("author_id", ROW_ID, nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("edited_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name=op.f("fk_deal_notes_author_id")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_deal_notes_deal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deal_notes")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deal_notes_deal_id", "deal_notes", ["deal_id", "id"], unique=False)
    op.create_table(
        "deal_tags",
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_deal_tags_deal_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("deal_id", "tag", name=op.f("uq_deal_tags_deal_id_tag")),
    )
    op.create_index("ix_deal_tags_tag", "deal_tags", ["tag"], unique=False)
    op.create_table(
        "note_drafts",
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("saved_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_note_drafts_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_note_drafts_person_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("person_id", "deal_id", name=op.f("uq_note_drafts_person_id_deal_id")),
    )
    op.create_index("ix_note_drafts_deal_id", "note_drafts", ["deal_id"], unique=False)
    op.create_table(
        "open_deals",
        sa.Column("contact_id", ROW_ID, nullable=False),
        sa.Column("funnel_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_open_deals_contact_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_open_deals_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["funnel_id"], ["funnels.id"], name=op.f("fk_open_deals_funnel_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint(
            "contact_id", "funnel_id", "deal_id", name=op.f("uq_open_deals_contact_id_funnel_id_deal_id")
        ),
    )
    op.create_table(
        "robot_runs",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("robot_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("since", UtcTime(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_robot_runs_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_robot_runs_owner_id")),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["robots.id"], name=op.f("fk_robot_runs_robot_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_robot_runs")),
        sa.UniqueConstraint(
            "robot_id", "deal_id", "since", "key", name=op.f("uq_robot_runs_robot_id_deal_id_since_key")
        ),
    )
    op.create_index("ix_robot_runs_at", "robot_runs", ["at"], unique=False)
    op.create_table(
        "site_requests",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("form_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=True),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("page", sa.String(length=500), nullable=False),
        sa.Column("marks", sa.JSON(), nullable=False),
        sa.Column("request_key", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_site_requests_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["form_id"], ["site_forms.id"], name=op.f("fk_site_requests_form_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_requests")),
        sa.UniqueConstraint("request_key", name=op.f("uq_site_requests_request_key")),
    )
    op.create_index("ix_site_requests_deal_id", "site_requests", ["deal_id"], unique=False)
    op.create_index("ix_site_requests_form_id", "site_requests", ["form_id", "at"], unique=False)
    op.create_table(
        "stage_moves",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("from_stage_id", ROW_ID, nullable=True),
        sa.Column("to_stage_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("actor_id", ROW_ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("undoes_id", ROW_ID, nullable=True),
        sa.Column("request_key", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["people.id"], name=op.f("fk_stage_moves_actor_id")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_stage_moves_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["from_stage_id"], ["stages.id"], name=op.f("fk_stage_moves_from_stage_id")),
        sa.ForeignKeyConstraint(["to_stage_id"], ["stages.id"], name=op.f("fk_stage_moves_to_stage_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["stage_moves.id"], name=op.f("fk_stage_moves_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stage_moves")),
        sa.UniqueConstraint("request_key", name=op.f("uq_stage_moves_request_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stage_moves_deal_id", "stage_moves", ["deal_id", "id"], unique=False)
    op.create_index("ix_stage_moves_from_stage_id", "stage_moves", ["from_stage_id", "at"], unique=False)
    op.create_table(
        "advices",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("for_head", sa.Boolean(), nullable=False),
        sa.Column("run_id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.String(length=300), nullable=False),
        sa.Column("occasion", sa.String(length=12), nullable=False),
        sa.Column("why", sa.JSON(), nullable=False),
        sa.Column("stage_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("hidden_until", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_advices_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["robot_runs.id"], name=op.f("fk_advices_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_advices_stage_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_advices")),
        sa.UniqueConstraint("deal_id", "for_head", name=op.f("uq_advices_deal_id_for_head")),
    )
    op.create_table(
        "call_aliases",
        sa.Column("pbx", sa.String(length=64), nullable=False),
        sa.Column("linkedid", sa.String(length=150), nullable=False),
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_aliases_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("pbx", "linkedid", name=op.f("pk_call_aliases")),
    )
    op.create_index("ix_call_aliases_call_id", "call_aliases", ["call_id"], unique=False)
    op.create_table(
        "call_people",
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("rang", sa.Boolean(), nullable=False),
        sa.Column("talk_seconds", sa.Float(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_call_people_call_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_call_people_person_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("call_id", "person_id", name=op.f("uq_call_people_call_id_person_id")),
    )
    op.create_index("ix_call_people_person_id", "call_people", ["person_id", "started_at"], unique=False)
    op.create_table(
        "legs",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.Column("uniqueid", sa.String(length=150), nullable=False),
        sa.Column("endpoint", sa.String(length=150), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("extension", sa.String(length=32), nullable=True),
        sa.Column("person_id", ROW_ID, nullable=True),
        sa.Column("number", sa.String(length=100), nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("rang_at", UtcTime(), nullable=True),
        sa.Column("answered_at", UtcTime(), nullable=True),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_legs_call_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_legs_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legs")),
        sa.UniqueConstraint("call_id", "uniqueid", name=op.f("uq_legs_call_id_uniqueid")),
    )
    op.create_index("ix_legs_person_id", "legs", ["person_id", "started_at"], unique=False)
    op.create_table(
        "popups_closed",
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_popups_closed_call_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_popups_closed_person_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("call_id", "person_id", name=op.f("uq_popups_closed_call_id_person_id")),
    )
    op.create_table(
        "talks",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.Column("extension", sa.String(length=32), nullable=False),
        sa.Column("person_id", ROW_ID, nullable=True),
        sa.Column("started_at", UtcTime(), nullable=False),
        sa.Column("ended_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_talks_call_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_talks_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_talks")),
        sa.UniqueConstraint(
            "call_id", "extension", "started_at", name=op.f("uq_talks_call_id_extension_started_at")
        ),
    )
    op.create_index("ix_talks_person_id", "talks", ["person_id", "started_at"], unique=False)
    op.create_table(
        "tasks",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=True),
        sa.Column("contact_id", ROW_ID, nullable=True),
        sa.Column("call_id", ROW_ID, nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("due_at", UtcTime(), nullable=False),
        sa.Column("remind_minutes", sa.Integer(), nullable=True),
        sa.Column("remind_at", UtcTime(), nullable=True),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("done_at", UtcTime(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("repeat", sa.String(length=8), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("cause", sa.String(length=250), nullable=True),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_tasks_call_id")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_tasks_contact_id")),
        sa.ForeignKeyConstraint(["deal_id"], ["deals.id"], name=op.f("fk_tasks_deal_id")),
        sa.ForeignKeyConstraint(["owner_id"], ["people.id"], name=op.f("fk_tasks_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
        sa.UniqueConstraint("cause", name=op.f("uq_tasks_cause")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_tasks_contact_id", "tasks", ["contact_id"], unique=False)
    op.create_index("ix_tasks_deal_id", "tasks", ["deal_id"], unique=False)
    op.create_index("ix_tasks_owner_id", "tasks", ["owner_id", "done_at", "due_at"], unique=False)
    op.create_table(
        "transfers",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=True),
        sa.Column("target", sa.String(length=100), nullable=True),
        sa.Column("completed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_transfers_call_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfers")),
        sa.UniqueConstraint("call_id", "at", "kind", name=op.f("uq_transfers_call_id_at_kind")),
    )
    op.create_table(
        "wrap_ups",
        sa.Column("call_id", ROW_ID, nullable=False),
        sa.Column("person_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("outcome_id", ROW_ID, nullable=True),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.id"], name=op.f("fk_wrap_ups_call_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_wrap_ups_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["outcome_id"], ["wrap_up_outcomes.id"], name=op.f("fk_wrap_ups_outcome_id")),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_wrap_ups_person_id"), ondelete="CASCADE"
        ),
        sa.UniqueConstraint("call_id", "person_id", name=op.f("uq_wrap_ups_call_id_person_id")),
    )
    op.create_index("ix_wrap_ups_deal_id", "wrap_ups", ["deal_id"], unique=False)
    op.create_table(
        "voice_calls",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("run_id", ROW_ID, nullable=False),
        sa.Column("deal_id", ROW_ID, nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(length=100), nullable=False),
        sa.Column("stage_id", ROW_ID, nullable=False),
        sa.Column("task_id", ROW_ID, nullable=True),
        sa.Column("meeting_at", UtcTime(), nullable=True),
        sa.Column("planned_at", UtcTime(), nullable=False),
        sa.Column("look_at", UtcTime(), nullable=False),
        sa.Column("expires_at", UtcTime(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=True),
        sa.Column("why_not", sa.String(length=12), nullable=True),
        sa.Column("pbx", sa.String(length=64), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("channel_id", sa.String(length=64), nullable=True),
        sa.Column("dialled_at", UtcTime(), nullable=True),
        sa.Column("over_at", UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deals.id"], name=op.f("fk_voice_calls_deal_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["robot_runs.id"], name=op.f("fk_voice_calls_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["stage_id"], ["stages.id"], name=op.f("fk_voice_calls_stage_id")),
        sa.ForeignKeyConstraint(
            ["task_id"], ["tasks.id"], name=op.f("fk_voice_calls_task_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_voice_calls")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_voice_calls_channel_id")),
        sa.UniqueConstraint("run_id", name=op.f("uq_voice_calls_run_id")),
    )
    op.create_index("ix_voice_calls_deal_id", "voice_calls", ["deal_id"], unique=False)
    op.create_index("ix_voice_calls_dialled_at", "voice_calls", ["pbx", "dialled_at"], unique=False)
    op.create_index("ix_voice_calls_number", "voice_calls", ["number", "dialled_at"], unique=False)
    op.create_index("ix_voice_calls_state", "voice_calls", ["state", "look_at"], unique=False)
