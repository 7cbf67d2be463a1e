"""Somebody's day, read within one transaction: what waits, what is due, what has no next step."""

from __future__ import annotations

from pbx_crm.db import todays
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.person import Person, Reach
from pbx_crm.domain.today import Day, Today


def read(tx: Transaction, viewer: Person, of_person: int | None, day: Day) -> Today:
    """The day of this person, or of everybody (None) for a head; a seller always gets their own."""
    scope = viewer.scope
    whose = of_person if scope.reach is Reach.ALL else viewer.id
    return Today(
        day=day,
        missed=todays.missed(tx, scope, whose),
        unfinished=todays.unfinished(tx, scope, whose, day),
        overdue=todays.overdue(tx, scope, whose, day),
        due=todays.due(tx, scope, whose, day),
        stepless=todays.stepless(tx, scope, whose),
        done=todays.done(tx, scope, whose, day),
        of_person=whose,
    )
