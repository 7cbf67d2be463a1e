"""Goal 1: bytes → panoramisk Message → facts, against stock panoramisk with a callback that does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.manager import Manager
from panoramisk.message import Message

from bench.result import Result, paired_ratio
from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_link import OneConnection
from pbx_crm.asterisk.ami_protocol import AmiProtocol, LinkCounters
from pbx_crm.asterisk.tape import read_tape
from pbx_crm.domain.call_tracker import CallTracker

RECORDING = Path(__file__).parents[1] / "tests" / "tapes" / "load-small"
Callback = Callable[[Manager, Message], None]
WANTED = 3.0
READ = 65_536
ARRIVED = datetime(2026, 11, 21, tzinfo=UTC)


class NoTransport:
    """Nothing is sent here."""

    def close(self) -> None:
        """Nothing to close."""


def measure() -> Result:
    """The ratio of CPU for the same 20 calls a second, all classes of events in it."""
    return asyncio.run(_measure())


async def _measure() -> Result:
    raw = b"".join(segment.raw for segment in read_tape(RECORDING).segments)
    ratio = paired_ratio(lambda: stock(raw), lambda: _ours(raw))
    return Result(
        "intake in memory, against stock panoramisk doing nothing",
        f"{ratio:.1f} x",
        f">= {WANTED:.0f} x",
        ratio >= WANTED,
    )


def stock(raw: bytes) -> None:
    """Stock panoramisk with a callback that does nothing."""
    feed(Manager, AMIProtocol(), raw, lambda _manager, _message: None)


def _ours(raw: bytes) -> None:
    reader, tracker, facts = AmiEventReader(), CallTracker(), 0
    arrived = ARRIVED.timestamp()

    def hear(_: Manager, message: Message) -> None:
        nonlocal facts
        event = reader.read(message, arrived)
        if event is not None:
            facts += len(tracker.feed(event))

    feed(OneConnection, AmiProtocol(is_needed, LinkCounters(), lambda: ARRIVED), raw, hear)
    assert facts > 100, "nothing was concluded"


def feed(
    kind: type[Manager], protocol: Any, raw: bytes, callback: Callable[[Manager, Message], None]
) -> None:
    """What Manager.connection_made does for a protocol, then the recording in reads of 64 KiB."""
    manager = kind(loop=asyncio.get_running_loop())
    manager.register_event("*", callback)
    protocol.connection_made(NoTransport())
    protocol.factory, protocol.encoding = manager, "utf8"
    for start in range(0, len(raw), READ):
        protocol.data_received(raw[start : start + READ])
