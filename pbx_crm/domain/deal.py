"""A deal, and the rules of moving it along its funnel.

Forward, back and skipping are legitimate, and every move is remembered. Three questions are asked on
the way: a step back wants a reason, Won wants the amount, Lost wants a loss reason. Whoever moves
names the version they saw, so that the slower of two sellers is told instead of overruling the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from pbx_crm.domain.errors import BadInput, Conflict
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.sentence import N_

MOST_AMOUNT = Decimal("99999999999")
"""Above this an amount is a slip of the keyboard; its ten-thousandths must also fit 64 bits."""


class Priority(StrEnum):
    """How much a deal matters beside the others."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"

    @property
    def after(self) -> Priority:
        """What one press of a key makes of it: high from normal, then low, then normal again."""
        return {Priority.NORMAL: Priority.HIGH, Priority.HIGH: Priority.LOW}.get(self, Priority.NORMAL)


class ActorKind(StrEnum):
    """Who moves cards."""

    SELLER = "seller"
    INTAKE = "intake"
    TRIGGER = "trigger"
    ROBOT = "robot"
    PHONE_CODE = "phone_code"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person by their id, or the program itself."""

    kind: ActorKind
    person_id: int | None = None


INTAKE = Actor(ActorKind.INTAKE)
TRIGGER = Actor(ActorKind.TRIGGER)


def seller(person_id: int) -> Actor:
    """A person acting by hand, seller or head."""
    return Actor(ActorKind.SELLER, person_id)


class DealChanged(Conflict):
    """Somebody else changed this deal a moment ago."""


class NothingToUndo(Conflict):
    """This move cannot be undone any more: the deal went on since."""


class StageNotInFunnel(BadInput):
    """This stage belongs to another funnel."""

    def __init__(self, **details: object) -> None:
        reasons = {"to_stage_id": N_("Choose a stage of this funnel.")}
        super().__init__(None, reasons=reasons, **details)


class ClosedDealStays(Conflict):
    """A closed deal stays in the funnel it was closed in."""


class FunnelIsRetired(Conflict):
    """This funnel is retired: nothing in it is opened again."""


class MoveQuestions(BadInput):
    """A few words are needed for this move."""


@dataclass(frozen=True, slots=True)
class NewDeal:
    """What a deal starts with; `at` is the moment it comes into being."""

    stage: Stage
    owner_id: int
    currency: str
    at: datetime
    actor: Actor
    contact_id: int | None = None
    company_id: int | None = None
    line_id: int | None = None
    previous_id: int | None = None
    born_of: str | None = None
    """`pbx/linkedid` of the call that makes it; one call makes at most one deal."""
    title: str = ""
    source: str = ""
    amount: Decimal = Decimal(0)
    priority: Priority = Priority.NORMAL
    reason: str = ""
    request_key: str | None = None


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it stands."""

    id: int
    funnel_id: int
    stage_id: int
    owner_id: int
    contact_id: int | None
    company_id: int | None
    line_id: int | None
    previous_id: int | None
    loss_reason_id: int | None
    born_of: str | None
    title: str
    source: str
    amount: Decimal
    currency: str
    priority: Priority
    expected_close: date | None
    created_at: datetime
    stage_since: datetime
    active_at: datetime
    closed_at: datetime | None
    version: int

    @property
    def is_open(self) -> bool:
        """Whether there is still something to win."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """A wish to move a deal, as the browser, the API or a phone code put it."""

    to_stage_id: int
    version: int
    request_key: str
    reason: str = ""
    amount: Decimal | None = None
    loss_reason_id: int | None = None
    skip_reason: str = ""
    """Why it goes on though a gate is not confirmed."""


@dataclass(frozen=True, slots=True)
class NewMove:
    """A move that was judged and may be written."""

    to_stage: Stage
    at: datetime
    actor: Actor
    reason: str = ""
    request_key: str | None = None
    undoes_id: int | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)
    amount: Decimal | None = None
    loss_reason_id: int | None = None


@dataclass(frozen=True, slots=True)
class StageMove:
    """A move that was made."""

    id: int
    deal_id: int
    from_stage_id: int | None
    to_stage_id: int
    at: datetime
    actor: Actor
    reason: str
    evidence: Mapping[str, object]
    undoes_id: int | None
    request_key: str | None


def before_move(deal: Deal) -> dict[str, object]:
    """What taking a move back has to restore; JSON, hence text."""
    return {
        "amount": str(deal.amount),
        "stage_since": deal.stage_since.isoformat(),
        "closed_at": deal.closed_at.isoformat() if deal.closed_at else None,
        "loss_reason_id": deal.loss_reason_id,
    }


def check_version(deal: Deal, seen: int) -> None:
    """DealChanged if the deal is no longer what the asker had before them."""
    if deal.version != seen:
        raise DealChanged(deal_id=deal.id)


def is_back(funnel: Funnel, from_stage_id: int, to_stage: Stage) -> bool:
    """Whether the move goes against the funnel's order; away from a retired stage never does."""
    came_from = funnel.stage(from_stage_id)
    return came_from is not None and to_stage.position < came_from.position


def judge_change_of_funnel(deal: Deal, funnel: Funnel, to_stage_id: int, seen: int) -> Stage:
    """The open stage of another funnel to go to; DealChanged, ClosedDealStays or StageNotInFunnel."""
    check_version(deal, seen)
    if not deal.is_open:
        raise ClosedDealStays(deal_id=deal.id)
    target = funnel.stage(to_stage_id)
    may_go = target is not None and not (target.is_retired or target.kind.is_closed or funnel.is_retired)
    if target is None or not may_go or funnel.id == deal.funnel_id:
        reasons = {"to_stage_id": N_("Choose an open stage of another funnel.")}
        raise BadInput(reasons=reasons, deal_id=deal.id)
    return target


def judge_move(deal: Deal, funnel: Funnel, request: MoveRequest) -> Stage:
    """The stage to move to; DealChanged, StageNotInFunnel or MoveQuestions if it may not be done so."""
    check_version(deal, request.version)
    target = funnel.stage(request.to_stage_id)
    if funnel.is_retired and not (target and target.kind.is_closed):
        raise FunnelIsRetired(deal_id=deal.id)
    if target is None or target.is_retired:
        raise StageNotInFunnel(deal_id=deal.id, stage_id=request.to_stage_id)
    if reasons := _questions(deal, funnel, target, request):
        raise MoveQuestions(reasons=reasons, deal_id=deal.id, stage_id=target.id)
    return target


def _questions(deal: Deal, funnel: Funnel, target: Stage, request: MoveRequest) -> dict[str, str]:
    reasons: dict[str, str] = {}
    if target.id == deal.stage_id:
        return reasons
    if is_back(funnel, deal.stage_id, target) and not request.reason.strip():
        reasons["reason"] = N_("A step back: say why.")
    if target.kind is StageKind.WON and not is_amount(request.amount):
        reasons["amount"] = N_("Won: for how much?")
    known = {reason.id for reason in funnel.loss_reasons}
    if target.kind is StageKind.LOST and request.loss_reason_id not in known:
        reasons["loss_reason_id"] = N_("Lost: choose why.")
    return reasons


def is_amount(amount: Decimal | None) -> bool:
    """Whether a deal can have been won for this much."""
    return amount is not None and amount.is_finite() and 0 < amount <= MOST_AMOUNT
