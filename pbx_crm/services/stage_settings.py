"""The stages of a funnel as the head draws them; moves made before keep the stages they name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pbx_crm.db import audit, funnel_edits, funnels, gates, stage_clearing
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.deal import NewMove, seller
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel, Stage, StageKind
from pbx_crm.domain.funnel_shape import (
    Shift,
    StageForm,
    check_may_retire,
    check_new_kind,
    check_takes_gate,
    checked,
    heir,
    shifted,
)
from pbx_crm.domain.gate import Gate
from pbx_crm.domain.person import Person
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed


@dataclass(frozen=True, slots=True)
class Retired:
    """What retiring a stage did: its cards lie in `to_stage_id` now."""

    funnel_id: int
    to_stage_id: int
    owner_ids: frozenset[int]


class StageSettings:
    """Every change is written down in the audit, and the boards of the funnel draw themselves anew."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def funnel_of(self, stage_id: int) -> Funnel:
        """The funnel a stage belongs to, retired ones too; NotFound."""
        return await self._database.read(funnels.of_stage, stage_id)

    async def add(self, actor: Person, funnel_id: int, kind: StageKind, form: StageForm) -> int:
        """The id of one more stage, the last of its kind; BadInput names each wrong value."""
        stage_id = await self._database.write(_add, actor, funnel_id, kind, form, self._clock())
        self._tell(funnel_id)
        return stage_id

    async def change(self, actor: Person, stage_id: int, form: StageForm) -> int:
        """Another name, colour, figures and texts; the funnel's id."""
        funnel_id = await self._database.write(_change, actor, stage_id, form, self._clock())
        self._tell(funnel_id)
        return funnel_id

    async def set_gate(self, actor: Person, stage_id: int, gate: Gate | None) -> int:
        """This gate stands before the stage from now on, or none; the funnel's id. NotFound, BadInput."""
        funnel_id = await self._database.write(_set_gate, actor, stage_id, gate, self._clock())
        self._tell(funnel_id)
        return funnel_id

    async def shift(self, actor: Person, stage_id: int, by: Shift) -> int:
        """One place up or down among its kind; nothing happens at the end. The funnel's id."""
        funnel_id = await self._database.write(_shift, actor, stage_id, by, self._clock())
        self._tell(funnel_id)
        return funnel_id

    async def retire(self, actor: Person, stage_id: int, to_stage_id: int, reason: str) -> int:
        """The stage leaves the board, and each of its cards makes a move to the other; the funnel's id.

        StillNeeded for Unsorted and the last Won or Lost, BadInput for a stage its cards cannot go to.
        """
        done = await self._database.write(_retire, actor, stage_id, to_stage_id, reason, self._clock())
        self._tell(done.funnel_id)
        self._live.tell({f"stage-{done.to_stage_id}"}, done.owner_ids)
        return done.funnel_id

    async def restore(self, actor: Person, stage_id: int) -> int:
        """A retired stage stands on the board again, where it stood; the funnel's id."""
        funnel_id = await self._database.write(_restore, actor, stage_id, self._clock())
        self._tell(funnel_id)
        return funnel_id

    def _tell(self, funnel_id: int) -> None:
        self._live.tell_everybody({f"funnel-{funnel_id}"})


def _found(tx: Transaction, stage_id: int) -> tuple[Funnel, Stage]:
    funnel = funnels.of_stage(tx, stage_id)
    stage = funnel.stage(stage_id)
    if stage is None:
        raise NotFound(stage_id=stage_id)
    return funnel, stage


def _add(
    tx: Transaction, actor: Person, funnel_id: int, kind: StageKind, form: StageForm, now: datetime
) -> int:
    check_new_kind(kind)
    funnel = funnels.load(tx, funnel_id)
    stage_id = funnel_edits.add_stage(tx, funnel, kind, checked(form, kind))
    details = {"name": form.name, "funnel_id": funnel_id}
    audit.note(tx, now, actor.id, "stage added", f"stage-{stage_id}", details=details)
    return stage_id


def _change(tx: Transaction, actor: Person, stage_id: int, form: StageForm, now: datetime) -> int:
    funnel, stage = _found(tx, stage_id)
    funnel_edits.change_stage(tx, stage_id, checked(form, stage.kind))
    details = {"from": stage.name, "to": form.name}
    audit.note(tx, now, actor.id, "stage changed", f"stage-{stage_id}", details=details)
    return funnel.id


def _set_gate(tx: Transaction, actor: Person, stage_id: int, gate: Gate | None, now: datetime) -> int:
    funnel, stage = _found(tx, stage_id)
    if gate is not None:
        check_takes_gate(stage.kind)
    gates.put(tx, stage_id, gate)
    details = {"needs": gate.keys if gate else [], "is_binding": bool(gate and gate.is_binding)}
    audit.note(tx, now, actor.id, "gate changed", f"stage-{stage_id}", details=details)
    return funnel.id


def _shift(tx: Transaction, actor: Person, stage_id: int, by: Shift, now: datetime) -> int:
    funnel, stage = _found(tx, stage_id)
    funnel_edits.set_order(tx, shifted(funnel, stage, by))
    audit.note(tx, now, actor.id, "stage shifted", f"stage-{stage_id}", details={"by": by.value})
    return funnel.id


def _retire(
    tx: Transaction, actor: Person, stage_id: int, to_stage_id: int, reason: str, now: datetime
) -> Retired:
    funnel, stage = _found(tx, stage_id)
    check_may_retire(funnel, stage)
    target = heir(funnel, stage, to_stage_id)
    funnel_edits.lock_stage(tx, stage_id)
    move = NewMove(target, now, seller(actor.id), reason=reason, evidence={"retired": stage.name})
    owners = stage_clearing.clear(tx, stage_id, move)
    funnel_edits.set_stage_retired(tx, stage_id, now)
    details = {"name": stage.name, "to_stage_id": target.id, "reason": reason}
    audit.note(tx, now, actor.id, "stage retired", f"stage-{stage_id}", details=details)
    return Retired(funnel.id, target.id, frozenset(owners))


def _restore(tx: Transaction, actor: Person, stage_id: int, now: datetime) -> int:
    funnel, _ = _found(tx, stage_id)
    funnel_edits.set_stage_retired(tx, stage_id, None)
    audit.note(tx, now, actor.id, "stage restored", f"stage-{stage_id}")
    return funnel.id
