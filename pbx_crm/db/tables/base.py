"""What all tables share: names of constraints, keys, references."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData

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

# SQLite gives the number of the newest row again once that row is gone; what the bin gives back must
# find its number free, and an old link must not lead to somebody else's record.
NEVER_AGAIN = True


def row_id() -> Column[int]:
    """The row's own number."""
    return Column("id", RowId, primary_key=True, autoincrement=True)


def ref(name: str, target: str, *, nullable: bool = False, cascade: bool = False) -> Column[int]:
    """A row of another table; `cascade`: this row goes with it."""
    key = ForeignKey(target, ondelete="CASCADE" if cascade else None)
    return Column(name, RowId, key, nullable=nullable)
