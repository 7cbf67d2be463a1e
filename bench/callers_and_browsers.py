"""The other side of goal 3, in a process of its own: a PBX that tells calls, and browsers that listen."""

from __future__ import annotations

import asyncio
import re
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from aiohttp import ClientSession, ClientWebSocketResponse

from pbx_crm.asterisk.tape import read_tape
from pbx_crm.pages.request import SESSION_COOKIE
from tests.parts.scripted_ami import SECRET, ScriptedAmi

Hired = dict[int, tuple[str, str]]
"""Extension and session token by person."""

BROWSERS = 200
CALLS_A_SECOND = 50
RINGS_SECONDS = 0.6
TALKS_SECONDS = 0.6
WARM_UP_SECONDS = 2.0
SETTLES_SECONDS = 4.0
LOST_AFTER_SECONDS = 5.0
TAPE = Path(__file__).parents[1] / "tests/tapes/in_direct_answered__22-pjsip-A"
IN_THE_TAPE = re.compile(rb"1795279496\.([01])|-0000000([01])\b|\b101\b|79168920157|[0-9a-f-]{36}")


@dataclass
class Tab:
    """One browser tab: who it belongs to, and when it last heard of a call."""

    person_id: int
    extension: str
    socket: ClientWebSocketResponse
    waits_since: float | None = None
    delays: list[float] = field(default_factory=list)

    async def listen(self) -> None:
        """Notes how long each awaited signal took."""
        async for message in self.socket:
            heard = time.monotonic()
            if self.waits_since is not None and "call" in message.json()["topics"]:
                self.delays.append((heard - self.waits_since) * 1000)
                self.waits_since = None

    def await_signal(self) -> None:
        """From now on it counts. A signal that never came counts as long as a user would wait."""
        if self.waits_since is not None:
            self.delays.append(LOST_AFTER_SECONDS * 1000)
        self.waits_since = time.monotonic()


class Storyteller:
    """Tells the recorded call again and again, each time as another call to another phone."""

    def __init__(self) -> None:
        messages = [raw for segment in read_tape(TAPE).segments for _, raw in segment.messages()]
        messages = [raw for raw in messages if b"Event: FullyBooted" not in raw]
        rang = next(n for n, raw in enumerate(messages) if b"ChannelStateDesc: Ringing" in raw)
        joined = max(n for n, raw in enumerate(messages) if b"Event: BridgeEnter" in raw)
        self._parts = [
            b"".join(raw.rstrip(b"\r\n") + b"\r\n\r\n" for raw in part)
            for part in (messages[: rang + 1], messages[rang + 1 : joined + 1], messages[joined + 1 :])
        ]
        self._epoch = int(time.time())
        self._told = 0

    def call_to(self, extension: str) -> Iterator[bytes]:
        """The bytes of a call to this phone: until it rings, until it is answered, until it ends."""
        self._told += 1
        number, bridge = self._told, str(uuid.uuid4()).encode()

        def other(found: re.Match[bytes]) -> bytes:
            text = found[0]
            if found[1]:
                return b"%d.%d" % (self._epoch, number * 2 + int(found[1]))
            if found[2]:
                return b"-%08x" % (number * 2 + int(found[2]))
            if text == b"101":
                return extension.encode()
            return b"7916%07d" % number if text == b"79168920157" else bridge

        return (IN_THE_TAPE.sub(other, part) for part in self._parts)


def play(pipe: Connection, seconds: float, rounds: int) -> None:
    """The process: offers an AMI port, waits for the server, measures, hands the delays back."""
    asyncio.run(_play(pipe, seconds, rounds))


async def _play(pipe: Connection, seconds: float, rounds: int) -> None:
    async with ScriptedAmi() as ami, AsyncExitStack() as stack:
        pipe.send((ami.port, SECRET))
        url, push_port, hired = await asyncio.to_thread(pipe.recv)
        tabs = [await open_tab(stack, url, person, *about) for person, about in hired.items()]
        listening = [asyncio.create_task(tab.listen()) for tab in tabs]
        _, pusher = await asyncio.open_connection("127.0.0.1", push_port)
        pipe.send(await _measure(ami, pusher, tabs, seconds, rounds))
        for task in listening:
            task.cancel()


async def open_tab(stack: AsyncExitStack, url: str, person_id: int, extension: str, token: str) -> Tab:
    """A logged-in tab whose socket stands, until the stack is left."""
    browser = await stack.enter_async_context(ClientSession(cookies={SESSION_COOKIE: token}))
    return Tab(person_id, extension, await browser.ws_connect(f"{url}/live"))


async def _measure(
    ami: ScriptedAmi, pusher: asyncio.StreamWriter, tabs: list[Tab], seconds: float, rounds: int
) -> tuple[list[float], list[float]]:
    teller, event, bare = Storyteller(), list[float](), list[float]()
    await _calls(ami, teller, tabs, WARM_UP_SECONDS)
    _take(tabs)
    for _ in range(rounds):
        await _calls(ami, teller, tabs, seconds)
        event += _take(tabs)
        await _pushes(pusher, tabs, seconds / 2)
        bare += _take(tabs)
    return event, bare


async def _calls(ami: ScriptedAmi, teller: Storyteller, tabs: list[Tab], seconds: float) -> None:
    running = set()
    async for tab in _in_turn(tabs, seconds):
        running.add(asyncio.create_task(_call(ami, teller, tab)))
    await asyncio.gather(*running)
    # The end of a call is told after its grace; it must not be taken for the next one's beginning.
    await asyncio.sleep(SETTLES_SECONDS)


async def _call(ami: ScriptedAmi, teller: Storyteller, tab: Tab) -> None:
    ring, answer, rest = teller.call_to(tab.extension)
    tab.await_signal()
    ami.send(ring)
    await asyncio.sleep(RINGS_SECONDS)
    tab.await_signal()
    ami.send(answer)
    await asyncio.sleep(TALKS_SECONDS)
    ami.send(rest)


async def _pushes(pusher: asyncio.StreamWriter, tabs: list[Tab], seconds: float) -> None:
    async for tab in _in_turn(tabs, seconds):
        tab.await_signal()
        pusher.write(b"%d\n" % tab.person_id)
    await asyncio.sleep(1)


async def _in_turn(tabs: list[Tab], seconds: float) -> AsyncIterator[Tab]:
    began = time.monotonic()
    for number in range(int(seconds * CALLS_A_SECOND)):
        await asyncio.sleep(max(0.0, began + number / CALLS_A_SECOND - time.monotonic()))
        yield tabs[number % len(tabs)]


def _take(tabs: list[Tab]) -> list[float]:
    taken = [delay for tab in tabs for delay in tab.delays]
    taken += [LOST_AFTER_SECONDS * 1000 for tab in tabs if tab.waits_since is not None]
    for tab in tabs:
        tab.delays.clear()
        tab.waits_since = None
    return taken
