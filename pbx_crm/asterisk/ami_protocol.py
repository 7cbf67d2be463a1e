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

MOST_MARKS = 512

REPEATED_ON_PURPOSE = frozenset({"ChanVariable", "DestChanVariable"})
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


class _Marks(dict[str, str]):
    """What stands before the value of a header; asked six times an event, for the names we read."""

    def __missing__(self, header: str) -> str:
        mark = f"\r\n{header}: "
        if len(self) < MOST_MARKS:
            self[header] = mark
        return mark


_MARKS = _Marks()


class EventMessage(Message):  # type: ignore[misc]  # panoramisk ships no type hints
    """panoramisk's Message of an event, whose headers are read when they are asked for.

    An event has 25 headers and its reader asks for some six: looking those up in the text costs a fifth
    of taking all apart. Decoded as a whole with replacement characters: Asterisk cuts names at a byte,
    not at a letter. Of a repeated header the first value counts, except where Asterisk repeats it.
    """

    def __init__(self, raw: bytes) -> None:
        text = self._text = f"\r\n{raw.decode('utf-8', 'replace')}\r\n"
        self.manager = None
        self.event = text[9 : text.find("\r\n", 9)]

    def get(self, key: str, default: Any = None) -> Any:
        """The header's value, its name spelled as Asterisk does; item access takes any spelling."""
        text, mark = self._text, _MARKS[key]
        start = text.find(mark)
        if start < 0:
            return default
        if key in REPEATED_ON_PURPOSE:
            return self._store[key.lower()][1]
        start += len(mark)
        return text[start : text.find("\r\n", start)]

    def __getattr__(self, attr: str) -> Any:
        """A header in any spelling, empty if it is not there; panoramisk's own way of asking."""
        if attr == "_store":
            self._store = _all_headers(self._text)
            return self._store
        entry = self._store.get(attr.lower())
        return "" if entry is None else entry[1]


def _all_headers(text: str) -> dict[str, tuple[str, Any]]:
    """Every header the way panoramisk keeps them: lower-case name → (name, value)."""
    store: dict[str, tuple[str, Any]] = {}
    for line in text.split("\r\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            continue
        key = name.lower()
        if key not in store:
            store[key] = (name, value)
        elif name in REPEATED_ON_PURPOSE:
            earlier = store[key][1]
            store[key] = (name, [*earlier, value] if isinstance(earlier, list) else [earlier, value])
    return store


class AmiProtocol(AMIProtocol):  # type: ignore[misc]  # panoramisk ships no type hints
    """One connection's reader: wanted events and all answers become messages, the rest is dropped."""

    version: str | None

    def __init__(
        self,
        wanted: Callable[[bytes], bool],
        counters: LinkCounters,
        clock: Callable[[], datetime],
        tap: Callable[[bytes], None] | None = None,
    ) -> None:
        self._is_wanted = wanted
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
        self.heard: set[str] = set()
        """Names of the needed events that came at least once; tells which read classes surely work."""
        self.callers_gone = 0
        """Channels that began a call and went away on this connection; each leaves a CDR behind."""

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
        self._counters.messages += len(messages)
        for raw in messages:
            try:
                if raw[:7] != b"Event: ":
                    self._take_other(raw)
                elif self._is_wanted(raw):
                    self._take_wanted(raw)
                elif self.responses and b"\r\nActionID: " in raw:
                    self._give_answer(EventMessage(raw))
            except Exception as error:
                self._count_broken(type(error).__name__)

    def _take_wanted(self, raw: bytes) -> None:
        """Give an event to the callback, and also to the action that waits for it.

        Both: a list of channels belongs into the stream at the place where it stood on the wire, and an
        OriginateResponse is news for everybody.
        """
        if len(raw) > LONGEST_MESSAGE:
            self._count_broken("longer than 1 MiB")
            return
        message = EventMessage(raw)
        self._note(message)
        if self.responses:
            self._give_answer(message)
        self.factory.dispatch(message)

    def _take_other(self, raw: bytes) -> None:
        if raw.startswith(b"\r\n"):
            # A value that ends with a line end of its own (MixMonitor's TestEvent) leaves one over.
            self._take_all([raw.lstrip(b"\r\n")])
        elif len(raw) > LONGEST_MESSAGE:
            self._count_broken("longer than 1 MiB")
        else:
            self._give_answer(self._answer_from(raw))

    def _note(self, message: EventMessage) -> None:
        self._counters.events += 1
        self.heard.add(message.event)
        if message.event == "Hangup":
            # The phones of a queue that lost the race hang up at the answer, long before any CDR.
            self.callers_gone += message.get("Uniqueid") == message.get("Linkedid")

    def _give_answer(self, message: Message | None) -> None:
        action_id = message.action_id if message is not None else None
        pending = self.responses.get(action_id) if action_id else None
        if pending is not None and pending.add_message(message):
            self.responses.pop(action_id, None)

    def _answer_from(self, raw: bytes) -> Message | None:
        """The answer to an action in panoramisk's own reading; None for anything else, the greeting too."""
        text = raw.decode("utf-8", "replace").strip()
        if self.version is None and text.startswith("Asterisk Call Manager/"):
            # The greeting is closed by one line end only, so the first answer hangs on it.
            self.version, _, text = text.partition("/")[2].partition("\r\n")
        return Message.from_line(text)

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
