"""Writes the first revision anew from the tables: `make first-revision`.

Until the first release there are no databases to keep, so the tables may still change under one
revision. After it this script is gone and every change is a revision of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext
from sqlalchemy import BigInteger, create_engine

from pbx_crm.db.column_types import ExactMoney, UtcTime
from pbx_crm.db.tables import metadata

TARGET = Path(__file__).parents[1] / "pbx_crm/db/migrations/versions/first.py"
HEAD = '''"""The tables of the first release."""

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
'''


def render(kind: str, item: Any, _context: Any) -> str | bool:
    """How our own column types are written in a revision."""
    if kind == "type" and isinstance(item, UtcTime | ExactMoney):
        return f"{type(item).__name__}()"
    if kind == "type" and isinstance(item, BigInteger):
        return "ROW_ID"
    return False


def body() -> str:
    """The statements that make every table in an empty database."""
    with create_engine("sqlite://").connect() as empty:
        context = MigrationContext.configure(empty, opts={"render_item": render})
        operations = produce_migrations(context, metadata).upgrade_ops
        if operations is None:
            raise SystemExit("there are no tables")
        return render_python_code(operations, migration_context=context, render_item=render)


if __name__ == "__main__":
    without_advice = [line for line in body().splitlines() if "###" not in line]
    TARGET.write_text("\n".join([HEAD.rstrip(), *without_advice]) + "\n")
