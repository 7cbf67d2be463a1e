"""Whole calls from a live CEL, a stretch at a time, by the tracker that follows AMI.

A call that has not ended yet is read again next time: the place to go on from is the first row of the
oldest channel that still lives. Calls told twice for that reason are for the intake to recognise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import takewhile

from pbx_crm.asterisk.cel_events import CelReading
from pbx_crm.asterisk.cel_row import CelRow
from pbx_crm.asterisk.record_place import CelSource, Place
from pbx_crm.asterisk.replay import calls_in
from pbx_crm.asterisk.written_calls import (
    LONGEST_CALL_SECONDS,
    CallRecords,
    WrittenCalls,
    WrittenDown,
    written_down,
)
from pbx_crm.domain.call import Call
from pbx_crm.domain.voice_call import VoiceWord

LONGEST_STRETCH = 640_000
"""Rows looked at for the end of one call before it is given up."""


VOICE_WORD = "PBX_CRM_VOICE"
"""What `pbx-crm-voice.conf` names its events; beside each stand the call's id and what became of it.

Most back-ends write this name in the place of `USER_DEFINED`, some beside it.
"""


class CelCalls(CallRecords[CelSource]):
    """The calls one PBX has written down; a day of a large company takes a few stretches."""

    largest_stretch = 20_000
    tells_what_lives = True
    """Whether an end told here is the call's end."""

    def read(self, place: Place, before: datetime) -> WrittenCalls:
        """The calls from there on, by rows older than `before`. Blocks: not for the event loop.

        RecordsUnreadable says what is in the way.
        """
        written = self._read(place, before, self._largest)
        most = self._largest
        while written.following == place and not written.whole and most < LONGEST_STRETCH:
            most *= 2  # a call longer than the stretch: look further, rather than stand still or cut it
            written = self._read(place, before, most)
        return written

    def between(self, since: datetime, until: datetime) -> list[WrittenDown]:
        """Every Linkedid that began in this time, oldest first. Blocks; RecordsUnreadable."""
        rows: list[CelRow] = []
        place = self._source.since(since)
        last = until.timestamp() + LONGEST_CALL_SECONDS
        while True:
            found = self._source.read(place, self._largest)
            rows += [row for row, _ in found.rows if since.timestamp() <= row.at <= last]
            if len(found.rows) < self._largest or found.rows[-1][0].at > last:
                break
            place = found.following
        began = {r.uniqueid: r.at for r in rows if r.kind == "CHAN_START" and r.uniqueid == r.linkedid}
        return written_down(began, self._told(CelReading(rows)), since, until)

    def _read(self, place: Place, before: datetime, most: int) -> WrittenCalls:
        found = self._source.read(place, most)
        ripe = list(takewhile(lambda pair: pair[0].at <= before.timestamp(), found.rows))
        rest = found.rows[len(ripe)][1] if len(ripe) < len(found.rows) else found.following
        whole = len(found.rows) < most or len(ripe) < len(found.rows)
        words = tuple(_voice_words([row for row, _ in ripe]))
        begun = {row.uniqueid for row, _ in ripe if row.kind == "CHAN_START"}
        told = [(row, at) for row, at in ripe if row.linkedid in begun]  # of others the beginning is missing
        reading = CelReading([row for row, _ in told])
        calls = self._ended(reading)
        living = reading.living(since=before.timestamp() - LONGEST_CALL_SECONDS)
        open_calls = _linkedids_of([row for row, _ in told], living)
        oldest = next(((row, at) for row, at in told if row.linkedid in open_calls), None)
        if oldest is None or (oldest[1] == place and most >= LONGEST_STRETCH):
            return WrittenCalls(calls, rest, None, whole, found.broken, len(ripe), words)
        since = datetime.fromtimestamp(oldest[0].at, UTC)
        return WrittenCalls(calls, oldest[1], since, whole, found.broken, len(ripe), words)

    def _ended(self, reading: CelReading) -> tuple[Call, ...]:
        return tuple(call for call in self._told(reading) if not call.is_open)

    def _told(self, reading: CelReading) -> list[Call]:
        return calls_in(reading.events(), self._shape)


def _voice_words(rows: Sequence[CelRow]) -> Iterator[VoiceWord]:
    for row in rows:
        if VOICE_WORD in (row.kind, row.user_event):
            channel_id, _, said = row.told("extra").partition(" ")
            yield VoiceWord(channel_id, said)


def _linkedids_of(rows: Sequence[CelRow], living: set[str]) -> set[str]:
    """Linkedids of the calls these channels are in, those their calls had before a merge included."""
    channels, linkedids, before = set(living), set[str](), -1
    while len(linkedids) > before:
        before = len(linkedids)
        linkedids |= {row.linkedid for row in rows if row.uniqueid in channels}
        channels |= {row.uniqueid for row in rows if row.linkedid in linkedids}
    return linkedids
