"""Rows of CDR in, the tracker's own events out: what little a call's summary can say.

A row of `ANSWERED` with a destination channel is taken as a talk of the two. What CDR counts as answered
too (menus, announcements, voicemail, listening in) has no destination channel and makes no talk. For a
queue that answered first the row's answer is that of the queue: the member's answer is the moment at
which the other members' rows end, or that of the Local channel's own row.

Unknown to CDR and left empty or approximate: which phones really rang, transfers and their kind, holds,
calls that were never dialled, and every call that a crash cut off.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from pbx_crm.asterisk.cdr_row import CdrRow
from pbx_crm.domain.endpoint import PbxShape, endpoint_of, looks_dialable
from pbx_crm.domain.pbx_event import (
    AppStarted,
    BridgeEntered,
    BridgeLeft,
    ChannelStarted,
    ChannelState,
    DialBegan,
    DialEnded,
    DialRinging,
    HungUp,
    PbxEvent,
    QueueJoined,
    RecordingStarted,
    VariableSet,
)

HALF_SECOND = 0.5
"""What a talk of no whole second lasted, at a guess: CDR cuts to seconds."""

_NORMAL, _BUSY = 16, 17
_STATUS = {"ANSWERED": "ANSWER", "BUSY": "BUSY", "NO ANSWER": "NOANSWER"}
_COUNTER = re.compile(r".*\.(\d+)")


def events_of_cdrs(rows: Iterable[CdrRow], shape: PbxShape) -> Iterator[PbxEvent]:
    """The events that these rows, of whole calls, stand for, oldest first."""
    by_call: dict[str, list[CdrRow]] = {}
    for row in sorted(rows, key=_birth):
        by_call.setdefault(row.linkedid, []).append(row)
    events = [event for call in by_call.values() for event in _CallRows(call, shape).events()]
    # Stable: within a second the order is that of the rows.
    return iter(sorted(events, key=lambda event: event.at))


def _birth(row: CdrRow) -> tuple[float, int]:
    """When the row began; within a second, which channel was made first."""
    counted = _COUNTER.fullmatch(row.uniqueid)
    return row.start, int(counted[1]) if counted else 0


class _CallRows:
    """The rows of one Linkedid, oldest first."""

    def __init__(self, rows: Sequence[CdrRow], shape: PbxShape) -> None:
        self._rows = rows
        self._shape = shape
        self._uniqueids = {row.channel: row.uniqueid for row in rows}
        self._begun: set[str] = set()
        self._ends: dict[str, tuple[float, str]] = {}
        """Uniqueid → the end of the last row it is in, and its name."""
        for row in rows:
            self._lasts(row.uniqueid, row.channel, row.end)
            if row.dst_channel:
                self._lasts(self._leg(row), row.dst_channel, row.end)

    def _lasts(self, uniqueid: str, name: str, until: float) -> None:
        self._ends[uniqueid] = (max(until, self._ends.get(uniqueid, (0.0, ""))[0]), name)

    def _leg(self, row: CdrRow) -> str:
        """The Uniqueid of the dialled leg; if it has no row of its own, a made-up one."""
        return self._uniqueids.get(row.dst_channel) or f"{row.linkedid}:{row.dst_channel}"

    def events(self) -> Iterator[PbxEvent]:
        """Row by row; those of one row in their order, so that sorting by time keeps it."""
        for row in self._rows:
            yield from self._row(row)
        linkedid = self._rows[0].linkedid
        for uniqueid, (end, name) in self._ends.items():
            yield HungUp(end, uniqueid, linkedid, name, cause=self._cause(name))

    def _cause(self, name: str) -> int:
        busy = any(row.dst_channel == name and row.disposition == "BUSY" for row in self._rows)
        return _BUSY if busy else _NORMAL

    def _row(self, row: CdrRow) -> Iterator[PbxEvent]:
        yield from self._begin(row)
        if row.app == "Queue":
            yield QueueJoined(row.start, row.uniqueid, row.app_data.partition(",")[0])
        if row.recording_file:
            yield RecordingStarted(row.start, row.uniqueid)
            yield VariableSet(row.start, row.uniqueid, "MIXMONITOR_FILENAME", row.recording_file)
        if row.dst_channel:
            yield from self._dial(row)
        elif row.app:
            yield AppStarted(row.start, row.uniqueid, row.app, row.dst)

    def _begin(self, row: CdrRow) -> Iterator[PbxEvent]:
        if row.uniqueid in self._begun:
            return
        self._begun.add(row.uniqueid)
        yield ChannelStarted(
            row.start,
            row.uniqueid,
            row.linkedid,
            row.channel,
            ringing_in=row.uniqueid == row.linkedid,
            caller_number=row.src,
            caller_name=row.caller_name,
            context=row.context,
            # `dst` is what was dialled last: a queue's number, a transfer's target or a menu's key.
            exten=row.did or (row.dst if len(row.dst) > 2 and looks_dialable(row.dst, self._shape) else ""),
        )

    def _dial(self, row: CdrRow) -> Iterator[PbxEvent]:
        """One leg from its dial to its end."""
        leg = self._leg(row)
        if leg == row.uniqueid:
            return
        channel = (leg, row.linkedid, row.dst_channel)
        if leg not in self._begun:
            self._begun.add(leg)
            yield DialBegan(row.start, *channel, source=row.uniqueid, dial_string=_dial_string(row))
        if _may_have_rung(row):
            yield DialRinging(row.start, leg)
        yield from self._talk(row, channel)
        yield DialEnded(row.end, row.uniqueid, leg, _STATUS.get(row.disposition, "CONGESTION"), "")

    def _talk(self, row: CdrRow, leg: tuple[str, str, str]) -> Iterator[PbxEvent]:
        answered = self._answer(row)
        if answered is None:
            return
        end = row.end
        if end <= answered:
            if self._goes_on(row):
                return  # a pickup, or plumbing that made way for the leg behind it
            end = answered + HALF_SECOND
            for uniqueid, name in ((row.uniqueid, row.channel), (leg[0], row.dst_channel)):
                self._lasts(uniqueid, name, end)
        own = (row.uniqueid, row.linkedid, row.channel)
        bridge = f"{row.uniqueid}/{row.dst_channel}"
        yield ChannelState(answered, *leg, state="Up")
        yield BridgeEntered(answered, *leg, bridge=bridge, holding=False)
        yield BridgeEntered(answered, *own, bridge=bridge, holding=False)
        yield BridgeLeft(end, *own, bridge=bridge)
        yield BridgeLeft(end, *leg, bridge=bridge)

    def _goes_on(self, row: CdrRow) -> bool:
        """Whether this channel has another row from where this one ends."""
        return any(r is not row and r.uniqueid == row.uniqueid and r.start >= row.end for r in self._rows)

    def _answer(self, row: CdrRow) -> float | None:
        if not row.answered or row.answered_at is None:
            return None
        if row.app != "Queue":
            return max(row.answered_at, row.start)
        far = f"{row.dst_channel[:-1]}2"
        behind = [r.answered_at for r in self._rows if r.channel == far and r.answered and r.answered_at]
        lost = [
            r.end for r in self._rows if r.uniqueid == row.uniqueid and r.app == "Queue" and not r.answered
        ]
        fitting = [at for at in behind or lost if row.start <= at <= row.end]
        return max(fitting, default=max(row.answered_at, row.start))


def _may_have_rung(row: CdrRow) -> bool:
    """Whether, for all that CDR tells, the phone rang; a dial of no length at all was refused."""
    return row.answered or (row.disposition == "NO ANSWER" and row.end > row.start)


def _dial_string(row: CdrRow) -> str:
    """The outside number as it was dialled, from the arguments of Dial, else from the extension."""
    peer = endpoint_of(row.dst_channel).partition("/")[2]
    for part in row.app_data.partition(",")[0].split("&"):
        if row.app == "Dial" and peer in part.replace("@", "/").split("/"):
            return part.partition("/")[2]
    return f"{row.dst}@{peer}"
