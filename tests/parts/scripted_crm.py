"""What a dialplan may find where it looks for the CRM: an answer, a wrong one, a late one, or none at all."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Manner = Callable[[asyncio.StreamWriter], Awaitable[None]]
PORT_OF_NOBODY = 9
"""Discard: nothing listens there on a machine of ours."""


@dataclass
class ScriptedCrm:
    """A server that meets every question in one manner."""

    url: str
    asked: list[str] = field(default_factory=list)
    """What came, each with its headers."""


def says(body: str, status: str = "200 OK") -> Manner:
    """Answers at once."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        text = body.encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(text)}\r\n\r\n"
        writer.write(head.encode() + text)
        await writer.drain()

    return answer


def says_slowly(body: str, pause_seconds: float = 0.3) -> Manner:
    """Answers a letter at a time."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode())
        for letter in body:
            await asyncio.sleep(pause_seconds)
            writer.write(letter.encode())
            await writer.drain()

    return answer


def sends(raw: bytes) -> Manner:
    """Sends these bytes, whether they are HTTP or not."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    return answer


async def hangs(_: asyncio.StreamWriter) -> None:
    """Takes the question and says nothing."""
    await asyncio.sleep(3600)


@asynccontextmanager
async def scripted_crm(manner: Manner) -> AsyncIterator[ScriptedCrm]:
    """The server, while the block runs."""
    crm = ScriptedCrm("")
    talks: set[asyncio.Task[None]] = set()

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            body = await reader.readexactly(_length(head))
            crm.asked.append(head + body.decode())
            await manner(writer)
        writer.close()

    def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.create_task(meet(reader, writer))
        talks.add(talk)
        talk.add_done_callback(talks.discard)

    server = await asyncio.start_server(met, "127.0.0.1", 0)
    crm.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/pbx"
    try:
        yield crm
    finally:
        server.close()
        for talk in tuple(talks):
            talk.cancel()
        await asyncio.gather(*talks, return_exceptions=True)


@asynccontextmanager
async def nobody_there() -> AsyncIterator[ScriptedCrm]:
    """Every connection is refused."""
    yield ScriptedCrm(f"http://127.0.0.1:{PORT_OF_NOBODY}/pbx")


@asynccontextmanager
async def swallowed() -> AsyncIterator[ScriptedCrm]:
    """The way there swallows what is sent, as a firewall does: a server whose queue is full drops the SYN."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(server.getsockname())
        yield ScriptedCrm(f"http://127.0.0.1:{server.getsockname()[1]}/pbx")


def _length(head: str) -> int:
    found = [line for line in head.splitlines() if line.lower().startswith("content-length:")]
    return int(found[0].partition(":")[2]) if found else 0
