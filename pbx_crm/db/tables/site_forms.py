"""Forms on the company's own site, and what was asked through them."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, String, Table, Text

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

site_forms = Table(
    "site_forms",
    metadata,
    row_id(),
    Column("name", String(100), nullable=False, unique=True),
    # In the address of the form: whoever has it may ask, so it only lets ask.
    Column("token", String(64), nullable=False, unique=True),
    ref("line_id", "lines.id", nullable=True),
    Column("origins", JSON, nullable=False, default=list),
    Column("is_active", Boolean, nullable=False, default=True),
    Column("created_at", UtcTime, nullable=False),
)

site_requests = Table(
    "site_requests",
    metadata,
    row_id(),
    ref("form_id", "site_forms.id", cascade=True),
    ref("deal_id", "deals.id", nullable=True, cascade=True),
    Column("at", UtcTime, nullable=False),
    Column("address", String(64), nullable=False, default=""),
    Column("question", Text, nullable=False, default=""),
    Column("page", String(500), nullable=False, default=""),
    Column("marks", JSON, nullable=False, default=dict),
    # A form that is sent twice is one request.
    Column("request_key", String(120), nullable=False, unique=True),
    Index("ix_site_requests_form_id", "form_id", "at"),
    Index("ix_site_requests_deal_id", "deal_id"),
)
