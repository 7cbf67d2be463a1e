"""Funnels and their loss reasons as the head keeps them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pbx_crm.db import audit, funnel_edits, funnels, robots, stage_totals, triggers, wrap_up_outcomes
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import EMPTY, PRESETS, Funnel, drawn
from pbx_crm.domain.funnel_shape import StillNeeded, check_funnel_may_retire, name_reasons
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wrap_up import NextStep, WrapUpOutcome
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed

BODIES = {preset.key: preset for preset in (*PRESETS, EMPTY)}
COPY_OF = "funnel-"


@dataclass(frozen=True, slots=True)
class NewFunnel:
    """A funnel to be made of a preset, by its key and perhaps under its name, or of `funnel-3` as a copy."""

    body: str
    name: str
    currency: str


@dataclass(frozen=True, slots=True)
class FunnelsView:
    """All funnels, the retired ones too, with how many open deals lie in each."""

    funnels: list[Funnel]
    open_deals: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class FunnelView:
    """One funnel, with how many cards lie in each stage, which lines lead here, its answers after a talk."""

    funnel: Funnel
    cards: Mapping[int, int]
    lines: list[str]
    outcomes: tuple[WrapUpOutcome, ...]


class FunnelSettings:
    """Every change is written down in the audit, and the boards of the funnel draw themselves anew."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def everything(self) -> FunnelsView:
        """All funnels."""
        return await self._database.read(_everything)

    async def one(self, viewer: Person, funnel_id: int) -> FunnelView:
        """One funnel; NotFound."""
        return await self._database.read(_one, viewer, funnel_id)

    async def make(self, actor: Person, new: NewFunnel, translate: Callable[[str], str]) -> int:
        """The id of the new funnel; BadInput names each wrong value."""
        return await self._database.write(_make, actor, new, translate, self._clock())

    async def rename(self, actor: Person, funnel_id: int, name: str) -> None:
        """Another name; BadInput for one that is taken."""
        await self._database.write(_rename, actor, funnel_id, name, self._clock())
        self._tell(funnel_id)

    async def retire(self, actor: Person, funnel_id: int) -> None:
        """The funnel leaves the boards; StillNeeded while lines lead to it or open deals lie in it."""
        await self._database.write(_retire, actor, funnel_id, self._clock())
        self._tell(funnel_id)

    async def restore(self, actor: Person, funnel_id: int) -> None:
        """A retired funnel is in use again."""
        await self._database.write(_restore, actor, funnel_id, self._clock())
        self._tell(funnel_id)

    async def add_reason(self, actor: Person, funnel_id: int, name: str) -> None:
        """One more loss reason; one that was retired is offered again."""
        await self._database.write(_add_reason, actor, funnel_id, name, self._clock())

    async def rename_reason(self, actor: Person, reason_id: int, name: str) -> int:
        """Other words for the same reason, also on deals lost before; the funnel's id."""
        return await self._database.write(_rename_reason, actor, reason_id, name, self._clock())

    async def retire_reason(self, actor: Person, reason_id: int) -> int:
        """The reason is not offered any more; deals lost for it keep it. The funnel's id."""
        return await self._database.write(_retire_reason, actor, reason_id, self._clock())

    async def add_outcome(self, actor: Person, funnel_id: int, name: str, suggests: NextStep) -> None:
        """One more answer after a talk; one that was retired is offered again."""
        await self._database.write(_add_outcome, actor, funnel_id, name, suggests, self._clock())

    async def change_outcome(self, actor: Person, outcome_id: int, name: str, suggests: NextStep) -> int:
        """Other words for the same answer, also of talks before, and what it suggests; the funnel's id."""
        return await self._database.write(_change_outcome, actor, outcome_id, name, suggests, self._clock())

    async def retire_outcome(self, actor: Person, outcome_id: int) -> int:
        """The answer is not offered any more; talks keep it. The funnel's id.

        StillNeeded for the last one: there must be something to say.
        """
        return await self._database.write(_retire_outcome, actor, outcome_id, self._clock())

    def _tell(self, funnel_id: int) -> None:
        self._live.tell_everybody({f"funnel-{funnel_id}"})


def _everything(tx: Transaction) -> FunnelsView:
    return FunnelsView(funnels.everything(tx), funnel_edits.open_deals_in(tx))


def _one(tx: Transaction, viewer: Person, funnel_id: int) -> FunnelView:
    funnel = funnels.load(tx, funnel_id)
    totals = stage_totals.of_stages(tx, [stage.id for stage in funnel.stages], viewer.scope)
    cards = {stage.id: 0 for stage in funnel.stages}
    for total in totals:
        cards[total.stage_id] += total.deals
    return FunnelView(
        funnel, cards, funnel_edits.lines_to(tx, funnel_id), wrap_up_outcomes.of_funnel(tx, funnel_id)
    )


def _make(
    tx: Transaction, actor: Person, new: NewFunnel, translate: Callable[[str], str], now: datetime
) -> int:
    body = _body(tx, new, translate)
    _require_name(new.name or body.name)
    preset = new.body if new.body in BODIES else None
    funnel_id = funnel_edits.copy(tx, body, new.name or body.name, preset)
    made = funnels.load(tx, funnel_id)
    if preset is None:
        wrap_up_outcomes.copy(tx, body.id, made.id)
        triggers.copy(tx, body, made)
        robots.copy(tx, body, made)
    else:
        wrap_up_outcomes.add_defaults(tx, made.id, preset, translate)
        triggers.add_default(tx, made, translate)
        robots.add_defaults(tx, made, translate)
    details = {"name": new.name or body.name, "body": new.body}
    audit.note(tx, now, actor.id, "funnel made", f"funnel-{funnel_id}", details=details)
    return funnel_id


def _body(tx: Transaction, new: NewFunnel, translate: Callable[[str], str]) -> Funnel:
    if preset := BODIES.get(new.body):
        if not (len(new.currency) == len("EUR") and new.currency.isascii() and new.currency.isupper()):
            raise BadInput(reasons={"currency": N_("Three capital letters, as EUR.")})
        return drawn(preset, new.currency, translate)
    copied = next((one for one in funnels.everything(tx) if f"{COPY_OF}{one.id}" == new.body), None)
    if copied is None:
        raise BadInput(reasons={"body": N_("This is none of the choices.")})
    if not new.name:
        raise BadInput(reasons={"name": N_("A copy wants a name of its own.")})
    return funnels.load(tx, copied.id)


def _require_name(name: str, field: str = "name") -> None:
    if reasons := name_reasons(name, field):
        raise BadInput(reasons=reasons)


def _rename(tx: Transaction, actor: Person, funnel_id: int, name: str, now: datetime) -> None:
    _require_name(name)
    before = funnels.load(tx, funnel_id)
    funnel_edits.rename(tx, funnel_id, name)
    details = {"from": before.name, "to": name}
    audit.note(tx, now, actor.id, "funnel renamed", f"funnel-{funnel_id}", details=details)


def _retire(tx: Transaction, actor: Person, funnel_id: int, now: datetime) -> None:
    funnel = funnels.load(tx, funnel_id)
    others = [one for one in funnels.in_use(tx) if one.id != funnel_id]
    open_deals = funnel_edits.open_deals_in(tx).get(funnel_id, 0)
    check_funnel_may_retire(funnel_edits.lines_to(tx, funnel_id), open_deals, len(others))
    funnel_edits.set_retired(tx, funnel_id, now)
    audit.note(tx, now, actor.id, "funnel retired", f"funnel-{funnel_id}", details={"name": funnel.name})


def _restore(tx: Transaction, actor: Person, funnel_id: int, now: datetime) -> None:
    funnel_edits.set_retired(tx, funnel_id, None)
    audit.note(tx, now, actor.id, "funnel restored", f"funnel-{funnel_id}")


def _add_reason(tx: Transaction, actor: Person, funnel_id: int, name: str, now: datetime) -> None:
    _require_name(name, "reason")
    funnels.load(tx, funnel_id)
    reason_id = funnel_edits.add_reason(tx, funnel_id, name)
    audit.note(tx, now, actor.id, "loss reason added", f"reason-{reason_id}", details={"name": name})


def _rename_reason(tx: Transaction, actor: Person, reason_id: int, name: str, now: datetime) -> int:
    funnel, before = funnel_edits.reason_of(tx, reason_id)
    _require_name(name, "reason")
    funnel_edits.change_reason(tx, reason_id, {"name": name})
    details = {"from": before.name, "to": name}
    audit.note(tx, now, actor.id, "loss reason renamed", f"reason-{reason_id}", details=details)
    return funnel.id


def _retire_reason(tx: Transaction, actor: Person, reason_id: int, now: datetime) -> int:
    funnel, reason = funnel_edits.reason_of(tx, reason_id)
    if len(funnel.loss_reasons) == 1:
        raise StillNeeded(N_("Lost asks for a reason: keep at least one."))
    funnel_edits.change_reason(tx, reason_id, {"retired_at": now})
    audit.note(tx, now, actor.id, "loss reason retired", f"reason-{reason_id}", details={"name": reason.name})
    return funnel.id


def _add_outcome(
    tx: Transaction, actor: Person, funnel_id: int, name: str, suggests: NextStep, now: datetime
) -> None:
    _require_name(name, "outcome")
    funnels.load(tx, funnel_id)
    outcome_id = wrap_up_outcomes.add(tx, funnel_id, name, suggests)
    audit.note(tx, now, actor.id, "answer added", f"answer-{outcome_id}", details={"name": name})


def _change_outcome(
    tx: Transaction, actor: Person, outcome_id: int, name: str, suggests: NextStep, now: datetime
) -> int:
    funnel_id, before = wrap_up_outcomes.one(tx, outcome_id)
    _require_name(name, "outcome")
    wrap_up_outcomes.change(tx, outcome_id, name, suggests)
    details = {"from": before.name, "to": name, "suggests": suggests}
    audit.note(tx, now, actor.id, "answer changed", f"answer-{outcome_id}", details=details)
    return funnel_id


def _retire_outcome(tx: Transaction, actor: Person, outcome_id: int, now: datetime) -> int:
    funnel_id, outcome = wrap_up_outcomes.one(tx, outcome_id)
    if len(wrap_up_outcomes.of_funnel(tx, funnel_id)) == 1:
        raise StillNeeded(N_("After a talk there must be something to say: keep at least one answer."))
    wrap_up_outcomes.retire(tx, outcome_id, now)
    details = {"name": outcome.name}
    audit.note(tx, now, actor.id, "answer retired", f"answer-{outcome_id}", details=details)
    return funnel_id
