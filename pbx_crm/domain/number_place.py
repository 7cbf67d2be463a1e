"""Where a number is from, as far as the number itself tells: its country, and the time there.

A mobile number carries its country and nothing more in most of the world; where a country has several
time zones, no hour is told rather than a guessed one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, timezone

UNKNOWN = "Etc/Unknown"


@dataclass(frozen=True, slots=True)
class NumberPlace:
    """What a number tells of its place."""

    country: str | None
    """ISO 3166 code."""
    zone: str | None
    """IANA zone; None where the number could be in several."""


@lru_cache(maxsize=4096)
def place_of(number: str) -> NumberPlace:
    """The place of an E.164 number."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return NumberPlace(None, None)
    zones = timezone.time_zones_for_number(parsed)
    only = zones[0] if len(zones) == 1 and zones[0] != UNKNOWN else None
    return NumberPlace(phonenumbers.region_code_for_number(parsed), only)
