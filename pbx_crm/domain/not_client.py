"""Not a client: the courier, the bank, a wrong number. Its card is lost, its calls are skipped from now on.

A head makes the skip rule at once; a seller asks the head for it, for a rule concerns everybody's calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.domain.errors import Conflict
from pbx_crm.domain.funnel import LossReason


class NobodyToTell(Conflict):
    """This is no colleague's client."""


@dataclass(frozen=True, slots=True)
class NotClientForm:
    """What the question about one call offers."""

    call_id: int
    name: str
    """What the rule would be called."""
    number: str | None
    """None is withheld: such calls cannot be known again."""
    loss_reasons: tuple[LossReason, ...]
    """Why its card is lost; nothing where there is no open card."""


@dataclass(frozen=True, slots=True)
class NotClient:
    """What somebody answers."""

    loss_reason_id: int | None = None
    skips: bool = False
    """Whether calls from the number shall make no deals any more."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """What was done, and all that is needed to take it back."""

    call_id: int
    move_id: int | None = None
    """The move that lost the card."""
    rule_id: int | None = None
    """The rule that was made."""
    is_asked: bool = False
    """Whether the head was asked for the rule."""


@dataclass(frozen=True, slots=True)
class SkipWish:
    """A number that a seller asks the head to skip."""

    number: str
    name: str
    by: str
    """Who asks."""
    at: datetime
