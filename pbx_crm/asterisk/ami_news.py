"""What the listener puts into the inbox: messages of the PBX and news of the link itself, in one order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from panoramisk.message import Message


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of the PBX and when its bytes came; the event's own Timestamp, if any, is better."""

    message: Message
    at: datetime


@dataclass(frozen=True, slots=True)
class LinkUp:
    """Logged in: from here on events come. The lists of what lives now follow."""

    at: datetime
    blind_since: datetime | None
    """Last sign of life of the connection before; None for the first one of this run."""
    pbx_started: str | None
    """Asterisk's start time in its own words (its zone is not told); None if it may not be asked."""
    restarted: bool
    """Asterisk was started anew since the connection before: no call from then lives any more."""


@dataclass(frozen=True, slots=True)
class SnapshotBegan:
    """The channels and queues that live now are being listed; live events come in between."""

    at: datetime


@dataclass(frozen=True, slots=True)
class SnapshotEnded:
    """The lists are through."""

    at: datetime
    complete: bool
    """False if a list was refused or cut: what is missing in it says nothing."""


@dataclass(frozen=True, slots=True)
class LinkLost:
    """Nothing is heard any more."""

    at: datetime
    heard_until: datetime
    """Events after this moment are lost for good: AMI has no replay."""


InboxItem = Heard | LinkUp | SnapshotBegan | SnapshotEnded | LinkLost
