"""CDR from a table that Asterisk fills: FreePBX's `cdr` in MariaDB, PostgreSQL, SQLite.

FreePBX's table counts nothing and keeps no end: the cursor is the end of a dial, `calldate` plus `duration`,
by the wall clock of the PBX. That clock goes back by an hour once a year and Asterisk may write in batches,
so every reading begins somewhat earlier than the last one ended; what is read twice for it changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Column, ColumnElement, DateTime, Float, RowMapping, cast, extract, func, select, text

from pbx_crm.asterisk.cdr_row import CdrRow, cdr_of
from pbx_crm.asterisk.record_place import CdrRead, Place, RecordRead
from pbx_crm.asterisk.record_table import RecordTable
from pbx_crm.domain.errors import RecordsUnreadable

READ_AGAIN_SECONDS = 65 * 60
"""The hour that the end of summer time repeats, and what cdr.conf's `batch` may hold back."""

LONGEST_CALL = timedelta(hours=12)
LINKEDIDS_AT_ONCE = 500

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the wall clock of the PBX, as its table has it


class CdrTable:
    """A table of CDR; `zone` is that of its times where they name none."""

    def __init__(self, url: str, table: str, zone: tzinfo) -> None:
        self._table = RecordTable(url, table)
        self._zone = zone

    def end(self) -> Place:
        """Behind the dial that ended last."""
        (found,) = self._table.rows(select(func.max(self._ended).label("last")))
        return {"ended": _whole(found["last"]) + 1}

    def since(self, moment: datetime) -> Place:
        """Before the first dial that ended at that moment or later."""
        wall = moment.astimezone(self._zone).replace(tzinfo=None)
        return {"ended": _whole((wall - _EPOCH).total_seconds()) - READ_AGAIN_SECONDS}

    def read(self, place: Place, most: int) -> CdrRead:
        """The dials that ended from there on: at most `most`, and all of the last second among them."""
        found = self._found(int(place.get("ended", 0)), most)
        whole = len(found) < most
        last = _whole(found[-1]["_ended"]) if found else int(place.get("ended", 0))
        rows: list[tuple[CdrRow, Place]] = []
        broken: Counter[str] = Counter()
        for values in found:
            try:
                row = cdr_of(dict(values), self._zone)
            except ValueError as error:
                broken[str(error)] += 1
                continue
            rows.append((row, {"ended": _whole(values["_ended"])}))
        following = max(int(place.get("ended", 0)), last - READ_AGAIN_SECONDS) if whole else last + 1
        return RecordRead(rows, {"ended": following}, broken, whole)

    def earlier(self, place: Place, linkedids: Collection[str]) -> Sequence[CdrRow]:
        """Rows of these calls whose dials ended before the place."""
        ended = int(place.get("ended", 0))
        begun, before = self._began_after(ended), self._ended < ended
        column = self._named("linkedid", "uniqueid")
        wanted, rows = sorted(linkedids), list[CdrRow]()
        for begin in range(0, len(wanted), LINKEDIDS_AT_ONCE):
            some = column.in_(wanted[begin : begin + LINKEDIDS_AT_ONCE])
            for values in self._table.rows(select(self._table.table).where(begun, before, some)):
                try:
                    rows.append(cdr_of(dict(values), self._zone))
                except ValueError:
                    continue  # told as broken when it was new
        return rows

    def _found(self, ended: int, most: int) -> list[RowMapping]:
        key = self._ended.label("_ended")
        query = select(self._table.table, key).where(self._began_after(ended), self._ended >= ended)
        order = (self._ended, self._named("uniqueid"))
        found = self._table.rows(query.order_by(*order).limit(most))
        if len(found) < most:
            return found
        last = found[-1]["_ended"]
        begun = [row for row in found if row["_ended"] < last]
        rest = select(self._table.table, key).where(self._began_after(_whole(last)), self._ended == last)
        return [*begun, *self._table.rows(rest.order_by(*order))]

    @property
    def _ended(self) -> ColumnElement[Any]:
        """When a dial ended, by the PBX's wall clock, in seconds since 1970 there."""
        began, lasted = self._calldate, self._named("duration")
        match self._table.dialect:
            case "sqlite":
                return cast(func.strftime("%s", began), Float) + lasted
            case "postgresql":
                return extract("epoch", began) + lasted
            case _:
                return func.timestampdiff(text("SECOND"), "1970-01-01", began) + lasted

    @property
    def _calldate(self) -> Column[Any]:
        return self._named("calldate", "start")

    def _named(self, *names: str) -> Column[Any]:
        found = next((c for name in names if (c := self._table.column(name)) is not None), None)
        if found is None:
            raise RecordsUnreadable(f"table {self._table.name}: no column {' or '.join(names)}")
        return found

    def _began_after(self, ended: int) -> ColumnElement[bool]:
        """Dials begin at most a call's length before they end: for this there is an index."""
        began = max(_EPOCH, _EPOCH + timedelta(seconds=ended) - LONGEST_CALL)
        is_time = isinstance(self._calldate.type, DateTime)
        return self._calldate >= (began if is_time else began.isoformat(" "))


def _whole(seconds: float | None) -> int:
    return int(seconds or 0)
