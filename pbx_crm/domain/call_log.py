"""The call log: what it can be narrowed to, what a row and a call's timeline hold, what is counted.

The figures of the log's head are defined in docs/call-log.md; each opens exactly the rows it counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pbx_crm.domain.call import Direction, EndedBy, LegKind, LegResult, MissedReason, Outcome, TransferKind
from pbx_crm.domain.client import Client
from pbx_crm.domain.report_period import Span


class Figure(StrEnum):
    """What is counted of a person's calls, or of all calls."""

    ANSWERED = "answered"
    """Incoming, this person was the first to answer."""
    MISSED = "missed"
    """Incoming, it rang here and nobody answered; over all calls: nobody answered."""
    TAKEN = "taken"
    """Incoming, it rang here and another answered: nobody's missed call."""
    DIALLED = "dialled"
    """Outgoing, started by this person."""
    REACHED = "reached"
    """Outgoing, and the other side answered."""
    TALKED = "talked"
    """Calls with the outside in which this person talked; as a sum, the seconds of it."""
    HANDLED = "handled"
    """Incoming, this person talked in it, be it after a transfer."""
    OWNED = "owned"
    """Incoming, it lies on a card that is this person's now."""
    COLD = "cold"
    """Outgoing, started by this person to a number nobody here had talked with before."""
    COLD_REACHED = "cold_reached"
    """Of these, those the other side answered."""


IN_THE_LOG = (
    Figure.ANSWERED,
    Figure.MISSED,
    Figure.TAKEN,
    Figure.DIALLED,
    Figure.REACHED,
    Figure.TALKED,
)
"""What the log's head counts; the reports count all."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The counted calls of one person, or of all."""

    answered: int = 0
    missed: int = 0
    taken: int = 0
    dialled: int = 0
    reached: int = 0
    talked: int = 0
    """Calls, as all above."""
    talk_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """A row of the log's head."""

    person_id: int
    name: str
    today: Figures
    week: Figures


@dataclass(frozen=True, slots=True)
class Head:
    """Calls per seller, today and over the last seven days."""

    people: tuple[PersonFigures, ...]
    unlinked_today: int
    """Calls answered at a phone that is linked to nobody."""
    unlinked_week: int
    total_today: Figures | None
    """Over all calls, each counted once; None for a seller, who sees their own row alone."""
    total_week: Figures | None


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What the log is narrowed to; everything left out narrows nothing."""

    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is no longer in."""
    direction: Direction | None = None
    outcome: Outcome | None = None
    person_id: int | None = None
    figure: Figure | None = None
    """With a person: that person's figure. Without: the figure over all calls."""
    unlinked: bool = False
    """Answered at a phone that is linked to nobody; with a figure, what that figure credits to nobody."""
    line_id: int | None = None
    source: str | None = None
    """That of the line."""
    region_id: int | None = None
    """Where the client is from; NOWHERE: nothing is known of it."""
    spans: tuple[Span, ...] | None = None
    """Only calls that began in one of these stretches."""
    not_called_back: bool = False
    """Missed, and nobody has talked with that number since."""
    text: str = ""
    """Part of a number, or of the client's or the caller's name."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the log ended: the next begins with what is older."""

    started_at: datetime
    call_id: int


@dataclass(frozen=True, slots=True)
class CallRow:
    """A line of the log, already within the viewer's rights."""

    id: int
    started_at: datetime
    ended_at: datetime | None
    direction: Direction
    outcome: Outcome | None
    """None while the call is open, and where a gap hid how it ended."""
    reason: MissedReason | None
    ended_by: EndedBy | None
    client: Client | None
    number: str | None
    caller_name: str | None
    started_by: str | None
    """Name, else extension; outgoing and internal calls."""
    answered_by: str | None
    final_agent: str | None
    rang: tuple[str, ...]
    line_name: str | None
    queue: str | None
    wait_seconds: float
    talk_seconds: float
    recorded: bool
    late: bool
    """Learned, wholly or its end, from the PBX's own records after an outage."""
    deal_id: int | None
    deal_title: str | None

    @property
    def is_open(self) -> bool:
        """Whether the call still goes on."""
        return self.ended_at is None

    @property
    def name(self) -> str | None:
        """The client's name, else what the caller's phone company says."""
        return (self.client.name if self.client else None) or self.caller_name or None

    @property
    def may_be_no_client(self) -> bool:
        """Whether the viewer may say so: of a party that has hung up and is no colleague's client."""
        is_foreign = self.client is not None and self.client.is_foreign
        has_traces = self.number is not None or self.deal_id is not None
        is_over = not self.is_open and self.direction is not Direction.INTERNAL
        return is_over and has_traces and not is_foreign


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch in which a PBX was not heard and which no record has filled yet."""

    pbx: str
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some rows, newest first, the gaps between them, and where to go on."""

    rows: tuple[CallRow | Gap, ...]
    following: Place | None


@dataclass(frozen=True, slots=True)
class LegLine:
    """One phone's part in a call."""

    who: str
    """Name, else extension, else number."""
    extension: str | None
    kind: LegKind
    started_at: datetime
    rang_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    result: LegResult | None
    talks: tuple[tuple[datetime, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class TransferLine:
    """A hand-over as the log tells it."""

    at: datetime
    kind: TransferKind
    source: str | None
    target: str | None
    completed: bool


@dataclass(frozen=True, slots=True)
class CallStory:
    """A call told from ring to end, and why it belongs to whom it belongs."""

    row: CallRow
    legs: tuple[LegLine, ...]
    transfers: tuple[TransferLine, ...]
    owner_rule: dict[str, object]
    skipped_by: str | None
