"""The second factor of a log-in: six digits of an authenticator app, or a recovery code instead."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

STEP_SECONDS = 30
"""How long one code is shown (RFC 6238)."""
DRIFT = 1
"""Steps that the phone's clock may be ahead or behind."""
DIGITS = 6
RECOVERY_CODES = 8
RECOVERY_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""None that is taken for another when read from paper."""
RECOVERY_LENGTH = 16
GROUP = 4


@dataclass(frozen=True, slots=True)
class FactorState:
    """What a person's own page shows of their second factor."""

    since: datetime | None = None
    """None: it is off."""
    codes_left: int = 0
    is_wanted: bool = False
    """Whether the company wants this person to have one."""


def plain(typed: str) -> str:
    """A code as it is compared: Latin digits, capital letters, no spaces and no hyphens."""
    return "".join(_plain(letter) for letter in typed if letter not in "-–—" and not letter.isspace())


def _plain(letter: str) -> str:
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else letter.upper()


def is_code(written: str) -> bool:
    """Whether this is what an authenticator app shows, rather than a recovery code."""
    return len(written) == DIGITS and written.isascii() and written.isdecimal()


def steps_at(now: datetime) -> range:
    """The steps whose codes are taken at this moment, the oldest first."""
    step = int(now.timestamp()) // STEP_SECONDS
    return range(step - DRIFT, step + DRIFT + 1)


def in_groups(code: str) -> str:
    """A code as it is written down, `ABCD-EFGH-JKLM-NPQR`."""
    return "-".join(code[start : start + GROUP] for start in range(0, len(code), GROUP))
