"""The calls of recordings, by the same reader and tracker that run on a live PBX."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_wire import headers_of
from pbx_crm.asterisk.tape import Tape
from pbx_crm.domain.call import Call, EndedBy, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.pbx_event import ConnectionLost, ConnectionRestored, PbxEvent


def calls_of(tape: Tape, shape: PbxShape, reader: AmiEventReader | None = None) -> list[Call]:
    """The calls of a tape, oldest first, as they stood when it ended."""
    return calls_in(events_of(tape, reader or AmiEventReader()), shape)


def calls_in(events: Iterable[PbxEvent], shape: PbxShape) -> list[Call]:
    """The calls these events tell of, oldest first, as they stood after the last one."""
    tracker = CallTracker(shape, only_ends=True)
    at, ends = 0.0, list[Fact]()
    for event in events:
        at = event.at
        ends += tracker.feed(event)
    ends += tracker.finish(at)
    calls = [*(fact.call for fact in ends), *tracker.open_calls(at)]
    return sorted({call.linkedid: call for call in calls}.values(), key=_begin)


def _begin(call: Call) -> tuple[datetime, int]:
    """When a call began; of those of one second (CDR tells no finer) the order of the PBX's own count.

    Asterisk numbers channels as it makes them: a Linkedid is `1700000000.42`, after the system's name if it
    has one.
    """
    count = call.linkedid.rpartition(".")[2]
    return call.started_at, int(count) if count.isdecimal() else 0


def events_of(tape: Tape, reader: AmiEventReader) -> Iterator[PbxEvent]:
    """The tape's events with the time each came; cuts between its connections included."""
    began = tape.started_at
    for number, segment in enumerate(tape.segments):
        if number:
            yield ConnectionLost(began + tape.segments[number - 1].ends_at)
            yield ConnectionRestored(began + segment.begins_at)
        for second, raw in segment.messages():
            if is_needed(raw):
                event = reader.read(headers_of(raw), began + second)
                if event is not None:
                    yield event


def call_as_json(call: Call) -> dict[str, object]:
    """A call in the words of the replay contract; seconds with milliseconds, times as epoch."""
    return {
        "linkedid": call.linkedid,
        "aliases": list(call.aliases),
        "direction": call.direction,
        "external_number": call.external_number,
        "caller_name": call.caller_name,
        "did": call.did,
        "queue": call.queue,
        "trunk": call.trunk,
        "seller": call.seller,
        "rang": list(call.rang),
        "answered_by": call.answered_by,
        "final_agent": call.final_agent,
        "outcome": call.outcome,
        "reason": call.reason,
        "transfers": [
            {"type": t.kind, "from": t.source, "to": t.target, "completed": t.completed}
            for t in call.transfers
        ],
        "wait_s": round(call.wait_seconds, 3),
        "ring_s": round(call.ring_seconds, 3),
        "talk_s": round(call.talk_seconds, 3),
        "talk_by": {extension: round(seconds, 3) for extension, seconds in call.talk_by.items()},
        "hold_s": round(call.hold_seconds, 3),
        "holds": call.holds,
        "recording": call.recorded,
        "recording_file": call.recording_file,
        "started_at": round(call.started_at.timestamp(), 3),
        "ended_at": round(call.ended_at.timestamp(), 3) if call.ended_at else None,
        "open": call.is_open,
        "ended_in_gap": call.ended_by in (EndedBy.GAP, EndedBy.PBX_RESTART),
        "ended_by": call.ended_by,
    }
