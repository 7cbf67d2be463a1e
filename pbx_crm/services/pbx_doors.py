"""Which PBX's dialplan is asking: known by its token and its address, or nobody's."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.services.clock import Clock

log = structlog.get_logger(__name__)

SAID_AGAIN_AFTER = timedelta(minutes=1)
"""A dialplan with a wrong token asks at every call; the log needs to hear of it once a minute."""


class PbxDoors:
    """The doors of all configured PBXes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._doors: list[PbxDoor] = []
        self._said_at: datetime | None = None

    def open(self, door: PbxDoor) -> None:
        """This PBX's dialplan may ask from now on."""
        self._doors.append(door)

    def of(self, token: str, address: str) -> PbxDoor | None:
        """The door of whoever shows this token from this address; None for a stranger, noted in the log."""
        # Every door is tried, so that the time tells nothing.
        admitting = [door for door in self._doors if door.admits(token, address)]
        if not admitting:
            self._say_refused(address)
        return admitting[0] if admitting else None

    def knows(self, address: str) -> bool:
        """Whether a dialplan may ask from this address; a stranger's is noted in the log."""
        is_known = any(door.is_at(address) for door in self._doors)
        if not is_known:
            self._say_refused(address)
        return is_known

    def _say_refused(self, address: str) -> None:
        now = self._clock()
        if self._said_at is None or now - self._said_at >= SAID_AGAIN_AFTER:
            self._said_at = now
            log.warning("a dialplan's question was refused: wrong token or address", address=address)
