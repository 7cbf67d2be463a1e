"""A call for trial: one phone is rung by its own connection, and what is told of it is kept.

Only when somebody asks for it: it needs write `originate`, and a phone rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from panoramisk.message import Message

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_link import AmiLink
from pbx_crm.asterisk.ami_protocol import LinkCounters
from pbx_crm.domain.errors import RightMissing
from pbx_crm.domain.trial_checkup import Trial

RING_SECONDS, TALK_SECONDS, LONGEST_SECONDS = 20, 2, 60.0
TIMING = AmiTiming(connect=5.0, answer=5.0)


@dataclass(frozen=True, slots=True)
class Onward:
    """Where whoever picks up is put through."""

    extension: str
    """Of whoever picks up."""
    number: str
    context: str


class TrialCall:
    """One call; its channel has an id of ours, by which CEL and CRM are asked for it afterwards."""

    def __init__(self, account: AmiAccount, clock: Callable[[], datetime]) -> None:
        self.channel_id = ami_actions.new_channel_id()
        self._account = account
        self._events: list[Message] = []
        self._over = asyncio.Event()
        self._link = AmiLink(
            account, TIMING, lambda _: True, self._hear, counters=LinkCounters(), clock=clock
        )

    async def ring(self, phone: str, onward: Onward | None = None) -> Trial:
        """Rings this phone for 20 s, lets whoever picks up hear silence for two, and hangs up.

        With `onward` whoever picks up is put through there instead, and the two end the call themselves.
        `LoginRefused` or `PbxUnreachable` if the PBX lets nobody in.
        """
        await self._link.open()
        try:
            await self._link.log_in()
            await self._link.ask(self._action(phone, onward), quiet=True, first=True)
            await self._until_over()
        except RightMissing as refusal:
            return Trial(phone, self._account.username, refused=str(refusal))
        finally:
            await self._link.close()
        states = {message.channelstatedesc for message in self._events if message.event == "Newstate"}
        heard = frozenset(message.event for message in self._events)
        # A phone that picks up by itself may never say that it rings.
        answered = "Up" in states
        rang = answered or "Ringing" in states
        return Trial(phone, self._account.username, heard=heard, rang=rang, answered=answered)

    def _action(self, phone: str, onward: Onward | None) -> ami_actions.AmiAction:
        if onward is not None:
            return ami_actions.originate(
                endpoint=phone,
                number=onward.number,
                context=onward.context,
                channel_id=self.channel_id,
                caller_id="pbx-crm",
                ring_seconds=RING_SECONDS,
                variables={"CRM_EXTENSION": onward.extension},
            )
        return ami_actions.ring_for_trial(
            endpoint=phone, channel_id=self.channel_id, ring_seconds=RING_SECONDS, talk_seconds=TALK_SECONDS
        )

    def _hear(self, message: Message, _at: datetime) -> None:
        if message.uniqueid == self.channel_id:
            self._events.append(message)
            if message.event == "Hangup":
                self._over.set()

    async def _until_over(self) -> None:
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await self._over.wait()
        except TimeoutError:
            return
