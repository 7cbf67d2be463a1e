"""A clock for tests: it stands still until it is told to go on."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.builders import NOW


class TurnedClock:
    """What a service takes for the time."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """What time it is."""
        return self.now

    def go_on(self, by: timedelta) -> None:
        """Lets time pass."""
        self.now += by
