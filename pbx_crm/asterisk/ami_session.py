"""The life of one connection: log in, list what lives, watch for silence, look for missing rights."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from panoramisk.message import Message

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_link import AmiLink
from pbx_crm.asterisk.ami_news import Heard, InboxItem, LinkLost, LinkUp, SnapshotBegan, SnapshotEnded
from pbx_crm.asterisk.ami_protocol import LinkCounters
from pbx_crm.asterisk.ami_rights import RightsCheck
from pbx_crm.domain.errors import PbxUnreachable, RightMissing
from pbx_crm.domain.sentence import N_, Sentence

log = logging.getLogger(__name__)

SNAPSHOT = (ami_actions.core_show_channels, ami_actions.channel_status, ami_actions.queue_status)
"""Asked after every log-in. Reads only: asking again on the next connection repeats nothing."""


class AmiSession:
    """One connection's conversation; what it hears goes to `inbox` in the order of the wire."""

    def __init__(
        self,
        account: AmiAccount,
        timing: AmiTiming,
        wanted: Callable[[bytes], bool],
        inbox: Callable[[InboxItem], None],
        on_rights: Callable[[tuple[Sentence, ...]], None],
        *,
        counters: LinkCounters,
        clock: Callable[[], datetime],
        tap: Callable[[bytes], None] | None = None,
    ) -> None:
        self._account = account
        self._timing = timing
        self._inbox = inbox
        self._on_rights = on_rights
        self._clock = clock
        self._held: list[Heard] | None = []
        self.is_up = False
        """Whether `LinkUp` was told and `LinkLost` not yet."""
        self.link = AmiLink(account, timing, wanted, self._hear, counters=counters, clock=clock, tap=tap)
        self.pbx_started: str | None = None
        """Asterisk's start time in its own words and zone: good for comparing, not for a clock."""

    async def begin(self, blind_since: datetime | None, pbx_started: str | None) -> None:
        """Connect, log in and tell `LinkUp`; raises `LoginRefused` or `PbxUnreachable`.

        Events that come before the start time is known are held back, so that whoever reads the inbox
        hears of a restart before the first event after it.
        """
        await self.link.open()
        # Before the log-in, so that no event of this connection is older.
        hears_from = self._clock()
        await self.link.log_in()
        self.pbx_started = await self._ask_start()
        restarted = None not in (pbx_started, self.pbx_started) and pbx_started != self.pbx_started
        self._inbox(LinkUp(hears_from, blind_since, self.pbx_started, restarted))
        self.is_up = True
        held, self._held = self._held or [], None
        for item in held:
            self._inbox(item)

    async def stay(self) -> Sentence:
        """Listen until the link is gone or silent; the sentence says which."""
        silence = asyncio.create_task(self._watch())
        gone = asyncio.create_task(self.link.lost.wait())
        beside = [asyncio.create_task(self._list_what_lives()), asyncio.create_task(self._check_rights())]
        try:
            await asyncio.wait({silence, gone}, return_when=asyncio.FIRST_COMPLETED)
            return self._why_over(silent=silence.done())
        finally:
            await _end(silence, gone, *beside)

    async def end(self) -> None:
        """Close the connection and tell `LinkLost` if it had been up."""
        await self.link.close()
        if self.is_up:
            self.is_up = False
            self._inbox(LinkLost(self._clock(), self.link.protocol.arrived))

    def _hear(self, message: Message, at: datetime) -> None:
        """The one callback: append and return."""
        if self._held is None:
            self._inbox(Heard(message, at))
        else:
            self._held.append(Heard(message, at))

    async def _ask_start(self) -> str | None:
        try:
            answer = (await self.link.ask(ami_actions.core_status()))[0]
        except RightMissing:
            return None  # the rights check says it in words
        return f"{answer.corestartupdate} {answer.corestartuptime}".strip() or None

    async def _list_what_lives(self) -> None:
        self._inbox(SnapshotBegan(self._clock()))
        complete = True
        for action in SNAPSHOT:
            try:
                await self.link.ask(action())
            except PbxUnreachable as refusal:
                log.warning("The PBX at %s gave no list: %s", self._account.place, refusal)
                complete = False
        if self.is_up:
            self._inbox(SnapshotEnded(self._clock(), complete))
            await self._list_phones()

    async def _list_phones(self) -> None:
        """Apart from the calls: whatever becomes of it, their picture is whole."""
        try:
            await self.link.ask(ami_actions.device_state_list())
        except PbxUnreachable as refusal:
            log.debug("The PBX at %s tells no states of phones: %s", self._account.place, refusal)

    async def _watch(self) -> None:
        """Return after two pings in a row that no byte answered.

        Counted in pings, not in time passed: a machine that slept must first read what waits in its socket.
        """
        unanswered = 0
        pause = self._timing.ping
        while unanswered < 2:
            await asyncio.sleep(pause)
            heard_at = self.link.protocol.heard_at
            self.link.send_ping()
            await asyncio.sleep(self._timing.patience)
            silent = self.link.protocol.heard_at == heard_at
            unanswered = unanswered + 1 if silent else 0
            pause = 0.0 if silent else max(0.0, self._timing.ping - self._timing.patience)

    async def _check_rights(self) -> None:
        """Say which classes are missing, soon after the log-in and again while the link stands."""
        check = RightsCheck(self.link, self._account.username, self._account.writes)
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(self._timing.rights_grace)
        try:
            at_once = await check.at_log_in()
            self._on_rights(at_once)
            while True:
                await asyncio.sleep(self._timing.rights_check)
                online = asyncio.get_running_loop().time() - began
                self._on_rights(at_once + await check.later(online))
        except PbxUnreachable as trouble:
            log.debug("Rights of %s not checked: %s", self._account.username, trouble)

    def _why_over(self, *, silent: bool) -> Sentence:
        place = self._account.place
        if "Shutdown" in self.link.protocol.heard:
            return Sentence.of(N_("The PBX at %(place)s is being stopped or restarted."), place=place)
        if silent and not self.link.lost.is_set():
            return Sentence.of(N_("The PBX at %(place)s has fallen silent; the link was cut."), place=place)
        return Sentence.of(N_("The connection to the PBX at %(place)s was lost."), place=place)


async def _end(*tasks: asyncio.Task[object]) -> None:
    """Cancel the tasks and wait for them; a bug in one of them is logged, never swallowed."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            log.error("A part of the PBX link failed", exc_info=result)
