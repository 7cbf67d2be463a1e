"""What lies in the bin: deleted deals, notes and the like, for thirty days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.errors import Conflict

KEPT_DAYS = 30


class RootIsGone(Conflict):
    """What this belonged to is gone for good."""


class BinKind(StrEnum):
    """What was deleted."""

    DEAL = "deal"
    NOTE = "note"
    MERGE = "merge"
    """A contact that went into another one."""
    FILE = "file"


@dataclass(frozen=True, slots=True)
class BinItem:
    """Something deleted that may be put back."""

    id: int
    kind: BinKind
    subject_id: str
    name: str
    by: str
    """Who deleted it."""
    at: datetime
