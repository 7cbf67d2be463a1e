"""One act on many cards at once, each judged as if it were alone; all of it can be taken back for 30 days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.wrap_up import NextStep

MOST = 200
"""More cards than a person would tick are a slip or an attack."""

UNDO_WITHIN = timedelta(days=30)


class BulkKind(StrEnum):
    """What is done to every card."""

    MOVE = "move"
    ASSIGN = "assign"
    TASK = "task"


class NothingToTakeBack(Conflict):
    """This was taken back before, or is too long ago."""


@dataclass(frozen=True, slots=True)
class BulkWish:
    """What to do, and to which cards in which version."""

    kind: BulkKind
    versions: Mapping[int, int]
    """By deal id the version that was ticked."""
    to_stage_id: int | None = None
    loss_reason_id: int | None = None
    reason: str = ""
    """Why, for steps back."""
    owner_id: int | None = None
    step: NextStep = NextStep.CALL_TOMORROW


@dataclass(frozen=True, slots=True)
class BulkAct:
    """What was done, as it is kept."""

    id: int
    kind: BulkKind
    at: datetime
    done: int
    """How many cards."""
    taken_back_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stayed:
    """A card that did not take it."""

    deal_id: int
    why: str
    """A message id."""
    name: str = ""
    """What the card is called, where the viewer sees it."""


@dataclass(frozen=True, slots=True)
class BulkDone:
    """What came of a wish."""

    act_id: int | None
    """None if not one card took it."""
    done: int
    stayed: tuple[Stayed, ...] = ()
    """The cards that stayed as they were."""

    @property
    def refused(self) -> dict[str, list[Stayed]]:
        """These by the sentence that says why."""
        found: dict[str, list[Stayed]] = {}
        for card in self.stayed:
            found.setdefault(card.why, []).append(card)
        return found
