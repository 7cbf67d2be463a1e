"""`python -m bench.trial_garbage [INPUTS]`: damaged AMI messages by the million, fault R9 of docs/threats.md.

What a real PBX said is damaged in every way a line can be and goes through the whole of the intake without
a database: protocol, reader, tracker. After each damaged message comes a whole one, which must be read.
Not part of `make test`: a million takes minutes.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from panoramisk.message import Message

from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_protocol import AmiProtocol, LinkCounters
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.domain.call_tracker import CallTracker

INPUTS = 1_000_000
MOST_GROWTH_KB = 50_000
WARM_UP = 20_000
FORGET_EVERY = 5_000
"""Calls of damaged ids never end: the tracker of such a PBX is thrown away with them."""
LONG_LINE_EVERY, LONG_LINE = 5_000, 2_000_000
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
END = b"\r\n\r\n"
TAPES = Path(__file__).parents[1] / "tests/tapes"

Damage = Callable[[random.Random, bytes], bytes]


def _flip(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :]


def _cut(chance: random.Random, raw: bytes) -> bytes:
    begin, end = sorted((chance.randrange(len(raw)), chance.randrange(len(raw))))
    return raw[:begin] + raw[end:]


def _stuff(chance: random.Random, raw: bytes) -> bytes:
    at = chance.randrange(len(raw))
    return raw[:at] + chance.randbytes(chance.randrange(1, 60)) + raw[at:]


def _repeat_line(chance: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    return b"\r\n".join([*lines, chance.choice(lines)])


def _drop_line(chance: random.Random, raw: bytes) -> bytes:
    lines = raw.split(b"\r\n")
    del lines[chance.randrange(len(lines))]
    return b"\r\n".join(lines)


def _break_lines(chance: random.Random, raw: bytes) -> bytes:
    return raw.replace(b"\r\n", chance.choice((b"\n", b"\r", b"\n\n", b"\r\n\r\n")), chance.randrange(1, 4))


def _odd_value(chance: random.Random, raw: bytes) -> bytes:
    name, _, rest = raw.partition(b": ")
    odd = (b"", b"-1", b"9" * 400, b"1e999", b"nan", b"\x00", b"\xff\xfe", b"<unknown>", b"1.1.1", b"\\x")
    return name + b": " + chance.choice(odd) + rest[rest.find(b"\r\n") :]


DAMAGES: tuple[Damage, ...] = (_flip, _cut, _stuff, _repeat_line, _drop_line, _break_lines, _odd_value)


class Intake:
    """Protocol, reader and tracker; remembers the last whole call it was told of."""

    def __init__(self) -> None:
        self.counters = LinkCounters()
        self.protocol = AmiProtocol(is_needed, self.counters, lambda: NOON)
        self.protocol.connection_made(SimpleNamespace(write=lambda _: None))  # type: ignore[arg-type]
        self.protocol.factory = self
        self.last_read = ""
        self.faults = Counter[str]()
        self._reader = AmiEventReader()
        self._tracker = CallTracker()

    def dispatch(self, message: Message) -> None:
        """What panoramisk gives on; an error in here is a fault of ours, not one event less."""
        try:
            event = self._reader.read(message, NOON.timestamp())
            if event is not None:
                self._tracker.feed(event)
            self.last_read = str(message.get("Uniqueid", ""))
        except Exception:
            self.faults[traceback.format_exc(limit=-3)] += 1

    def forget_calls(self) -> None:
        """Lets the tracker conclude what it can, and starts with a fresh one."""
        self._tracker.tick(NOON.timestamp() + 86_400)
        list(self._tracker.finish(NOON.timestamp() + 86_400))
        self._tracker = CallTracker()


def whole(number: int) -> bytes:
    """A message nobody damaged, as told from any other by its Uniqueid."""
    return (
        b"Event: Newchannel\r\nChannel: PJSIP/trunk-%d\r\nChannelState: 4\r\nChannelStateDesc: Ring\r\n"
        b"CallerIDNum: 74951234567\r\nCallerIDName: x\r\nConnectedLineNum: \r\nConnectedLineName: \r\n"
        b"Language: en\r\nAccountCode: \r\nContext: in\r\nExten: s\r\nPriority: 1\r\n"
        b"Uniqueid: 1795279496.%d\r\nLinkedid: 1795279496.%d" % (number, number, number)
    ) + END


def main(inputs: int, seed: int = 9) -> int:
    """Exit code 1 if a whole message went unread, or memory grew."""
    chance = random.Random(seed)
    said = [raw for tape in sorted(TAPES.iterdir())[:12] if tape.is_dir() for raw in _messages(tape)]
    intake, lost, began, small = Intake(), 0, time.monotonic(), 0
    for number in range(inputs):
        damaged = chance.choice(said)
        for _ in range(chance.randrange(1, 4)):
            damaged = chance.choice(DAMAGES)(chance, damaged) or b"\r\n"
        if number % LONG_LINE_EVERY == 0:
            damaged += b"\r\nText: " + b"x" * LONG_LINE
        stream, at = damaged + END + whole(number), chance.randrange(len(damaged) + 1)
        intake.protocol.data_received(stream[:at])
        intake.protocol.data_received(stream[at:])
        lost += intake.last_read != f"1795279496.{number}"
        if number % FORGET_EVERY == 0:
            intake.forget_calls()
        if number == min(WARM_UP, inputs - 1):
            small = _resident_kb()
    grown, took = _resident_kb() - small, time.monotonic() - began
    skipped = intake.counters.broken
    print(f"{inputs} damaged messages in {took:.0f} s: whole ones unread {lost}, skipped {skipped}")
    print(f"memory grew by {grown / 1000:.1f} MB (wanted < {MOST_GROWTH_KB / 1000:.0f})")
    for fault, times in intake.faults.most_common():
        print(f"{times} times: {fault}")
    return 1 if lost or intake.faults or grown > MOST_GROWTH_KB else 0


def _messages(tape: Path) -> list[bytes]:
    return [raw.strip(b"\r\n") for segment in read_tape(tape).segments for _, raw in segment.messages()]


def _resident_kb() -> int:
    gc.collect()
    return int(Path("/proc/self/status").read_text().partition("VmRSS:")[2].split()[0])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else INPUTS))
