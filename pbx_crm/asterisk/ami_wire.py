"""AMI's bytes outside a live connection: cut them into messages, and a message into headers.

Works wherever the bytes are split, in the middle of a letter too: nothing is decoded before its message
is whole.
"""

from __future__ import annotations

BLANK_LINE = b"\r\n\r\n"
LONGEST_MESSAGE = 1024 * 1024
"""Bytes; what is longer is skipped, and counted. The longest honest event seen is 3 kB."""


class MessageSplitter:
    """Takes bytes as they come and gives back whole messages, without the blank line that ends them."""

    def __init__(self) -> None:
        self.too_long = 0
        self._buffer = bytearray()
        self._skipping = False

    def feed(self, data: bytes) -> list[bytes]:
        """Messages that are whole now; the rest waits for more."""
        self._buffer += data
        *whole, rest = bytes(self._buffer).split(BLANK_LINE)
        if self._skipping and whole:
            self._skipping = False
            del whole[0]
        kept = [raw for raw in whole if len(raw) <= LONGEST_MESSAGE]
        self.too_long += len(whole) - len(kept)
        self._keep(rest)
        # An event whose last value ends a line itself (TestEvent of MixMonitor) leaves a line end over.
        return [message for raw in kept if (message := raw.lstrip(b"\r\n"))]

    def _keep(self, rest: bytes) -> None:
        if len(rest) > LONGEST_MESSAGE:
            self.too_long += not self._skipping
            self._skipping = True
            rest = rest[-len(BLANK_LINE) + 1 :]
        self._buffer = bytearray(rest)


def headers_of(raw: bytes) -> dict[str, str | list[str]]:
    """Header → value of one message; a header that came several times holds the list of its values.

    Decoded as a whole, with replacement characters: Asterisk 16 cuts names in the middle of a letter.
    """
    lines = raw.decode("utf-8", "replace").split("\r\n")
    pairs = [line.partition(": ")[::2] for line in lines]
    headers: dict[str, str | list[str]] = dict(pairs)
    return headers if len(headers) == len(lines) else _with_repeated(pairs)


def _with_repeated(pairs: list[tuple[str, str]]) -> dict[str, str | list[str]]:
    headers: dict[str, str | list[str]] = {}
    for name, value in pairs:
        earlier = headers.get(name)
        if earlier is None:
            headers[name] = value
        else:
            headers[name] = [*earlier, value] if isinstance(earlier, list) else [earlier, value]
    return headers
