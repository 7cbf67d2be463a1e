"""Clients' numbers replaced by invented ones, always the same for one number: a recording to share.

Kept: the length, the country code or trunk prefix, the first digit after it, extensions, and whatever the
caller names (DIDs, trunks). `8 916 …` and `+7 916 …` of one subscriber stay one subscriber. Without the
salt nobody can tell whose number it was, or prove a guess.
"""

from __future__ import annotations

import hashlib
import hmac
import re

import phonenumbers

SHORTEST = 7
"""Digits; what is shorter is an extension, a queue, a feature code."""

_PARTS = re.compile(
    r"(?P<id>(?<![\w.])\d{9,11}\.\d+(?![\w.]))"  # Uniqueid, Linkedid, Timestamp
    r"|(?P<bridge>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
    r"|(?P<suffix>-[0-9a-f]{8}(?=[;<\r\n,]|$))"  # of a channel name
    rf"|(?P<number>(?<![\d.])\d{{{SHORTEST},15}}(?![\d.]))"
)


class Pseudonyms:
    """Hides numbers in whole messages; `region` is the country whose numbers come without a code."""

    def __init__(self, salt: bytes, region: str, keep: frozenset[str] = frozenset()) -> None:
        self._salt = salt
        self._region = region
        self._keep = frozenset(number.lstrip("+") for number in keep)

    def hide(self, message: bytes) -> bytes:
        """The message with every client's number replaced; bytes that are no UTF-8 stay as they were."""
        text = message.decode("utf-8", "surrogateescape")
        return _PARTS.sub(self._replace, text).encode("utf-8", "surrogateescape")

    def of(self, digits: str) -> str:
        """The pseudonym of one number, written the way the number was."""
        national = self._national(digits)
        prefix = digits[: len(digits) - len(national)]
        secret = hmac.new(self._salt, national.encode(), hashlib.sha256).digest()
        invented = str(int.from_bytes(secret)).zfill(len(national))[-(len(national) - 1) :]
        return f"{prefix}{national[0]}{invented}"

    def _replace(self, found: re.Match[str]) -> str:
        number = found["number"]
        return found[0] if number is None or number in self._keep else self.of(number)

    def _national(self, digits: str) -> str:
        """The subscriber's own digits at the end of the number; all of them if it is no known number."""
        for text, region in ((digits, self._region), (f"+{digits}", None)):
            try:
                number = phonenumbers.parse(text, region)
            except phonenumbers.NumberParseException:
                continue
            national = phonenumbers.national_significant_number(number)
            if phonenumbers.is_possible_number(number) and digits.endswith(national):
                return national
        return digits
