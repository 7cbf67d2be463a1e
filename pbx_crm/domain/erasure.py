"""A client erased for good: what goes, what stays, and what could not be removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.sentence import Sentence


class OnThePhone(Conflict):
    """This client is on the telephone just now; erase them once the call is over."""


class RecordingsLeft(Conflict):
    """Some recordings could not be deleted, so the client was not erased."""

    def __init__(self, left: tuple[LeftRecording, ...]) -> None:
        super().__init__(calls=[one.call_id for one in left])
        self.left = left


@dataclass(frozen=True, slots=True)
class LeftRecording:
    """A recording that is still there, and why."""

    call_id: int
    started_at: datetime
    place: str
    """The file's path as the CRM's machine sees it; empty if it could not even look."""
    why: Sentence


@dataclass(frozen=True, slots=True)
class ClientTrace:
    """All that the CRM has of one client."""

    contact_id: int
    name: str
    numbers: tuple[str, ...]
    calls: tuple[int, ...]
    recorded: tuple[int, ...]
    """Those of the calls that have a recording."""
    deals: tuple[int, ...]
    """Deals on which nobody else stands."""
    shared_deals: tuple[int, ...]
    """Deals on which another client stands, too."""
    is_on_the_phone: bool


@dataclass(frozen=True, slots=True)
class Erased:
    """What was done."""

    calls: int
    deals: int
    recordings: int
    left: tuple[LeftRecording, ...]
