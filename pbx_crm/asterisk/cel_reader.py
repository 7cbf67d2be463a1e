"""CEL from a table that Asterisk fills: SQLite (cel_sqlite3_custom), PostgreSQL, FreePBX's `cel`.

The table is looked at, not assumed: columns by name, rows in the order of its counting column (`id`, or
`AcctId` as cel_sqlite3_custom calls it), which is the cursor. Nothing is ever written there.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo
from functools import cached_property
from typing import Any

from sqlalchemy import Column, Engine, MetaData, Table, create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from pbx_crm.asterisk.cel_place import CelRead, Place
from pbx_crm.asterisk.cel_row import BadRow, CelRow, row_of
from pbx_crm.domain.errors import RecordsUnreadable

COUNTING_COLUMNS = ("id", "acctid")


class CelTable:
    """A table of CEL; `zone` is that of its times where they name none."""

    def __init__(self, url: str, table: str, zone: tzinfo) -> None:
        # No connection is kept: reading happens every few minutes, and Asterisk may want to write.
        self._engine: Engine = create_engine(url, poolclass=NullPool)
        self._name = table
        self._zone = zone

    def end(self) -> Place:
        """Behind the last row."""
        try:
            with self._engine.connect() as connection:
                return {"id": connection.execute(select(func.max(self._counter))).scalar_one() or 0}
        except SQLAlchemyError as error:
            raise self._unreadable(error) from error

    def since(self, moment: datetime) -> Place:
        """Before the first row of that moment; found by halving, for times may be text of any shape."""
        low, high = 0, int(self.end()["id"])
        while low < high:
            middle = (low + high) // 2
            rows = self.read({"id": middle}, 1).rows
            if not rows or rows[0][0].at >= moment.timestamp():
                high = middle
            else:
                low = middle + 1
        return {"id": low}

    def read(self, place: Place, most: int) -> CelRead:
        """At most `most` rows after the place."""
        query = select(self._table).where(self._counter > place.get("id", 0))
        try:
            with self._engine.connect() as connection:
                found = connection.execute(query.order_by(self._counter).limit(most)).mappings().all()
        except SQLAlchemyError as error:
            raise self._unreadable(error) from error
        rows: list[tuple[CelRow, Place]] = []
        broken: Counter[str] = Counter()
        last = place.get("id", 0)
        for values in found:
            before, last = last, values[self._counter.name]
            try:
                rows.append((row_of(dict(values), self._zone), {"id": before}))
            except BadRow as error:
                broken[str(error)] += 1
        return CelRead(rows, {"id": last}, broken)

    @cached_property
    def _table(self) -> Table:
        try:
            return Table(self._name, MetaData(), autoload_with=self._engine)
        except SQLAlchemyError as error:
            raise self._unreadable(error) from error

    @cached_property
    def _counter(self) -> Column[Any]:
        named = {column.name.lower(): column for column in self._table.columns}
        found = next((named[name] for name in COUNTING_COLUMNS if name in named), None)
        if found is None:
            raise RecordsUnreadable(f"table {self._name}: no counting column (id or AcctId)")
        return found

    def _unreadable(self, error: Exception) -> RecordsUnreadable:
        # The database's own words, without the URL: it may hold a password.
        return RecordsUnreadable(
            f"table {self._name}: {getattr(error, 'orig', None) or type(error).__name__}"
        )
