"""Time as a service takes it: a function, so that a test or a demo says what time it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)
