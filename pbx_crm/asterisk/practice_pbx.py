"""A PBX to practise on: a real AMI server on loopback where recorded calls happen anew, today.

What the CRM connects to cannot be told from an Asterisk by what it says: the events are a real
Asterisk's, with fresh ids, other people and the present clock.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType

from pbx_crm.asterisk.practice_numbers import Clients
from pbx_crm.asterisk.practice_phones import Phones
from pbx_crm.asterisk.practice_server import AmiServer, block
from pbx_crm.asterisk.practice_state import LiveChannels
from pbx_crm.asterisk.practice_stories import FIRST, SELLERS, WEIGHTS, Telling, cast, stories, tell

USERNAME = "pbx-crm"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How lively it is; all in seconds."""

    first_call: float = 2.0
    shortest_pause: float = 6.0
    longest_pause: float = 15.0
    shortest_talk: float = 8.0
    longest_talk: float = 45.0
    speed: float = 1.0
    """2 plays twice as fast, pauses and all."""
    most_at_once: int = 4
    """Calls; two sellers always stay free."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


class PracticePbx:
    """Calls happen while the block lasts: `async with PracticePbx(secret) as pbx`."""

    def __init__(
        self,
        secret: str,
        *,
        username: str = USERNAME,
        host: str = "127.0.0.1",
        port: int = 0,
        rhythm: Rhythm | None = None,
        seed: int | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        self.host = host
        self.port = port
        """Where it listens; chosen by the system if it was 0."""
        self._rhythm = rhythm or Rhythm()
        self._dice = random.Random(seed)  # noqa: S311  # stories, not secrets
        self._clock = clock
        self._live = LiveChannels()
        self._phones = Phones(self._live, SELLERS)
        self._server = AmiServer(self._live, self._phones, username, secret, clock)
        self._clients = Clients(self._dice)
        self._told = 0
        self._running: dict[asyncio.Task[None], tuple[Telling, float]] = {}
        """Each with its beginning by the loop's clock."""
        self._director: asyncio.Task[None] | None = None

    async def __aenter__(self) -> PracticePbx:
        self.port = await self._server.start(self.host, self.port)
        self._director = asyncio.create_task(self._direct())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        tasks = [*self._running, *([self._director] if self._director else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.stop()

    @property
    def calls_now(self) -> int:
        """Stories under way."""
        return len(self._running)

    async def _direct(self) -> None:
        """Begin one story after the other, for ever."""
        await self._pause(self._rhythm.first_call)
        self._begin(self._next_telling(FIRST))
        while True:
            await self._pause(self._dice.uniform(self._rhythm.shortest_pause, self._rhythm.longest_pause))
            if len(self._running) < self._rhythm.most_at_once:
                # Some stories need more free phones than there are: the first that can be cast is told.
                names = self._dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=8)
                self._begin(next(filter(None, map(self._next_telling, names)), None))

    def _next_telling(self, name: str) -> Telling | None:
        """The story cast with free sellers and a client; None if too few are free for it."""
        story = stories()[name]
        roles = cast(story, self._free_sellers(), self._dice)
        if roles is None:
            return None
        self._told += 1
        under_way = [telling for telling, _ in self._running.values()]
        on_the_line = frozenset(telling.client for telling in under_way if telling.client)
        return tell(
            story,
            number=self._told,
            now=self._clock(),
            client=self._clients.next(on_the_line),
            roles=roles,
            talk_seconds=self._dice.uniform(self._rhythm.shortest_talk, self._rhythm.longest_talk),
        )

    def _free_sellers(self) -> list[str]:
        now = asyncio.get_running_loop().time()
        busy: set[str] = set()
        for telling, began in self._running.values():
            rings = (now - began) * self._rhythm.speed <= telling.answered_after + 1
            busy |= telling.rings if rings else telling.talks
        return [extension for extension in SELLERS if extension not in busy]

    def _begin(self, telling: Telling | None) -> None:
        if telling is None:
            return
        task = asyncio.create_task(self._play(telling))
        self._running[task] = telling, asyncio.get_running_loop().time()
        task.add_done_callback(self._running.pop)

    async def _play(self, telling: Telling) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for second, message in telling.messages:
            await asyncio.sleep(began + second / self._rhythm.speed - loop.time())
            now = self._clock()
            self._live.note(message, now)
            self._server.send(_stamped(message, now))
            for change in self._phones.changes():
                self._server.send(block(change))

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._rhythm.speed)


def _stamped(message: bytes, now: datetime) -> bytes:
    """The event as `timestampevents=yes` sends it, its blank line included."""
    return message + f"\r\nTimestamp: {now.timestamp():.6f}\r\n\r\n".encode()
