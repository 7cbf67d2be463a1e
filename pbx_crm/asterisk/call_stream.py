"""One PBX from socket to facts: the listener's inbox, the event reader and the tracker in one loop.

The listener appends and never waits; this loop takes what has gathered, feeds the tracker and hands the
facts on in batches. Whoever takes them may be slow: meanwhile the inbox grows and the link is read on.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_events import AmiEventReader, is_needed
from pbx_crm.asterisk.ami_listener import AmiListener, utc_now
from pbx_crm.asterisk.ami_news import Heard, InboxItem, LinkLost, LinkUp, SnapshotBegan, SnapshotEnded
from pbx_crm.asterisk.presence_events import is_presence, read_presence
from pbx_crm.domain.call import Call, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.errors import LeaseLost, StoreUnavailable
from pbx_crm.domain.pbx_event import ConnectionLost, ConnectionRestored, PbxBooted
from pbx_crm.domain.pbx_link import LinkState
from pbx_crm.domain.presence import PresenceEvent

log = logging.getLogger(__name__)

TICK_SECONDS = 0.5
"""Without events, how often the tracker is told the time: a call ends by its grace, not by an event."""
LARGEST_BATCH = 10_000
"""Messages whose facts are handed on together: all that queued up while the last batch was taken. In one
batch 300 calls were stored at half of what they cost in batches of 500 messages. Not more: after a
stall the first facts go out before the last message is read."""
READ_AT_A_TIME = 250
"""Messages read before the link and the pages have their turn again; some five milliseconds."""
MOST_WAITING = 50_000
"""Messages kept while facts are not taken; a minute of 800 events a second, some 250 MB."""
PAUSES_BETWEEN_TRIES = (1.0, 5.0, 25.0)


@dataclass(frozen=True, slots=True)
class Facts:
    """What became clear, oldest first; taking the same facts twice must change nothing."""

    facts: tuple[Fact, ...]
    heard_at: datetime | None = None
    """When the first message they follow from arrived here; None if time alone made them clear."""


@dataclass(frozen=True, slots=True)
class GapSeen:
    """Between these moments nothing was heard: calls wholly inside are unknown to AMI for good."""

    began: datetime
    ended: datetime
    pbx_restarted: bool


@dataclass(frozen=True, slots=True)
class PictureWhole:
    """After a (re)connect everything that lives is known; a stored open call that is not here is over."""

    at: datetime
    open_calls: tuple[Call, ...]


StreamNews = Facts | GapSeen | PictureWhole
Deliver = Callable[[StreamNews], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class StreamFigures:
    """The stream's counters at one moment, for /metrics."""

    inbox_depth: int
    broken_events: int
    undelivered: int
    dropped: int


def _ignore(_: PresenceEvent | None) -> None:
    """Nobody asked about phones."""


def _is_wanted(raw: bytes) -> bool:
    return is_needed(raw) or is_presence(raw)


class CallStream:
    """Everything heard from one PBX as news; `deliver` is awaited, one news at a time, in order."""

    def __init__(
        self,
        account: AmiAccount,
        tracker: CallTracker,
        deliver: Deliver,
        *,
        on_state: Callable[[LinkState], None] | None = None,
        on_presence: Callable[[PresenceEvent | None], None] = _ignore,
        timing: AmiTiming | None = None,
        clock: Callable[[], datetime] = utc_now,
        tick_seconds: float = TICK_SECONDS,
        pauses: Sequence[float] = PAUSES_BETWEEN_TRIES,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._tracker = tracker
        self._deliver = deliver
        self._on_presence = on_presence
        self._clock = clock
        self._tick_seconds = tick_seconds
        self._pauses = pauses
        self._most_waiting = most_waiting
        self._reader = AmiEventReader()
        self._inbox: deque[InboxItem] = deque()
        self._filled = asyncio.Event()
        self._lost_at: datetime | None = None
        self._ahead = 0.0
        """Seconds the PBX's clock is ahead of ours, by the last stamped event."""
        self._undelivered = 0
        self._dropped = 0
        self._overflows = False
        self._closing = False
        self.listener = AmiListener(
            account, self._put, _is_wanted, on_state=on_state, timing=timing, clock=clock
        )

    @property
    def figures(self) -> StreamFigures:
        """The counters now; the link's own are `listener.figures`."""
        return StreamFigures(len(self._inbox), self._reader.broken.total(), self._undelivered, self._dropped)

    def open_calls(self) -> list[Call]:
        """Pictures of the calls that are not over, oldest first."""
        return self._tracker.open_calls(self._pbx_time(self._clock()))

    async def run(self) -> None:
        """Listen and deliver until `close()` or cancellation."""
        listening = asyncio.create_task(self.listener.run())
        try:
            while not listening.done() or self._inbox:
                await self._wait(listening)
                await self._take_batch()
        finally:
            await self.listener.close()
            await listening

    async def close(self) -> None:
        """End the link; `run` returns once what was heard is delivered, or cannot be."""
        self._closing = True
        await self.listener.close()
        self._filled.set()

    def _put(self, item: InboxItem) -> None:
        """The listener's only callback: append and return."""
        if len(self._inbox) >= self._most_waiting and not self._overflows:
            self._begin_overflow()
        if self._overflows and isinstance(item, Heard):
            self._dropped += 1
            return
        self._inbox.append(item)
        self._filled.set()

    def _begin_overflow(self) -> None:
        """Nobody takes the facts: stop keeping messages. The link is cut afterwards, which lists anew."""
        self._overflows = True
        now = self._clock()
        self._inbox.append(LinkLost(now, now))
        log.error("%d messages of the PBX wait and nobody takes them; dropping from here", len(self._inbox))

    async def _wait(self, listening: asyncio.Task[None]) -> None:
        if self._inbox or listening.done():
            return
        self._filled.clear()
        try:
            async with asyncio.timeout(self._tick_seconds):
                await self._filled.wait()
        except TimeoutError:
            return

    async def _take_batch(self) -> None:
        """Feed what waits to the tracker and deliver what became clear."""
        facts: list[Fact] = []
        heard_at = next((item.at for item in self._inbox if isinstance(item, Heard)), None)
        for number in range(min(len(self._inbox), LARGEST_BATCH)):
            if number % READ_AT_A_TIME == READ_AT_A_TIME - 1:
                await asyncio.sleep(0)
            item = self._inbox.popleft()
            if isinstance(item, Heard):
                facts += self._hear(item)
                continue
            news = self._turn(item, facts)
            if news is not None:
                await self._hand_on(facts, heard_at)
                facts = []
                await self._try_deliver(news)
        if not self._inbox:
            facts += self._tracker.tick(self._pbx_time(self._clock()))
            self._end_overflow()
        await self._hand_on(facts, heard_at)

    def _hear(self, item: Heard) -> list[Fact]:
        presence = read_presence(item.message)
        if presence is not None:
            self._on_presence(presence)
            return []
        arrived = item.at.timestamp()
        event = self._reader.read(item.message, arrived + self._ahead)
        if event is None:
            return []
        if item.message.get("Timestamp"):
            self._ahead = event.at - arrived
        return self._tracker.feed(event)

    def _turn(self, item: InboxItem, facts: list[Fact]) -> StreamNews | None:
        """What a turn of the link means for the calls: facts go to `facts`, the turn itself is returned."""
        match item:
            case LinkLost():
                self._on_presence(None)
                if self._lost_at is None:
                    self._lost_at = item.heard_until
                    facts += self._tracker.feed(ConnectionLost(self._pbx_time(item.heard_until)))
            case LinkUp():
                return self._restored(item, facts)
            case SnapshotEnded(complete=True):
                return PictureWhole(item.at, tuple(self.open_calls()))
            case SnapshotBegan() | SnapshotEnded() | Heard():
                pass
        return None

    def _restored(self, up: LinkUp, facts: list[Fact]) -> GapSeen | None:
        began, self._lost_at = self._lost_at, None
        if began is None:
            return None
        at = self._pbx_time(up.at)
        facts += self._tracker.feed(ConnectionRestored(at))
        if up.restarted:
            # Also without read class `system`, where FullyBooted never comes.
            facts += self._tracker.feed(PbxBooted(at, at))
        return GapSeen(began, up.at, up.restarted)

    def _end_overflow(self) -> None:
        if self._overflows:
            self._overflows = False
            self.listener.cut()

    def _pbx_time(self, ours: datetime) -> float:
        return ours.timestamp() + self._ahead

    async def _hand_on(self, facts: list[Fact], heard_at: datetime | None) -> None:
        if facts:
            await self._try_deliver(Facts(tuple(facts), heard_at))

    async def _try_deliver(self, news: StreamNews) -> None:
        """Deliver, again after each pause if it fails; what fails for good is counted and logged.

        A full disk or a database that is away is no fault of the news: they are kept until it is back.
        """
        tries = 0
        while True:
            try:
                return await self._deliver(news)
            except LeaseLost:
                break  # whoever took over hears it, or reads it from the PBX's records
            except StoreUnavailable:
                if tries == 0:
                    log.exception("News of the PBX cannot be stored; they wait until they can")
                if self._closing:
                    break
            except Exception:
                is_last = tries >= len(self._pauses)
                log.exception("News of the PBX could not be taken%s", "" if is_last else "; trying again")
                if is_last:
                    break
            await asyncio.sleep(self._pauses[min(tries, len(self._pauses) - 1)])
            tries += 1
        self._undelivered += 1
        return None
