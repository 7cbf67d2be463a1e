"""Companies and contacts with their numbers."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, String, Table

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import NEVER_AGAIN, metadata, ref, row_id

companies = Table(
    "companies",
    metadata,
    row_id(),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", UtcTime, nullable=False),
)

contacts = Table(
    "contacts",
    metadata,
    row_id(),
    Column("name", String(200), nullable=False, default=""),
    ref("company_id", "companies.id", nullable=True),
    ref("responsible_id", "people.id", nullable=True),
    Column("city", String(100), nullable=False, default=""),
    # Set by hand; NULL: what the line or the number tells (db/client_regions.py).
    ref("region_id", "regions.id", nullable=True),
    # Asked not to be called: no click dials, no rule makes a call task.
    Column("do_not_call", Boolean, nullable=False, default=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_contacts_responsible_id", "responsible_id"),
    Index("ix_contacts_company_id", "company_id"),
    Index("ix_contacts_name", "name"),
    sqlite_autoincrement=NEVER_AGAIN,
)

contact_numbers = Table(
    "contact_numbers",
    metadata,
    row_id(),
    ref("contact_id", "contacts.id", cascade=True),
    # E.164 decides who a caller is: one number, one contact. Two first calls at once meet this key.
    Column("number", String(20), nullable=False, unique=True),
    Column("label", String(40), nullable=False, default=""),
    Index("ix_contact_numbers_contact_id", "contact_id"),
    sqlite_autoincrement=NEVER_AGAIN,
)
