"""Dry runs: a trigger is tried on the calls of the last days before it is saved; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pbx_crm.db import dry_runs, triggers
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.dry_run import LONGEST_DAYS, DryRun, compare
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.trigger import Trigger
from pbx_crm.services.clock import Clock
from pbx_crm.services.triggers import checked


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the trial, and how the cards it names are called."""

    run: DryRun
    names: Mapping[int, str]


class DryRuns:
    """Reads alone; the rules in force and the cards stay as they are."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def of_trigger(self, rule: Trigger, days: int) -> Tried:
        """What the rule would have done in the last days, had it been in force; BadInput for a wrong one."""
        if not 1 <= days <= LONGEST_DAYS:
            raise BadInput(reasons={"days": N_("1 to 365 days.")})
        return await self._database.read(_of_trigger, rule, days, self._clock())


def _of_trigger(tx: Transaction, rule: Trigger, days: int, now: datetime) -> Tried:
    view = checked(tx, rule)
    trial = replace(rule, position=view.trigger(rule.id).position) if rule.id is not None else rule
    funnel, since = view.funnel(rule.funnel_id), now - timedelta(days=days)
    cards = dry_runs.cards(tx, funnel.id, since)
    run = compare(trial, triggers.in_force(tx), funnel, cards, days, since)
    shown = {act.deal_id for act in run.own} | run.gained | run.lost
    return Tried(run, dry_runs.names(tx, shown))
