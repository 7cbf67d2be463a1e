"""Where a number is from, as far as it tells by itself: its country, and the time there.

Stands in where no range of the stored numbering plan holds the number (domain/region.py).
"""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, timezone

from pbx_crm.domain.region import Place

UNKNOWN = "Etc/Unknown"


@lru_cache(maxsize=4096)
def place_of(number: str) -> Place | None:
    """The country of an E.164 number; without zones where it could be in several."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        return None
    country = phonenumbers.region_code_for_number(parsed)
    if country is None:
        return None
    zones = timezone.time_zones_for_number(parsed)
    is_sure = len(zones) == 1 and zones[0] != UNKNOWN
    return Place(country, zones=tuple(zones) if is_sure else ())
