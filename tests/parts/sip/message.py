"""SIP messages as values: read from the wire, written to it, and answered."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass

Headers = tuple[tuple[str, str], ...]

SHORT_NAMES = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
ECHOED = ("via", "from", "to", "call-id", "cseq")
TAG = re.compile(r";tag=([^;>\s]+)")
URI = re.compile(r"<([^>]+)>")
USER = re.compile(r"sips?:([^@;>]*)@")


class BrokenMessage(ValueError):
    """These bytes are no SIP message."""


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request or a response; header names keep their case and are looked up without it."""

    first_line: str
    headers: Headers
    body: str = ""

    @classmethod
    def parse(cls, data: bytes) -> SipMessage:
        """The message in this datagram; raises BrokenMessage."""
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        first_line, *lines = head.split("\r\n")
        pairs = [line.partition(":") for line in lines]
        if not first_line or not all(colon for _, colon, _ in pairs):
            raise BrokenMessage(first_line)
        return cls(first_line, tuple((name.strip(), value.strip()) for name, _, value in pairs), body)

    def encode(self) -> bytes:
        """The datagram; Content-Length is put in here."""
        body = self.body.encode()
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

    def all(self, name: str) -> list[str]:
        """Every value of this header, top down."""
        wanted = name.lower()
        return [value for key, value in self.headers if SHORT_NAMES.get(key.lower(), key.lower()) == wanted]

    def get(self, name: str) -> str:
        """The first value of this header, empty where there is none."""
        return next(iter(self.all(name)), "")

    @property
    def status(self) -> int | None:
        """The status of a response, None for a request."""
        return int(self.first_line.split()[1]) if self.first_line.startswith("SIP/2.0 ") else None

    @property
    def method(self) -> str:
        """INVITE, BYE, …: of the request itself, or of the one a response answers."""
        return self.get("cseq").split()[-1] if self.status is not None else self.first_line.split()[0]

    @property
    def cseq(self) -> int:
        """The number in CSeq."""
        return int(self.get("cseq").split()[0])

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self.get("call-id")

    @property
    def branch(self) -> str:
        """The branch of the topmost Via: the key of the transaction."""
        found = re.search(r"branch=([^;\s]+)", self.get("via"))
        return found.group(1) if found else ""

    @property
    def to_user(self) -> str:
        """The user part of the request's URI: the number that was called."""
        found = USER.search(self.first_line)
        return found.group(1) if found else ""

    def tag(self, header: str) -> str:
        """The tag of From or To, empty where there is none."""
        found = TAG.search(self.get(header))
        return found.group(1) if found else ""

    def contact_uri(self) -> str:
        """Where requests within the dialog go."""
        found = URI.search(self.get("contact"))
        return found.group(1) if found else ""

    def answer(
        self,
        status: int,
        reason: str,
        *,
        tag: str = "",
        extra: Iterable[tuple[str, str]] = (),
        body: str = "",
    ) -> SipMessage:
        """A response to this request; the tag goes on To where the request has none."""
        echoed = [(name, value) for name, value in self.headers if name.lower() in ECHOED]
        if tag and not self.tag("to"):
            echoed = [(n, f"{v};tag={tag}" if n.lower() == "to" else v) for n, v in echoed]
        return SipMessage(f"SIP/2.0 {status} {reason}", (*echoed, *extra), body)


def new_token() -> str:
    """A random word for tags, branches and Call-IDs."""
    return secrets.token_hex(8)


def silence_offer(address: str, port: int, direction: str = "sendrecv", *, keys_in_rtp: bool = False) -> str:
    """An SDP body: one G.711 A-law stream; `sendonly` puts the other side on hold."""
    kinds = (
        ("8", "a=rtpmap:8 PCMA/8000"),
        *((("101", "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16"),) if keys_in_rtp else ()),
    )
    lines = (
        "v=0",
        # chan_sip ignores a body whose session version does not grow: the hold would go unseen.
        f"o=phone 1 {time.time_ns() // 1_000_000} IN IP4 {address}",
        "s=-",
        f"c=IN IP4 {address}",
        "t=0 0",
        f"m=audio {port} RTP/AVP {' '.join(number for number, _ in kinds)}",
        *(told for _, told in kinds),
        f"a={direction}",
    )
    return "\r\n".join(lines) + "\r\n"


def media_address(body: str) -> tuple[str, int] | None:
    """Address and port the other side wants audio at; None where the body names none."""
    address = re.search(r"^c=IN IP4 (\S+)", body, re.MULTILINE)
    port = re.search(r"^m=audio (\d+)", body, re.MULTILINE)
    if address is None or port is None:
        return None
    return address.group(1), int(port.group(1))
