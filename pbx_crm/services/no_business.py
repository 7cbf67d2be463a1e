"""Proposes numbers to skip: those whose calls cost time and cards, and never became business."""

from __future__ import annotations

from datetime import datetime, timedelta

from pbx_crm.db import lines, no_business
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.no_business import LOOKS_BACK_DAYS, Proposal, habit_of
from pbx_crm.domain.person import Person, Scope
from pbx_crm.services.clock import Clock


class NoBusiness:
    """Only looks; the rule is made by the head, like any other."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def proposals(self, viewer: Person) -> list[Proposal]:
        """The numbers worth a skip rule, those that called most first."""
        since = self._clock() - timedelta(days=LOOKS_BACK_DAYS)
        return await self._database.read_at_length(_proposals, since, viewer.scope)


def _proposals(tx: Transaction, since: datetime, scope: Scope) -> list[Proposal]:
    rules = lines.load_skip_rules(tx)
    callers = no_business.callers(tx, since, scope)
    free = [caller for caller in callers if not any(rule.means(caller.number) for rule in rules)]
    clients = no_business.clients_among(tx, [caller.number for caller in free])
    habits = {caller: habit for caller in free if (habit := habit_of(caller)) is not None}
    found = {caller: habit for caller, habit in habits.items() if caller.number not in clients}
    numbers = [caller.number for caller in found]
    names, cards = no_business.names_of(tx, numbers), no_business.cards_of(tx, numbers, since)
    return [
        Proposal(caller, habit, names.get(caller.number, ""), cards.get(caller.number, 0))
        for caller, habit in found.items()
    ]
