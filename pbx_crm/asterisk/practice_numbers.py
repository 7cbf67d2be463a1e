"""Clients of the practice PBX: numbers as they look in Russia, some of whom call again."""

from __future__ import annotations

import random
from collections import deque

MOBILE = ("903", "905", "909", "910", "915", "916", "921", "925", "926", "950", "963", "977", "985", "999")
CITY = ("495", "499", "812", "343", "383", "843", "846", "861", "831", "473")
CALLS_AGAIN = 0.3
REMEMBERED = 40


class Clients:
    """Gives the number of the next caller; a known client comes back on purpose."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._known: deque[str] = deque(maxlen=REMEMBERED)

    def next(self, busy: frozenset[str]) -> str:
        """A number that is not on the line just now."""
        known = [number for number in self._known if number not in busy]
        if known and self._dice.random() < CALLS_AGAIN:
            return self._dice.choice(known)
        number = self._fresh()
        while number in busy or number in self._known:
            number = self._fresh()
        self._known.append(number)
        return number

    def _fresh(self) -> str:
        codes = MOBILE if self._dice.random() < 0.8 else CITY
        # A first digit of 2 to 9: city numbers do not begin with 0 or 1.
        return f"7{self._dice.choice(codes)}{self._dice.randrange(2_000_000, 9_999_999)}"
