"""Triggers as the head keeps them: which rules each funnel has, in which order, switched on or off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pbx_crm.db import audit, funnels, lines, people, triggers, wrap_up_outcomes
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel_shape import Shift
from pbx_crm.domain.line import Line
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.trigger import Trigger
from pbx_crm.domain.trigger_form import reasons_against
from pbx_crm.domain.wrap_up import WrapUpOutcome
from pbx_crm.services import trigger_acts
from pbx_crm.services.clock import Clock
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.rules_view import RulesView, shifted


@dataclass(frozen=True, slots=True)
class TriggersView(RulesView[Trigger]):
    """All rules, and what a form may choose from."""

    lines: list[Line]
    outcomes: dict[int, list[WrapUpOutcome]]

    def outcomes_of(self, funnel_id: int) -> list[WrapUpOutcome]:
        """The answers after a talk that the funnel offers."""
        return self.outcomes.get(funnel_id, [])


class Triggers:
    """A changed rule holds for calls that end from then on; what it did before stays."""

    def __init__(self, database: Database, live: LiveFeed, clock: Clock) -> None:
        self._database = database
        self._live = live
        self._clock = clock

    async def view(self) -> TriggersView:
        """Every rule of the funnels in use."""
        return await self._database.read(_view)

    async def save(self, actor: Person, rule: Trigger) -> int:
        """Its id, of a new rule or of the one that is changed; BadInput names each wrong value."""
        return await self._database.write(_save, actor, rule, self._clock())

    async def switch(self, actor: Person, trigger_id: int, is_active: bool) -> None:
        """The rule acts from now on, or no more."""
        await self._database.write(_switch, actor, trigger_id, is_active, self._clock())

    async def shift(self, actor: Person, trigger_id: int, way: Shift) -> None:
        """The rule is asked one place sooner or later; at the end of its row nothing changes."""
        await self._database.write(_shift, actor, trigger_id, way, self._clock())

    async def drop(self, actor: Person, trigger_id: int) -> None:
        """The rule is gone; histories still name it."""
        await self._database.write(_drop, actor, trigger_id, self._clock())

    async def take_back(self, viewer: Person, deal_id: int, event_id: int) -> None:
        """Priority, owner or task as before the rule acted; NothingToUndo if that was changed since."""
        before = await self._database.write(trigger_acts.take_back, viewer, deal_id, event_id, self._clock())
        self._live.tell({f"deal-{before.id}", f"stage-{before.stage_id}", "tasks"}, {before.owner_id})


def _view(tx: Transaction) -> TriggersView:
    sellers = [person for person in people.everybody(tx, active_only=True) if person.role is not Role.NONE]
    in_use = [funnels.load(tx, funnel.id) for funnel in funnels.in_use(tx)]
    return TriggersView(
        triggers.everything(tx), in_use, sellers, lines.load(tx), wrap_up_outcomes.offered(tx)
    )


def checked(tx: Transaction, rule: Trigger) -> TriggersView:
    """All rules, for a rule that may be; BadInput names each wrong value."""
    view = _view(tx)
    line_ids = {line.id for line in view.lines}
    owner_ids = {seller.id for seller in view.sellers}
    wrap_up_ids = {one.id for one in view.outcomes_of(rule.funnel_id)}
    if reasons := reasons_against(rule, view.funnel(rule.funnel_id), line_ids, owner_ids, wrap_up_ids):
        raise BadInput(reasons=reasons)
    return view


def _save(tx: Transaction, actor: Person, rule: Trigger, now: datetime) -> int:
    view = checked(tx, rule)
    if rule.id is None:
        trigger_id = triggers.add(tx, rule)
    else:
        trigger_id = rule.id
        stored = view.rule(trigger_id)
        triggers.change(tx, replace(rule, position=stored.position, is_active=stored.is_active))
    _note(tx, actor, "trigger added" if rule.id is None else "trigger changed", trigger_id, rule, now)
    return trigger_id


def _switch(tx: Transaction, actor: Person, trigger_id: int, is_active: bool, now: datetime) -> None:
    rule = triggers.get(tx, trigger_id)
    triggers.change(tx, replace(rule, is_active=is_active))
    _note(tx, actor, "trigger on" if is_active else "trigger off", trigger_id, rule, now)


def _shift(tx: Transaction, actor: Person, trigger_id: int, way: Shift, now: datetime) -> None:
    rule = triggers.get(tx, trigger_id)
    row = shifted(_view(tx).of_funnel(rule.funnel_id), trigger_id, way)
    for position, one in enumerate(row):
        triggers.change(tx, replace(one, position=position))
    if row:
        _note(tx, actor, f"trigger {way}", trigger_id, rule, now)


def _drop(tx: Transaction, actor: Person, trigger_id: int, now: datetime) -> None:
    rule = triggers.get(tx, trigger_id)
    triggers.drop(tx, trigger_id)
    _note(tx, actor, "trigger dropped", trigger_id, rule, now)


def _note(tx: Transaction, actor: Person, act: str, trigger_id: int, rule: Trigger, now: datetime) -> None:
    audit.note(tx, now, actor.id, act, f"trigger-{trigger_id}", details={"name": rule.name})
