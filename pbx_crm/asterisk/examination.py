"""A short look at a PBX for the doctor, on a connection of its own: what it answers, what it lets us hear.

Only reads are asked; the running listener is not disturbed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from panoramisk.message import Message

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_actions import AmiAction
from pbx_crm.asterisk.ami_link import AmiLink
from pbx_crm.asterisk.ami_protocol import LinkCounters
from pbx_crm.asterisk.wiring_look import look_at_wiring
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.errors import RightMissing
from pbx_crm.domain.pbx_checkup import PbxPicture

PATIENCE = AmiTiming(connect=5.0, answer=5.0)
BOOTED_SECONDS = 1.0
"""FullyBooted follows the log-in at once."""
MANY_CHANNELS = 200


class Examination:
    """One look; `look()` gives the picture."""

    def __init__(
        self,
        account: AmiAccount,
        shape: PbxShape,
        clock: Callable[[], datetime],
        contexts: Collection[str] = (),
    ) -> None:
        """`contexts` are those the dialplan should have."""
        self._account = account
        self._contexts = contexts
        self._shape = shape
        self._clock = clock
        self._events: list[Message] = []
        self._link = AmiLink(
            account,
            PATIENCE,
            lambda _: True,
            lambda message, _: self._events.append(message),
            counters=LinkCounters(),
            clock=clock,
        )

    async def look(self, listen_seconds: float) -> PbxPicture:
        """What the PBX shows while we listen; `LoginRefused` or `PbxUnreachable` if it lets nobody in."""
        await self._link.open()
        try:
            await self._link.log_in()
            return await self._look(listen_seconds)
        finally:
            await self._link.close()

    async def _look(self, listen_seconds: float) -> PbxPicture:
        began = asyncio.get_running_loop().time()
        settings = await self._first(ami_actions.core_settings())
        commands = await self._first(ami_actions.list_commands())
        ahead = await self._clock_ahead()
        await asyncio.sleep(max(listen_seconds, BOOTED_SECONDS))
        channels = await self._channels()
        return PbxPicture(
            user=self._account.username,
            place=self._account.place,
            is_local=_is_local(self._account.host),
            tls=self._account.tls,
            version=str(settings.asteriskversion) if settings else "",
            cdr_enabled=_yes_or_no(settings.corecdrenabled) if settings else None,
            commands=_names(commands),
            booted="FullyBooted" in self._names_heard(),
            ahead=ahead,
            heard=self._names_heard(),
            stamped=self._stamped(),
            told_variables=_variables([*channels, *self._live()]),
            unannounced=self._unannounced(channels, asyncio.get_running_loop().time() - began),
            answered_over=self._answered_over(),
            listened_seconds=listen_seconds,
            wiring=await look_at_wiring(
                self._link, tuple(self._events), self._shape, self._clock(), self._contexts
            ),
        )

    async def _first(self, action: AmiAction) -> Message | None:
        try:
            return (await self._link.ask(action, quiet=True, first=True))[0]
        except RightMissing:
            return None

    async def _channels(self) -> list[Message]:
        try:
            answer = await self._link.ask(ami_actions.core_show_channels(), quiet=True)
        except RightMissing:
            return []
        return [message for message in answer if message.event == "CoreShowChannel"][:MANY_CHANNELS]

    async def _clock_ahead(self) -> timedelta | None:
        """By the time in the answer to a ping, half of its way taken off."""
        asked = self._clock()
        answer = await self._first(ami_actions.ping())
        way = self._clock() - asked
        try:
            told = datetime.fromtimestamp(float(answer.timestamp if answer else ""), UTC)
        except ValueError:
            return None
        return told - (asked + way / 2)

    def _names_heard(self) -> frozenset[str]:
        return frozenset(message.event for message in self._events)

    def _live(self) -> list[Message]:
        """Events of channels: the one that FullyBooted is at the log-in is written past every setting."""
        return [message for message in self._events if message.uniqueid]

    def _stamped(self) -> bool | None:
        events = self._live()
        return all(message.timestamp for message in events) if events else None

    def _unannounced(self, channels: list[Message], online_seconds: float) -> int:
        announced = {message.uniqueid for message in self._events if message.event == "Newchannel"}
        return sum(
            _clock_seconds(channel.duration) < online_seconds - 1 and channel.uniqueid not in announced
            for channel in channels
        )

    def _answered_over(self) -> int:
        up = {m.uniqueid for m in self._events if m.event == "Newstate" and m.channelstatedesc == "Up"}
        return len(up & {message.uniqueid for message in self._events if message.event == "Hangup"})


def _names(answer: Message | None) -> frozenset[str] | None:
    if answer is None or "Ping" not in answer:
        return None  # Ping needs no class: an answer without it is no list of commands.
    return frozenset(answer)


def _variables(messages: list[Message]) -> frozenset[str] | None:
    """Names in the ChanVariable headers; Asterisk sends the configured ones also where they are empty."""
    if not messages:
        return None
    told = [message.get("ChanVariable") or [] for message in messages]
    texts = [text for item in told for text in ([item] if isinstance(item, str) else item)]
    return frozenset(text.partition("=")[0] for text in texts)


def _yes_or_no(text: str) -> bool | None:
    return {"yes": True, "no": False}.get(text.lower())


def _clock_seconds(text: str) -> float:
    """Seconds of `HH:MM:SS`; endless for anything else."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return float("inf")
    hours, minutes, seconds = map(int, parts)
    return hours * 3600.0 + minutes * 60 + seconds


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
