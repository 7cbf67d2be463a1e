"""One connection to one PBX, from the first byte to the last; never used a second time.

panoramisk's Manager does the log-in, the action ids and the dispatch. Its reconnecting, its unchecked
pings and its resending of unanswered actions (an Originate would dial twice) are switched off here:
`ami_listener.py` decides when to connect again, and a new connection starts with empty hands.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import datetime
from typing import Any

from panoramisk.actions import Action
from panoramisk.manager import Manager
from panoramisk.message import Message

from pbx_crm.asterisk import ami_actions
from pbx_crm.asterisk.ami_account import AmiAccount, AmiTiming
from pbx_crm.asterisk.ami_actions import AmiAction
from pbx_crm.asterisk.ami_protocol import AmiProtocol, LinkCounters
from pbx_crm.domain.errors import LoginRefused, PbxUnreachable, RightMissing


class OneConnection(Manager):  # type: ignore[misc]  # panoramisk ships no type hints
    """panoramisk's Manager for exactly one connection."""

    def __init__(self, **config: Any) -> None:
        super().__init__(**config)
        # FullyBooted would make panoramisk resend what an earlier connection left unanswered.
        self.patterns.clear()
        self.callbacks.clear()

    def dispatch(self, event: Message) -> None:
        """Call the callbacks of `*`; a regular expression per event and pattern is spared."""
        for callback in self.callbacks["*"]:
            callback(self, event)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell the link; panoramisk would connect again by itself, even after close()."""
        self.on_disconnect(self, exc)

    def ping(self) -> None:
        """Do nothing: the listener pings, and looks whether an answer comes."""


class AmiLink:
    """A connection that says what it hears through `on_message` and answers `ask`."""

    def __init__(
        self,
        account: AmiAccount,
        timing: AmiTiming,
        wanted: Callable[[bytes], bool],
        on_message: Callable[[Message, datetime], None],
        *,
        counters: LinkCounters,
        clock: Callable[[], datetime],
        tap: Callable[[bytes], None] | None = None,
    ) -> None:
        self._account = account
        self._timing = timing
        self._on_message = on_message
        self._quiet: set[str] = set()
        self._open = False
        self.lost = asyncio.Event()
        """Set once the connection is gone, whoever ended it."""
        self.protocol = AmiProtocol(wanted, counters, clock, tap)
        self._panoramisk = OneConnection(
            loop=asyncio.get_running_loop(),
            protocol_factory=lambda: self.protocol,
            on_disconnect=self._on_disconnect,
        )
        self._panoramisk.register_event("*", self._on_event)

    async def open(self) -> None:
        """Connect within the time-out; `PbxUnreachable` if nobody takes the connection."""
        loop = asyncio.get_running_loop()
        account = self._account
        try:
            trusted = await asyncio.to_thread(trust, account) if account.tls else None
            async with asyncio.timeout(self._timing.connect):
                made = await loop.create_connection(
                    lambda: self.protocol, account.host, account.port, ssl=trusted
                )
        except TimeoutError:
            raise PbxUnreachable(f"no answer within {self._timing.connect:g} s") from None
        except ssl.SSLCertVerificationError as error:
            words = f"its certificate is not trusted ({error.verify_message}); name its PEM file as tls_ca"
            raise PbxUnreachable(words) from error
        except (OSError, ValueError) as error:
            raise PbxUnreachable(_system_words(error)) from error
        handed_over: asyncio.Future[tuple[asyncio.BaseTransport, AmiProtocol]] = loop.create_future()
        handed_over.set_result(made)
        self._panoramisk.connection_made(handed_over)
        self._open = True

    async def log_in(self) -> None:
        """Open the session; `LoginRefused` with the PBX's own words if it does not let us in."""
        try:
            await self.ask(ami_actions.log_in(self._account.username, self._account.secret))
        except RightMissing as refusal:
            raise LoginRefused(str(refusal)) from None

    async def ask(
        self, action: AmiAction, *, quiet: bool = False, seconds: float | None = None, first: bool = False
    ) -> list[Message]:
        """The answer, for a list all its messages; list events also reach `on_message` unless `quiet`.

        With `first` the first message is the answer: of an Originate, that it is queued, not how it ended.

        Raises `RightMissing` with the PBX's words if it answers Error, `PbxUnreachable` if it does not
        answer in time or the connection goes. Nothing is sent a second time.
        """
        if not self._open or self.lost.is_set():
            raise PbxUnreachable("There is no connection to the PBX.")
        sent = Action(action.as_headers())
        if quiet:
            self._quiet.add(sent.id)
        try:
            # Not wait_for: Python 3.11's swallows a cancellation that comes together with the answer.
            async with asyncio.timeout(seconds or self._timing.answer):
                as_list = False if first else None
                answer: Any = await self._panoramisk.send_action(sent, as_list=as_list)
        except TimeoutError:
            raise PbxUnreachable(f"The PBX did not answer {action.name}.") from None
        finally:
            self.protocol.responses.pop(sent.id, None)
            self._quiet.discard(sent.id)
        messages: list[Message] = answer if isinstance(answer, list) else [answer]
        if not messages[0].success:
            raise RightMissing(messages[0].message or "refused", action=action.name)
        return messages

    def send_ping(self) -> None:
        """Ask for a sign of life without waiting; any byte counts as the answer."""
        sent = Action(ami_actions.ping().as_headers())
        self._panoramisk.send_action(sent)
        # The Pong needs no receiver; without this every unanswered ping would stay for ever.
        self.protocol.responses.pop(sent.id, None)

    async def close(self) -> None:
        """End the connection, with a good-bye if the PBX listens; safe to call at any time, twice too."""
        if self._open and not self.lost.is_set():
            self._panoramisk.send_action(ami_actions.log_off().as_headers())
            self.protocol.fail_pending()
            self._panoramisk.close()
        self.drop()

    def drop(self) -> None:
        """End the connection at once; a dead peer would never take the last bytes."""
        if self._panoramisk.pinger is not None:
            self._panoramisk.pinger.cancel()
        if self._open:
            self.protocol.fail_pending()
            self.protocol.transport.abort()
        self.lost.set()

    def _on_event(self, _: Manager, message: Message) -> None:
        if message.action_id not in self._quiet:
            self._on_message(message, self.protocol.arrived)

    def _on_disconnect(self, _: Manager, __: BaseException | None) -> None:
        self.lost.set()


def trust(account: AmiAccount) -> ssl.SSLContext:
    """Whom to believe that they are the PBX; OSError for a `tls_ca` that cannot be read.

    A certificate that is named itself is the PBX's whatever name stands in it: Asterisk's own script
    (`ast_tls_cert`) makes them without the names that a check of the host would ask for.
    """
    context = ssl.create_default_context(cafile=account.tls_ca)
    if account.tls_ca is not None:
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _system_words(error: Exception) -> str:
    """What the system says, without the address that stands in the sentence already."""
    return getattr(error, "strerror", None) or str(error)
