"""Listens to one PBX for ever: connects, logs in, and when the link is gone connects again, ever more slowly.

The only callback puts messages into the inbox and returns; nothing here waits for whoever empties it,
because Asterisk cuts a reader that stalls (`writetimeout`, 100 ms as shipped) without notice.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from panoramisk.message import Message

from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_actions import AmiAction
from pbx_crm.asterisk.ami_news import InboxItem
from pbx_crm.asterisk.ami_protocol import LinkCounters
from pbx_crm.asterisk.ami_session import AmiSession
from pbx_crm.domain.errors import LoginRefused, PbxUnreachable
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.sentence import N_, Sentence

log = logging.getLogger(__name__)

REFUSALS_BEFORE_SLOWING = 3


@dataclass(frozen=True, slots=True)
class AmiFigures:
    """The listener's counters at one moment, for /metrics."""

    events: int
    bytes: int
    broken: int
    connections: int
    refusals: int


def utc_now() -> datetime:
    """The clock of the running program."""
    return datetime.now(UTC)


class AmiListener:
    """The link to one PBX. `run()` returns only after `close()`; everything heard goes to `inbox`."""

    def __init__(
        self,
        account: AmiAccount,
        inbox: Callable[[InboxItem], None],
        wanted: Callable[[bytes], bool],
        *,
        on_state: Callable[[LinkState], None] | None = None,
        timing: AmiTiming | None = None,
        clock: Callable[[], datetime] = utc_now,
        tap: Callable[[bytes], None] | None = None,
    ) -> None:
        self._account = account
        self._inbox = inbox
        self._wanted = wanted
        self._on_state = on_state
        self._timing = timing or AmiTiming()
        self._clock = clock
        self._tap = tap
        self._counters = LinkCounters()
        self._session: AmiSession | None = None
        self._blind_since: datetime | None = None
        self._pbx_started: str | None = None
        self._connections = 0
        self._refusals = 0
        self._refusals_in_a_row = 0
        self._work: asyncio.Task[None] | None = None
        self._closed = False
        self._said: set[str] = set()
        self.state = LinkState(
            LinkStatus.CONNECTING, clock(), self._say(N_("Connecting to the PBX at %(place)s."))
        )
        """How the link stands now; `on_state` is told every change."""

    @property
    def figures(self) -> AmiFigures:
        """The counters now, over all connections."""
        counters = self._counters
        return AmiFigures(counters.events, counters.bytes, counters.broken, self._connections, self._refusals)

    @property
    def _is_up(self) -> bool:
        return self.state.status is LinkStatus.UP

    async def run(self) -> None:
        """Listen until `close()`; a PBX that is down, refuses or falls silent is tried again for ever."""
        if self._closed:
            return
        self._work = asyncio.create_task(self._supervise())
        try:
            await self._work
        except asyncio.CancelledError:
            if not self._closed:
                raise

    async def close(self) -> None:
        """End the link for good, also in the middle of connecting or of a pause."""
        self._closed = True
        if self._work is not None and not self._work.done():
            self._work.cancel()
            await asyncio.wait([self._work])
        self._down(N_("The CRM has stopped listening to the PBX at %(place)s."))

    def cut(self) -> None:
        """Drop the connection that stands; the next one lists everything that lives anew."""
        if self._session is not None:
            self._session.link.drop()

    async def ask(
        self, action: AmiAction, *, seconds: float | None = None, first: bool = False
    ) -> list[Message]:
        """The PBX's answer, see `AmiLink.ask`; sent once or, while the link is down, not at all."""
        if self._session is None or not self._is_up:
            raise PbxUnreachable(str(self.state.sentence))
        return await self._session.link.ask(action, seconds=seconds, first=first)

    async def _supervise(self) -> None:
        loop = asyncio.get_running_loop()
        pause = self._timing.shortest_pause
        while not self._closed:
            began = loop.time()
            was_up = await self._one_connection()
            if was_up and loop.time() - began >= self._timing.settled:
                pause = self._timing.shortest_pause
            await asyncio.sleep(self._spread(pause))
            pause = min(pause * 2, self._timing.longest_pause)

    def _spread(self, pause: float) -> float:
        """Seconds to wait, out of step with the other clients of a PBX that was restarted."""
        spread = random.uniform(0.7, 1.0)  # noqa: S311  # spread, not secrecy
        if self._refusals_in_a_row >= REFUSALS_BEFORE_SLOWING:
            return max(pause * spread, self._timing.refused_pause)
        return pause * spread

    async def _one_connection(self) -> bool:
        """Whether the log-in worked; returns when the connection is over."""
        session = self._session = self._new_session()
        try:
            await session.begin(self._blind_since, self._pbx_started)
            self._came_up(session)
            self._become(LinkStatus.DOWN, await session.stay())
            return True
        except LoginRefused as refusal:
            self._was_refused(refusal)
        except PbxUnreachable as trouble:
            self._become(
                LinkStatus.DOWN,
                self._say(N_("The PBX at %(place)s cannot be reached: %(why)s."), why=trouble),
            )
        except Exception:
            log.exception("The link to the PBX at %s failed", self._account.place)
            self._down(N_("The link to the PBX at %(place)s failed; see the log."))
        finally:
            if self._is_up and not self._closed:
                self._down(N_("The connection to the PBX at %(place)s was closed."))
            await self._end(session)
        return False

    async def _end(self, session: AmiSession) -> None:
        self._session = None
        if session.is_up:
            self._blind_since = session.link.protocol.arrived
        await session.end()

    def _new_session(self) -> AmiSession:
        return AmiSession(
            self._account,
            self._timing,
            self._wanted,
            self._inbox,
            self._rights_known,
            counters=self._counters,
            clock=self._clock,
            tap=self._tap,
        )

    def _came_up(self, session: AmiSession) -> None:
        self._connections += 1
        self._refusals_in_a_row = 0
        self._pbx_started = session.pbx_started or self._pbx_started
        self._become(LinkStatus.UP, self._say(N_("Connected to the PBX at %(place)s.")))

    def _was_refused(self, refusal: LoginRefused) -> None:
        self._refusals += 1
        self._refusals_in_a_row += 1
        template = N_(
            "The PBX at %(place)s refuses user %(user)s (%(why)s): "
            "check secret, deny and permit in manager.conf [%(user)s]."
        )
        self._become(LinkStatus.REFUSED, self._say(template, user=self._account.username, why=refusal))

    def _rights_known(self, missing: tuple[Sentence, ...]) -> None:
        if missing == self.state.advice or not self._is_up:
            return
        for sentence in missing:
            if sentence not in self.state.advice:
                log.warning("%s", sentence)
        self._show(replace(self.state, advice=missing))

    def _say(self, template: str, **values: object) -> Sentence:
        return Sentence.of(template, place=self._account.place, **values)

    def _down(self, template: str, **values: object) -> None:
        self._become(LinkStatus.DOWN, self._say(template, **values))

    def _become(self, status: LinkStatus, sentence: Sentence) -> None:
        """Change the state; an outage keeps its beginning through all the tries to end it."""
        if (status, sentence) == (self.state.status, self.state.sentence):
            return
        now = self._clock()
        starts_anew = LinkStatus.UP in (status, self.state.status)
        self._log(status, sentence, now)
        self._show(LinkState(status, now if starts_anew else self.state.since, sentence))

    def _log(self, status: LinkStatus, sentence: Sentence, now: datetime) -> None:
        """Once when the link goes, once when it is back, and once for each further reason in between."""
        lasted = timedelta(seconds=round((now - self.state.since).total_seconds()))
        if status is LinkStatus.UP:
            was_away = f" It was away for {lasted}." if self._said else ""
            self._said.clear()
            log.info("%s%s", sentence, was_away)
        elif self._closed:
            log.info("%s", sentence)
        elif str(sentence) not in self._said:
            self._said.add(str(sentence))
            was_up = f" It had been up for {lasted}." if self._is_up else ""
            log.warning("%s Trying again.%s", sentence, was_up)

    def _show(self, state: LinkState) -> None:
        self.state = state
        if self._on_state is None:
            return
        try:
            self._on_state(state)
        except Exception:
            log.exception("The state of the PBX link could not be shown")
