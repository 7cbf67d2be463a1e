"""CEL from a table that Asterisk fills: SQLite (cel_sqlite3_custom), PostgreSQL, FreePBX's `cel` in MariaDB.

The table is looked at, not assumed: columns by name, rows in the order of its counting column (`id`, or
`AcctId` as cel_sqlite3_custom calls it), which is the cursor. Nothing is ever written there.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Column, func, select

from pbx_crm.asterisk.cel_row import BadRow, CelRow, row_of
from pbx_crm.asterisk.record_place import CelRead, Place, RecordRead
from pbx_crm.asterisk.record_table import RecordTable
from pbx_crm.domain.errors import RecordsUnreadable


class CelTable:
    """A table of CEL; `zone` is that of its times where they name none."""

    def __init__(self, url: str, table: str, zone: tzinfo) -> None:
        self._table = RecordTable(url, table)
        self._zone = zone

    def end(self) -> Place:
        """Behind the last row."""
        (found,) = self._table.rows(select(func.max(self._counter).label("last")))
        return {"id": found["last"] or 0}

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
        last = place.get("id", 0)
        query = select(self._table.table).where(self._counter > last)
        rows: list[tuple[CelRow, Place]] = []
        broken: Counter[str] = Counter()
        for values in self._table.rows(query.order_by(self._counter).limit(most)):
            before, last = last, values[self._counter.name]
            try:
                rows.append((row_of(dict(values), self._zone), {"id": before}))
            except BadRow as error:
                broken[str(error)] += 1
        return RecordRead(rows, {"id": last}, broken)

    @property
    def _counter(self) -> Column[Any]:
        if self._table.counter is None:
            raise RecordsUnreadable(f"table {self._table.name}: no counting column (id or AcctId)")
        return self._table.counter
