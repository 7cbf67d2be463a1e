"""The time zones one may choose from."""

from __future__ import annotations

from collections.abc import KeysView
from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> KeysView[str]:
    """IANA names in their order; looked for once, for that reads the head of six hundred files."""
    return dict.fromkeys(sorted(available_timezones())).keys()
