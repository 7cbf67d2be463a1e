"""Silent audio: a party with an answered call sends RTP, or voicemail and recordings would give up."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass

FRAME_SECONDS = 0.02
FRAME = b"\xd5" * 160
"""20 ms of A-law silence."""
PCMA = 8


class _Sink(asyncio.DatagramProtocol):
    """Takes what the PBX plays to us and forgets it."""


@dataclass
class _Stream:
    target: tuple[str, int]
    sequence: int = 0

    def packet(self) -> bytes:
        self.sequence = (self.sequence + 1) & 0xFFFF
        stamp = (self.sequence * len(FRAME)) & 0xFFFFFFFF
        return struct.pack("!BBHII", 0x80, PCMA, self.sequence, stamp, 0x5EEDED) + FRAME


class SilentAudio:
    """One RTP socket of a party; every answered call of the party gets a stream of silence from it."""

    def __init__(self) -> None:
        self.port = 0
        self._transport: asyncio.DatagramTransport | None = None
        self._streams: dict[str, _Stream] = {}
        self._ticking: asyncio.Task[None] | None = None

    async def open(self, address: str) -> None:
        """Takes a free port on this address."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(_Sink, local_addr=(address, 0))
        self.port = self._transport.get_extra_info("sockname")[1]

    def start(self, call_id: str, target: tuple[str, int]) -> None:
        """Sends silence to the target until stopped."""
        self._streams[call_id] = _Stream(target)
        if self._ticking is None:
            self._ticking = asyncio.create_task(self._tick())

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
