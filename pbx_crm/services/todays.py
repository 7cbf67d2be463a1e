"""Somebody's day: what waits, what is due, what has no next step."""

from __future__ import annotations

from datetime import tzinfo

from pbx_crm.db import todays
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.person import Person, Reach
from pbx_crm.domain.today import Day, Today
from pbx_crm.services.clock import Clock


class Todays:
    """Reads days, in one transaction each."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def show(self, viewer: Person, of_person: int | None, zone: tzinfo) -> Today:
        """The day of this person, or of everybody (None) for a head; a seller always gets their own."""
        whose = of_person if viewer.scope.reach is Reach.ALL else viewer.id
        return await self._database.read(_today, viewer, whose, Day(self._clock(), zone))


def _today(tx: Transaction, viewer: Person, whose: int | None, day: Day) -> Today:
    scope = viewer.scope
    return Today(
        day=day,
        missed=todays.missed(tx, scope, whose),
        overdue=todays.overdue(tx, scope, whose, day),
        due=todays.due(tx, scope, whose, day),
        stepless=todays.stepless(tx, scope, whose),
        done=todays.done(tx, scope, whose, day),
        of_person=whose,
    )
