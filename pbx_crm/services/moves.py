"""Moving a deal to another stage, and taking a move back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pbx_crm.db import deals, funnels, people, stage_moves
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import (
    Deal,
    DealChanged,
    MoveRequest,
    NewMove,
    NothingToUndo,
    StageMove,
    StageNotInFunnel,
    before_move,
    judge_change_of_funnel,
    judge_move,
    seller,
)
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Funnel, Stage
from pbx_crm.domain.passage import Missing
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.services import gates
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class Moved:
    """A deal after a move, with where it came from; `move` is None if it lay there already."""

    deal: Deal
    funnel: Funnel
    from_stage_id: int
    move: StageMove | None

    @property
    def stage(self) -> Stage:
        """Where the deal lies now."""
        return next(stage for stage in self.funnel.stages if stage.id == self.deal.stage_id)


class Moves:
    """Every move is one transaction, and afterwards the browsers it concerns are told."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def move(self, viewer: Person, deal_id: int, request: MoveRequest) -> Moved:
        """The deal where it was wished to be; the same request key again changes nothing more.

        MoveQuestions, StageNotInFunnel, GateClosed or DealChanged if it stays where it is.
        """
        moved = await self._database.write(carry, viewer, deal_id, request, self._clock())
        self._tell(moved)
        return moved

    async def missing(self, viewer: Person, deal_id: int, request: MoveRequest) -> tuple[Missing, ...]:
        """What gates still ask for on the way wished for, to another funnel, too; NotFound."""
        return await self._database.read(_missing, viewer, deal_id, request, self._clock())

    async def change_funnel(self, viewer: Person, deal_id: int, request: MoveRequest) -> Moved:
        """The open deal in a stage of another funnel; its history goes with it.

        DealChanged, ClosedDealStays, GateClosed or BadInput if it stays where it is.
        """
        moved = await self._database.write(_change_funnel, viewer, deal_id, request, self._clock())
        self._tell(moved)
        return moved

    async def undo(self, viewer: Person, deal_id: int, move_id: int, request_key: str) -> Moved:
        """The deal as it was before that move; NothingToUndo if it went on since."""
        moved = await self._database.write(put_back, viewer, deal_id, move_id, request_key, self._clock())
        self._tell(moved)
        return moved

    def _tell(self, moved: Moved) -> None:
        topics = {f"stage-{moved.from_stage_id}", f"stage-{moved.deal.stage_id}", f"deal-{moved.deal.id}"}
        self._live.tell(topics | {"tasks"}, {moved.deal.owner_id})


def carry(tx: Transaction, viewer: Person, deal_id: int, request: MoveRequest, now: datetime) -> Moved:
    """The deal where it was wished to be; refuses as `Moves.move` does."""
    deal = deals.lock(tx, deal_id, viewer.scope)
    funnel = funnels.load(tx, deal.funnel_id)
    if repeated := stage_moves.by_request(tx, deal_id, request.request_key):
        return Moved(deal, funnel, repeated.from_stage_id or deal.stage_id, repeated)
    if deal.version != request.version:
        raise _changed_by_whom(tx, deal, funnel)
    target = judge_move(deal, funnel, request)
    if target.id == deal.stage_id:
        return Moved(deal, funnel, deal.stage_id, None)
    passage = gates.require(
        tx, deal, funnel, target, now, amount=request.amount, skip_reason=request.skip_reason
    )
    wish = NewMove(
        target,
        now,
        seller(viewer.id),
        reason=request.reason.strip(),
        request_key=request.request_key,
        evidence={"before": before_move(deal), **passage},
        amount=request.amount,
        loss_reason_id=request.loss_reason_id,
    )
    return _after(tx, deal, funnel, deals.set_stage(tx, deal, wish))


def _missing(
    tx: Transaction, viewer: Person, deal_id: int, request: MoveRequest, now: datetime
) -> tuple[Missing, ...]:
    deal = deals.get(tx, deal_id, viewer.scope)
    funnel = funnels.of_stage(tx, request.to_stage_id)
    target = funnel.stage(request.to_stage_id)
    if target is None:
        raise StageNotInFunnel(deal_id=deal_id)
    return gates.look(tx, deal, funnel, target, now, amount=request.amount).missing


def _change_funnel(
    tx: Transaction, viewer: Person, deal_id: int, request: MoveRequest, now: datetime
) -> Moved:
    deal = deals.lock(tx, deal_id, viewer.scope)
    funnel = funnels.of_stage(tx, request.to_stage_id)
    if repeated := stage_moves.by_request(tx, deal_id, request.request_key):
        return Moved(deal, funnel, repeated.from_stage_id or deal.stage_id, repeated)
    target = judge_change_of_funnel(deal, funnel, request.to_stage_id, request.version)
    passage = gates.require(tx, deal, funnel, target, now, skip_reason=request.skip_reason)
    wish = NewMove(
        target,
        now,
        seller(viewer.id),
        reason=request.reason.strip(),
        request_key=request.request_key,
        evidence={"before": before_move(deal), **passage},
    )
    return _after(tx, deal, funnel, deals.set_stage(tx, deal, wish))


def _changed_by_whom(tx: Transaction, deal: Deal, funnel: Funnel) -> DealChanged:
    last = stage_moves.last_of(tx, deal.id)
    stage = funnel.stage(last.to_stage_id) if last else None
    if last is None or stage is None or last.actor.person_id is None:
        return DealChanged(deal_id=deal.id)
    who = people.get(tx, last.actor.person_id).name
    return DealChanged(N_("%(who)s moved it to %(stage)s."), deal_id=deal.id, who=who, stage=stage.name)


def _stored(before: Mapping[str, Any]) -> dict[str, Any]:
    closed_at = before["closed_at"]
    return {
        "amount": Decimal(before["amount"]),
        "stage_since": datetime.fromisoformat(before["stage_since"]),
        "closed_at": datetime.fromisoformat(closed_at) if closed_at else None,
        "loss_reason_id": before["loss_reason_id"],
    }


def put_back(
    tx: Transaction, viewer: Person, deal_id: int, move_id: int, request_key: str, now: datetime
) -> Moved:
    """The deal as it was before that move, if it was its last; NothingToUndo."""
    deal = deals.lock(tx, deal_id, viewer.scope)
    funnel = funnels.load(tx, deal.funnel_id)
    if repeated := stage_moves.by_request(tx, deal_id, request_key):
        return Moved(deal, funnel, repeated.from_stage_id or deal.stage_id, repeated)
    last = stage_moves.last_of(tx, deal_id)
    if last is None or last.id != move_id or last.undoes_id or last.from_stage_id is None:
        raise NothingToUndo(deal_id=deal_id)
    # Another funnel's stage, if the move was one from funnel to funnel.
    funnel = funnels.of_stage(tx, last.from_stage_id)
    came_from = funnel.stage(last.from_stage_id)
    if came_from is None or came_from.is_retired or funnel.is_retired or "before" not in last.evidence:
        raise NothingToUndo(deal_id=deal_id)
    before = _stored(dict(last.evidence)["before"])  # type: ignore[arg-type]
    wish = NewMove(came_from, now, seller(viewer.id), request_key=request_key, undoes_id=last.id)
    return _after(tx, deal, funnel, deals.put_back(tx, deal, wish, before))


def _after(tx: Transaction, deal: Deal, funnel: Funnel, made: StageMove | None) -> Moved:
    if made is None:
        # The key is known for another deal: somebody sends keys of their own making.
        raise BadInput(reasons={"request_key": N_("This request was made before.")})
    now_lies = replace(deal, stage_id=made.to_stage_id, version=deal.version + 1)
    return Moved(now_lies, funnel, deal.stage_id, made)
