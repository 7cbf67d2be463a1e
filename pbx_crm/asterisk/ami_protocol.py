"""The bytes of one AMI connection, made into panoramisk messages without losing or inventing any.

panoramisk's own protocol decodes each TCP chunk by itself (a letter split between two reads is lost),
keeps an unfinished message without limit, lets one bad event close the connection, and parses every
event in full although four of five are of no use here. This class replaces only that part: it plugs
into panoramisk's Manager as `protocol_factory`; actions, ids and callbacks stay panoramisk's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from panoramisk.ami_protocol import AMIProtocol
from panoramisk.message import Message

from pbx_crm.asterisk.ami_actions import refuse_unsafe
from pbx_crm.domain.errors import PbxUnreachable

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger(__name__)

BLANK_LINE = b"\r\n\r\n"
LONGEST_MESSAGE = 1024 * 1024
"""Bytes. The longest honest event seen is 3 kB; a message without an end must not fill the memory."""

REPEATED_ON_PURPOSE = frozenset({"chanvariable", "destchanvariable", "variable"})
"""Headers Asterisk itself sends once per value; any other repetition is somebody's invention."""


@dataclass(slots=True)
class LinkCounters:
    """What came over the wire since the start, over all connections; read by /metrics."""

    messages: int = 0
    """Whole messages, the skipped ones included."""
    events: int = 0
    """Events somebody here needs."""
    bytes: int = 0
    broken: int = 0
    """Messages skipped because they were too long or could not be read."""


def message_from(raw: bytes) -> Message:
    """The panoramisk message in these bytes (no blank line at the end), filled without its slow path.

    Decoded as a whole with replacement characters: Asterisk cuts names at a byte, not at a letter.
    A repeated header keeps its first value, except those that Asterisk repeats on purpose: they are lists.
    """
    store: dict[str, tuple[str, Any]] = {}
    for line in raw.decode("utf-8", "replace").split("\r\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            continue
        key = name.lower()
        if key not in store:
            store[key] = (name, value)
        elif key in REPEATED_ON_PURPOSE:
            earlier = store[key][1]
            store[key] = (name, [*earlier, value] if isinstance(earlier, list) else [earlier, value])
    message = Message.__new__(Message)
    message._store = store
    message.manager = None
    return message


class AmiProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no type hints
    """One connection's reader: `needed` events and all answers become messages, the rest is dropped."""

    version: str | None

    def __init__(
        self,
        needed: frozenset[str],
        counters: LinkCounters,
        clock: Callable[[], datetime],
        tap: Callable[[bytes], None] | None = None,
    ) -> None:
        self._needed = frozenset(name.encode() for name in needed)
        self._counters = counters
        self._clock = clock
        self._tap = tap
        self._buffer = bytearray()
        self._searched = 0
        self._skipping = False
        self._complained = False
        self.arrived = clock()
        """When the bytes of the message now handled came, aware UTC."""
        self.heard_at = time.monotonic()
        """When the last bytes came, for the watchdog; a stepped clock must not cut the link."""
        self.heard: set[bytes] = set()
        """Names of the needed events that came at least once; tells which read classes surely work."""
        self.hang_ups = 0
        """Channels that went away on this connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection stands; panoramisk hands over its own parts a moment later."""
        super().connection_made(transport)
        self.heard_at = time.monotonic()

    def send(self, data: Any, as_list: bool | None = None) -> Any:
        """Future of the answer; refuses what would become a second action on the wire (`BadInput`)."""
        refuse_unsafe(data)
        return super().send(data, as_list=as_list)

    def data_received(self, data: bytes) -> None:
        """Handle every message that is whole by now; the rest waits for more bytes."""
        self.heard_at = time.monotonic()
        self.arrived = self._clock()
        self._counters.bytes += len(data)
        if self._tap is not None:
            self._tap(data)
        self._buffer += data
        end = self._buffer.rfind(BLANK_LINE, self._searched)
        if end >= 0:
            whole = bytes(self._buffer[:end])
            del self._buffer[: end + len(BLANK_LINE)]
            self._take_all(whole.split(BLANK_LINE))
        self._cap_buffer()

    def _cap_buffer(self) -> None:
        """Forget what is longer than any honest message, up to its end wherever that will be."""
        if len(self._buffer) > LONGEST_MESSAGE:
            if not self._skipping:
                self._count_broken("longer than 1 MiB")
            self._skipping = True
            del self._buffer[: -len(BLANK_LINE) + 1]
        # The blank line may be split between two reads, so its first bytes are looked at again.
        self._searched = max(0, len(self._buffer) - len(BLANK_LINE) + 1)

    def _take_all(self, messages: list[bytes]) -> None:
        if self._skipping:
            self._skipping = False
            del messages[0]
        for raw in messages:
            self._counters.messages += 1
            try:
                self._take(raw)
            except Exception as error:
                self._count_broken(type(error).__name__)

    def _take(self, raw: bytes) -> None:
        if len(raw) > LONGEST_MESSAGE:
            self._count_broken("longer than 1 MiB")
        elif raw.startswith(b"Event: "):
            if self._wanted(raw):
                self.handle_message(message_from(raw))
        else:
            self.handle_message(self._answer_from(raw))

    def _wanted(self, raw: bytes) -> bool:
        """Whether somebody reads this event: by its name, or because an action waits for it."""
        name = raw[7:64].partition(b"\r\n")[0]
        if name in self._needed:
            self.heard.add(name)
            self.hang_ups += name == b"Hangup"
            self._counters.events += 1
            return True
        return bool(self.responses) and b"\r\nActionID: " in raw

    def _answer_from(self, raw: bytes) -> Message | None:
        """The answer to an action in panoramisk's own reading; None for anything else, the greeting too."""
        text = raw.decode("utf-8", "replace").strip()
        if self.version is None and text.startswith("Asterisk Call Manager/"):
            # The greeting is closed by one line end only, so the first answer hangs on it.
            self.version, _, text = text.partition("/")[2].partition("\r\n")
        return Message.from_line(text)

    def handle_message(self, message: Message | None) -> None:
        """Give an answer to the action that waits for it, and every event to the callback.

        Both for events that answer an action: a list of channels belongs into the stream at the place
        where it stood on the wire, and an OriginateResponse is news for everybody.
        """
        if message is None:
            return
        action_id = message.action_id
        pending = self.responses.get(action_id) if action_id else None
        if pending is not None and pending.add_message(message):
            self.responses.pop(action_id, None)
        if "event" in message and message["event"].encode() in self._needed:
            self.factory.dispatch(message)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Tell the link once; nothing unanswered is kept, so nothing can be sent a second time."""
        if not self.closed:
            self.fail_pending()
            super().connection_lost(exc)

    def fail_pending(self) -> None:
        """Wake everybody who waits for an answer: it will not come. panoramisk would send it again."""
        for pending in self.responses.values():
            if not pending.future.done():
                pending.future.set_exception(PbxUnreachable("The connection to the PBX was lost."))
                pending.future.exception()  # read once, so that an answer nobody waits for is not logged
        self.responses.clear()

    def _count_broken(self, why: str) -> None:
        """Count, and say it once a connection; never the content: it may hold a client's number."""
        self._counters.broken += 1
        if not self._complained:
            self._complained = True
            log.warning("A message of the PBX could not be read and was skipped: %s", why)
