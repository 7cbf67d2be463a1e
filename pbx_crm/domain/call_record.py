"""What the PBX itself said of a call, for programs that compare it with other records of the PBX."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CallFacts:
    """Ids, extensions and seconds of one call, beside what the call log says in words."""

    pbx: str
    linkedid: str
    did: str | None
    trunk: str | None
    seller_extension: str | None
    answered_extension: str | None
    final_extension: str | None
    rang_extensions: tuple[str, ...]
    answered_at: datetime | None
    ring_seconds: float
    hold_seconds: float
    talk_by: dict[str, float]
    """Seconds each extension was connected with the other party, holds included."""
    line_id: int | None
    contact_id: int | None
