"""What is known of a call's recording, and what became of looking for its file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from pbx_crm.domain.errors import Refused


class RecordingMissing(Refused):
    """There is no recording of this call in the configured folder."""


class NeedsSox(Refused):
    """This recording is in a format that browsers do not play; install sox on the CRM's machine."""


class SoundState(StrEnum):
    """Whether a call can be listened to."""

    NONE = "none"
    """It was not recorded, or no folder is configured."""
    PLAYS = "plays"
    NEEDS_SOX = "needs_sox"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """By what the file of a call is known. Nothing of it comes from a request."""

    call_id: int
    pbx: str
    started_at: datetime
    ids: tuple[str, ...]
    """Linkedid first, then the Uniqueids of its legs."""
    file: str | None
    """What the PBX said: MIXMONITOR_FILENAME, or CDR's recordingfile."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A file that may be sent."""

    path: Path
    content_type: str
    suffix: str
