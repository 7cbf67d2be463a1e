"""What reports add up again and again, kept added up."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, LargeBinary, Table, UniqueConstraint

from pbx_crm.db.column_types import UtcTime
from pbx_crm.db.tables.base import RowId, metadata

# Calls that are over, by day of the firm's time zone, line (0: none) and whom they count for: a person's
# id, 0 for nobody, -1 for all calls each once. Milliseconds are whole, so that what is added can be taken
# out again to the last unit. A call is in these sums while calls.counted_day says so, and only then.
call_days = Table(
    "call_days",
    metadata,
    Column("day", Date, nullable=False),
    Column("line", RowId, nullable=False),
    Column("who", RowId, nullable=False),
    *(
        Column(name, Integer, nullable=False, default=0)
        for name in (
            "answered",
            "missed",
            "taken",
            "dialled",
            "reached",
            "talked",
            "handled",
            "owned",
            "cold",
            "cold_reached",
            "incoming",
            "repeated",
        )
    ),
    *(Column(name, RowId, nullable=False, default=0) for name in ("talk_ms", "ring_ms", "hold_ms")),
    UniqueConstraint("day", "line", "who"),
)

# The incoming ones of the same calls by the hour of the firm's clock in which they began: when people call.
# The key begins with whom they count for: a year of the firm is read without any seller's rows.
call_hours = Table(
    "call_hours",
    metadata,
    Column("who", RowId, nullable=False),
    Column("began", UtcTime, nullable=False),
    Column("line", RowId, nullable=False),
    Column("answered", Integer, nullable=False, default=0),
    Column("missed", Integer, nullable=False, default=0),
    UniqueConstraint("who", "began", "line"),
)

# Who talked with whom on a day of the firm's that is over: pairs of person and client, packed
# (domain/clients_met.py). A day whose row of line 0 is missing is counted from its calls.
client_days = Table(
    "client_days",
    metadata,
    Column("day", Date, nullable=False),
    Column("line", RowId, nullable=False),
    Column("met", LargeBinary, nullable=False),
    UniqueConstraint("day", "line"),
)
