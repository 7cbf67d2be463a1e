"""Tell a recording again as if it happened now, to other people, on another PBX.

Every playing gets its own Uniqueids, Linkedids, channel names and bridges, so that two playings of one
tape can run side by side; names and numbers are replaced as whole words wherever they stand (in headers,
channel names, dial strings, file names).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from uuid import NAMESPACE_OID, uuid5

from pbx_crm.asterisk.ami_wire import BLANK_LINE
from pbx_crm.asterisk.tape import Segment, Tape

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_STAMP = r"(?<=Timestamp: )\d{9,11}\.\d+"
_UNIQUEID = r"(?<![\w.])\d{9,11}\.\d+(?![\w.])"
_SUFFIX = r"-[0-9a-f]{8}(?=[;<\r\n,]|$)"
_MOMENT = r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d"
"""Start and end in Cdr, EventTV of security events; parts of a second and the zone stay."""
_EVENT_LINE = re.compile(r"^(Event: [^\r\n]*\r\n)")
_CHOSEN_ID = re.compile(rb"\r\n(?:Dest)?Uniqueid: ([^\r\n]*[^\d.\r\n][^\r\n]*)(?=\r\n|$)")


@dataclass(frozen=True)
class Retelling:
    """What is different this time."""

    seconds: int = 0
    """How much later it happens; whole seconds, so that the parts of a second stay as recorded."""
    number: int = 0
    """Which playing this is; two of different number share no Uniqueid, channel name or bridge."""
    words: Mapping[str, str] = field(default_factory=dict)
    """Whole words to replace: extensions, numbers, trunk, queue, context names, technologies."""
    systemname: str = ""
    """As `systemname` in asterisk.conf: prefixed to every Uniqueid, and a header of every event."""

    def tell(self, message: bytes) -> bytes:
        """This message in the new words."""
        # Bytes that are no UTF-8 (Asterisk 16 lets them through) must come out as they were.
        text = self._pattern.sub(self._replace, message.decode("utf-8", "surrogateescape"))
        if self.systemname:
            text = _EVENT_LINE.sub(
                lambda event: f"{event[1]}SystemName: {self.systemname}\r\n", text, count=1
            )
        return text.encode("utf-8", "surrogateescape")

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = [rf"(?P<stamp>{_STAMP})", rf"(?P<bridge>{_UUID})", rf"(?P<moment>{_MOMENT})"]
        parts += [rf"(?P<uniqueid>{_UNIQUEID})", rf"(?P<suffix>{_SUFFIX})"]
        if self.words:
            longest_first = sorted(self.words, key=len, reverse=True)
            parts.append(rf"(?<!\w)(?P<word>{'|'.join(map(re.escape, longest_first))})(?!\w)")
        return re.compile("|".join(parts))

    def _replace(self, found: re.Match[str]) -> str:
        text = found[0]
        match found.lastgroup:
            case "stamp":
                whole, _, part = text.partition(".")
                return f"{int(whole) + self.seconds}.{part}"
            case "bridge":
                return str(uuid5(NAMESPACE_OID, f"{self.number} {text}")) if self.number else text
            case "moment":
                later = datetime.fromisoformat(text) + timedelta(seconds=self.seconds)
                return later.isoformat(sep=text[10])
            case "uniqueid":
                return self._uniqueid(text)
            case "suffix":
                return f"-{(int(text[1:], 16) + (self.number << 16)) & 0xFFFFFFFF:08x}"
            case _:
                return self.words[text]

    def _uniqueid(self, text: str) -> str:
        epoch, _, counter = text.partition(".")
        prefix = f"{self.systemname}-" if self.systemname else ""
        return f"{prefix}{int(epoch) + self.seconds}.{int(counter) + self.number * 100_000}"


def chosen_ids(tape: Tape) -> set[str]:
    """Uniqueids that an originate chose itself (`ChannelId`); a retelling must name others for them."""
    found = {match for segment in tape.segments for match in _CHOSEN_ID.findall(segment.raw)}
    return {
        text for raw in found if not re.search(r"-?\d{9,11}\.\d+$|<", text := raw.decode("utf-8", "replace"))
    }


def retell(tape: Tape, retelling: Retelling) -> Tape:
    """The tape in the new words; every message comes when it came."""
    return Tape(tape.name, tuple(_retold(segment, retelling) for segment in tape.segments))


def _retold(segment: Segment, retelling: Retelling) -> Segment:
    raw = bytearray()
    offsets: list[int] = []
    seconds: list[float] = []
    for second, message in segment.messages():
        offsets.append(len(raw))
        seconds.append(second)
        raw += retelling.tell(message) + BLANK_LINE
    return Segment(bytes(raw), tuple(offsets), tuple(seconds))
