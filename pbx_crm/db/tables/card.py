"""What lies on a deal's card beside the deal itself, and the bin that gives deleted things back."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table, Text, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import NEVER_AGAIN, metadata, ref, row_id

# Whom else the deal is talked about with; the first contact stands on the deal itself.
deal_contacts = Table(
    "deal_contacts",
    metadata,
    row_id(),
    ref("deal_id", "deals.id", cascade=True),
    ref("contact_id", "contacts.id", cascade=True),
    Column("role", String(60), nullable=False, default=""),
    UniqueConstraint("deal_id", "contact_id"),
    Index("ix_deal_contacts_contact_id", "contact_id"),
    sqlite_autoincrement=NEVER_AGAIN,
)

deal_tags = Table(
    "deal_tags",
    metadata,
    ref("deal_id", "deals.id", cascade=True),
    Column("tag", String(40), nullable=False),
    UniqueConstraint("deal_id", "tag"),
    Index("ix_deal_tags_tag", "tag"),
)

# A note somebody has begun: it survives the tab, the device and the night.
note_drafts = Table(
    "note_drafts",
    metadata,
    ref("person_id", "people.id", cascade=True),
    ref("deal_id", "deals.id", cascade=True),
    Column("text", Text, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    UniqueConstraint("person_id", "deal_id"),
    Index("ix_note_drafts_deal_id", "deal_id"),
)

deal_files = Table(
    "deal_files",
    metadata,
    row_id(),
    ref("deal_id", "deals.id", cascade=True),
    Column("name", String(200), nullable=False),
    Column("size", Integer, nullable=False),
    # SHA-256 of the content, which lies on the disk under it.
    Column("digest", String(64), nullable=False),
    ref("by_id", "people.id", nullable=True),
    Column("at", UtcTime, nullable=False),
    Index("ix_deal_files_deal_id", "deal_id"),
    sqlite_autoincrement=NEVER_AGAIN,
)

# What was deleted, whole: the rows as they were, so that nothing has to know of deleted things.
bin_items = Table(
    "bin_items",
    metadata,
    row_id(),
    Column("kind", String(16), nullable=False),
    Column("subject_id", String(24), nullable=False),
    Column("name", String(200), nullable=False, default=""),
    ref("owner_id", "people.id", nullable=True),
    ref("deleted_by", "people.id", nullable=True),
    Column("deleted_at", UtcTime, nullable=False),
    Column("cutting", JSON, nullable=False),
    Index("ix_bin_items_deleted_at", "deleted_at"),
)
