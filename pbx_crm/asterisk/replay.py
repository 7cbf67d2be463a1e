"""`pbx-crm replay`: recordings in, calls out, by the same reader and tracker that run on a live PBX."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any

import click

from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_wire import headers_of
from pbx_crm.asterisk.tape import Tape, read_tape
from pbx_crm.domain.call import Call, CallMerged, EndedBy, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.endpoint import DEFAULT_EXTENSIONS, PbxShape
from pbx_crm.domain.errors import BadConfig, BadTape
from pbx_crm.domain.pbx_event import ConnectionLost, ConnectionRestored, PbxEvent


class Found(IntEnum):
    """What replaying came to, as an exit code."""

    ALL_WELL = 0
    FAULTS = 1
    """Some events could not be read."""
    NO_TAPE = 2
    """Something named was no recording."""


def replay_tapes(tapes: Sequence[Path], *, as_json: bool, source: str, config: Path | None) -> Found:
    """Print the calls of every tape; one that cannot be read is named and does not stop the others."""
    if source != "ami":
        raise BadConfig(f"--source {source}: only ami can be replayed in this version")
    shape = read_shape(config) if config else PbxShape()
    return max(_replay_tape(path, shape, as_json) for path in tapes)


def _replay_tape(path: Path, shape: PbxShape, as_json: bool) -> Found:
    try:
        tape = read_tape(path)
    except BadTape as error:
        click.echo(f"pbx-crm: {error}", err=True)
        return Found.NO_TAPE
    reader = AmiEventReader()
    calls = calls_of(tape, shape, reader)
    click.echo(_line(tape, calls) if as_json else _table(tape, calls))
    for (event, reason), times in reader.broken.items():
        click.echo(f"{tape.name}: {times} x {event} skipped: {reason}", err=True)
    return Found.FAULTS if reader.broken else Found.ALL_WELL


def calls_of(tape: Tape, shape: PbxShape, reader: AmiEventReader | None = None) -> list[Call]:
    """The calls of a tape, oldest first, as they stood when it ended."""
    book = CallBook()
    tracker = CallTracker(shape)
    at = 0.0
    for event in events_of(tape, reader or AmiEventReader()):
        at = event.at
        book.take(tracker.feed(event))
    book.take(tracker.finish(at))
    return book.with_open(tracker.open_calls(at))


class CallBook:
    """The latest picture of every call, merges followed."""

    def __init__(self) -> None:
        self._calls: dict[str, Call] = {}

    def take(self, facts: Sequence[Fact]) -> None:
        """Remember what these facts say."""
        for fact in facts:
            if isinstance(fact, CallMerged):
                self._calls.pop(fact.gone, None)
            self._calls[fact.call.linkedid] = fact.call

    def with_open(self, pictures: Sequence[Call]) -> list[Call]:
        """All calls by their start, the open ones as they stand now."""
        self._calls.update({call.linkedid: call for call in pictures})
        return sorted(self._calls.values(), key=lambda call: call.started_at)


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


def read_shape(path: Path) -> PbxShape:
    """`trunks`, `extensions` and `devices` of the first `[[pbx]]` in a configuration file."""
    try:
        with path.open("rb") as file:
            parts: Any = tomllib.load(file).get("pbx", [{}])
        part = parts[0] if isinstance(parts, list) else parts
        return PbxShape(
            trunks=frozenset(part.get("trunks", ())),
            extensions=re.compile(part.get("extensions", DEFAULT_EXTENSIONS)),
            devices=dict(part.get("devices", {})),
        )
    except FileNotFoundError as error:
        raise BadConfig(f"{path}: there is no such file") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadConfig(f"{path}: {error}") from error
    except (re.error, TypeError, ValueError, AttributeError, IndexError) as error:
        raise BadConfig(f"{path}: [[pbx]]: trunks, extensions or devices: {error}") from error


def _line(tape: Tape, calls: Sequence[Call]) -> str:
    return json.dumps(
        {"tape": tape.name, "calls": [call_as_json(call) for call in calls]}, ensure_ascii=False
    )


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


def _table(tape: Tape, calls: Sequence[Call]) -> str:
    lines = [f"{tape.name}: {len(calls)} calls"]
    for call in calls:
        number = call.external_number or "-"
        who = call.final_agent or ", ".join(call.rang) or "-"
        state = call.outcome or ("open" if call.is_open else "ended unheard")
        lines.append(
            f"  {call.started_at:%Y-%m-%d %H:%M:%S}  {call.direction:<8}  {number:<18}  {who:<12}"
            f"  {state:<12}  rang {call.ring_seconds:6.1f} s  talked {call.talk_seconds:6.1f} s"
        )
    return "\n".join(lines)
