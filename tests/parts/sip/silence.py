"""Audio of a party with an answered call: silence, or voicemail and recordings would give up; keys; a voice.

Keys go as RTP events (RFC 4733), in place of the silence: the way of providers' trunks.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

FRAME_SECONDS = 0.02
FRAME = b"\xd5" * 160
"""20 ms of A-law silence."""
SILENT = {0xD5, 0x55}
VOICE = b"\x2a\xaa" * 80
"""20 ms as loud as it gets."""
PCMA, TELEPHONE_EVENT = 8, 101
MARKER, LAST = 0x80, 0x80
KEYS = "0123456789*#ABCD"
KEY_FRAMES, REPEATS = 8, 3
"""A key lasts 160 ms; its last packet is sent three times, since one may get lost (RFC 4733, 2.5.1.4)."""


class _Sink(asyncio.DatagramProtocol):
    """Takes what the PBX plays to us and keeps no more of it than how much was not silence."""

    def __init__(self) -> None:
        self.heard_aloud = 0

    def datagram_received(self, data: bytes, addr: tuple[str | int, int]) -> None:
        """One packet, with twelve bytes of header."""
        self.heard_aloud += data[1] & 0x7F == PCMA and not set(data[12:]) <= SILENT


@dataclass
class _Stream:
    target: tuple[str, int]
    sequence: int = 0
    frame: bytes = FRAME
    events: deque[tuple[int, bytes]] = field(default_factory=deque)
    """What is left of keys: the marker bit of a packet, and its body."""
    pressed_at: int = 0

    def press(self, key: str) -> int:
        """Queues the packets of one key; how many they are."""
        number = KEYS.index(key)
        lengths = [*range(1, KEY_FRAMES), *[KEY_FRAMES] * REPEATS]
        for before, length in pairwise([0, *lengths]):
            last = LAST if length == KEY_FRAMES else 0
            body = struct.pack("!BBH", number, last | 10, length * len(FRAME))
            self.events.append((0 if before else MARKER, body))
        return len(lengths)

    def packet(self) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        stamp = (self.sequence * len(FRAME)) & 0xFFFFFFFF
        if not self.events:
            return self._rtp(PCMA, stamp) + self.frame
        marker, body = self.events.popleft()
        # All packets of a key carry the time at which it went down.
        self.pressed_at = stamp if marker else self.pressed_at
        return self._rtp(marker | TELEPHONE_EVENT, self.pressed_at) + body

    def _rtp(self, kind: int, stamp: int) -> bytes:
        return struct.pack("!BBHII", 0x80, kind, self.sequence, stamp, 0x5EEDED)


class SilentAudio:
    """One RTP socket of a party; every answered call of the party gets a stream of silence from it."""

    def __init__(self) -> None:
        self.port = 0
        self._sink = _Sink()
        self._transport: asyncio.DatagramTransport | None = None
        self._streams: dict[str, _Stream] = {}
        self._ticking: asyncio.Task[None] | None = None

    async def open(self, address: str) -> None:
        """Takes a free port on this address."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self._sink, local_addr=(address, 0))
        self.port = self._transport.get_extra_info("sockname")[1]

    @property
    def heard_aloud(self) -> int:
        """Packets that were more than silence, in all calls so far; fifty a second."""
        return self._sink.heard_aloud

    def start(self, call_id: str, target: tuple[str, int]) -> None:
        """Sends silence to the target until stopped."""
        self._streams[call_id] = _Stream(target)
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick())

    async def press(self, call_id: str, key: str) -> None:
        """Presses one key in this call; returns once it is up again."""
        await asyncio.sleep(self._streams[call_id].press(key) * FRAME_SECONDS)

    def speak(self, call_id: str, *, aloud: bool = True) -> None:
        """A voice in place of the silence, or silence again."""
        self._streams[call_id].frame = VOICE if aloud else FRAME

    def stop(self, call_id: str) -> None:
        """No more silence for this call."""
        self._streams.pop(call_id, None)

    async def close(self) -> None:
        """Gives the port back."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        if self._transport is not None:
            self._transport.close()

    async def _tick(self) -> None:
        assert self._transport is not None
        while True:
            for stream in self._streams.values():
                self._transport.sendto(stream.packet(), stream.target)
            await asyncio.sleep(FRAME_SECONDS)
