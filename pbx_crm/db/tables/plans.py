"""What is wanted of each seller in each week, month and quarter, and what clients of each source cost."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, UniqueConstraint

from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.tables.base import metadata, ref

plans = Table(
    "plans",
    metadata,
    ref("person_id", "people.id", cascade=True),
    Column("period", String(8), nullable=False),  # 2026-W47 | 2026-11 | 2026-Q4
    Column("metric", String(8), nullable=False),  # calls | meetings | deals | sum
    # Counts, too, are exact numbers; a sum is in the installation's currency.
    Column("target", ExactMoney, nullable=False),
    UniqueConstraint("person_id", "period", "metric"),
)

source_costs = Table(
    "source_costs",
    metadata,
    Column("source", String(100), nullable=False),
    Column("month", String(7), nullable=False),  # 2026-11
    # In the installation's currency.
    Column("amount", ExactMoney, nullable=False),
    UniqueConstraint("source", "month"),
)
