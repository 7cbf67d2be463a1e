"""Whole calls from live call detail records, where a PBX keeps no CEL.

A row is written when its dial is over, and its call may go on: after a transfer the same call has another row
later. So a call is told as far as it is written, and told again, longer, when more of it is; whether it lives
is for AMI to say. Rows that stood before are looked up for every call that has a new one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import takewhile

from pbx_crm.asterisk.cdr_events import events_of_cdrs
from pbx_crm.asterisk.cdr_row import CdrRow
from pbx_crm.asterisk.record_place import CdrSource, Place
from pbx_crm.asterisk.replay import calls_in
from pbx_crm.asterisk.written_calls import (
    LONGEST_CALL_SECONDS,
    CallRecords,
    WrittenCalls,
    WrittenDown,
    written_down,
)
from pbx_crm.domain.call import Call


class CdrCalls(CallRecords[CdrSource]):
    """The calls one PBX has written down."""

    largest_stretch = 10_000
    tells_what_lives = False
    """Whether an end told here is the call's end: CDR has a row for each dial of a call that goes on."""

    def read(self, place: Place, before: datetime) -> WrittenCalls:
        """The calls with rows from there on, by dials that ended before `before`. Blocks.

        RecordsUnreadable says what is in the way.
        """
        found = self._source.read(place, self._largest)
        ripe = list(takewhile(lambda pair: pair[0].end <= before.timestamp(), found.rows))
        all_ripe = len(ripe) == len(found.rows)
        following = found.following if all_ripe else found.rows[len(ripe)][1]
        rows = [row for row, _ in ripe]
        earlier = self._source.earlier(place, {row.linkedid for row in rows}) if rows else ()
        whole = found.whole or not all_ripe or len(found.rows) < self._largest
        return WrittenCalls(
            tuple(self._told([*earlier, *rows])), following, None, whole, found.broken, len(rows)
        )

    def between(self, since: datetime, until: datetime) -> list[WrittenDown]:
        """Every Linkedid that began in this time, oldest first. Blocks; RecordsUnreadable."""
        rows = self._rows_since(since, until.timestamp() + LONGEST_CALL_SECONDS)
        began: dict[str, float] = {}
        for row in rows:
            began[row.linkedid] = min(row.start, began.get(row.linkedid, row.start))
        return written_down(began, self._told(rows), since, until)

    def _rows_since(self, since: datetime, last: float) -> list[CdrRow]:
        rows: dict[tuple[object, ...], CdrRow] = {}
        place = self._source.since(since)
        while True:
            found = self._source.read(place, self._largest)
            rows |= {(r.uniqueid, r.channel, r.dst_channel, r.start, r.end): r for r, _ in found.rows}
            done = found.whole or len(found.rows) + sum(found.broken.values()) < self._largest
            if done or found.following == place or (found.rows and found.rows[-1][0].end > last):
                return list(rows.values())
            place = found.following

    def _told(self, rows: Iterable[CdrRow]) -> list[Call]:
        calls = calls_in(events_of_cdrs(rows, self._shape), self._shape)
        return [call for call in calls if not call.is_open]
