"""Lists of clients brought in from a file: what was read, what it made, what could not be used."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, String, Table

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import metadata, ref, row_id

imports = Table(
    "imports",
    metadata,
    row_id(),
    Column("name", String(200), nullable=False),
    # SHA-256 of the file, which lies on the disk under it.
    Column("digest", String(64), nullable=False),
    ref("by_id", "people.id", nullable=True),
    Column("at", UtcTime, nullable=False),
    Column("state", String(12), nullable=False),
    Column("header", JSON, nullable=False, default=list),
    # What each column means, by its place; an unused one is "".
    Column("mapping", JSON, nullable=False, default=list),
    ref("responsible_id", "people.id", nullable=True),
    Column("rows_total", Integer, nullable=False, default=0),
    # How far it is: the same transaction that writes rows moves this on, so a restart does nothing twice.
    Column("rows_done", Integer, nullable=False, default=0),
    Column("counts", JSON, nullable=False, default=dict),
)

# What each row made or changed, so that it can be taken back.
import_rows = Table(
    "import_rows",
    metadata,
    row_id(),
    ref("import_id", "imports.id", cascade=True),
    ref("contact_id", "contacts.id", cascade=True),
    # What was filled in where nothing stood; null: the contact itself is new.
    Column("filled", JSON),
    Index("ix_import_rows_import_id", "import_id", "id"),
    Index("ix_import_rows_contact_id", "contact_id"),
)

import_refusals = Table(
    "import_refusals",
    metadata,
    row_id(),
    ref("import_id", "imports.id", cascade=True),
    Column("row", Integer, nullable=False),
    Column("cells", JSON, nullable=False),
    # A message id, worded in the language of whoever fetches the file.
    Column("reason", String(200), nullable=False),
    Index("ix_import_refusals_import_id", "import_id", "id"),
)
