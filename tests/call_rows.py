"""Calls on record for tests, told as it happened: it rings, somebody answers, it ends."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from pbx_crm.db.tables import call_people, calls, legs, talks
from pbx_crm.db.upsert import insert_missing
from pbx_crm.domain.call import Direction, LegKind, LegResult, Outcome
from pbx_crm.domain.person import Person, Role
from tests.builders import NOW

_numbers = itertools.count(1)


class CallRows:
    """One call's rows; every moment is given in seconds since its start."""

    def __init__(
        self, tx: Connection, at: datetime = NOW, direction: Direction = Direction.IN, **columns: Any
    ) -> None:
        self.tx = tx
        self.started_at = at
        values = {
            "pbx": "main",
            "linkedid": f"{next(_numbers)}.0",
            "direction": direction,
            "e164": "+79051234567",
            "external_number": "89051234567",
            "started_at": at,
            **columns,
        }
        self.id: int = tx.execute(insert(calls).values(**values).returning(calls.c.id)).scalar_one()

    def ring(self, *people: Person, after: float = 1) -> CallRows:
        """Their phones begin to ring."""
        for person in people:
            self._concern(person, rang=True)
            self._leg(person, rang_at=self._at(after))
        return self

    def dial(self, person: Person) -> CallRows:
        """The person starts the call."""
        self._concern(person)
        self._change(seller_id=person.id, seller_extension=extension_of(person))
        return self

    def answer(self, person: Person, after: float = 8) -> CallRows:
        """The person is connected with the client; other ringing phones fall silent."""
        at = self._at(after)
        self._concern(person)
        mine = (legs.c.call_id == self.id) & (legs.c.person_id == person.id) & legs.c.ended_at.is_(None)
        self.tx.execute(update(legs).where(mine).values(answered_at=at, result=LegResult.ANSWERED))
        self._stop_ringing(LegResult.TAKEN_BY_OTHER, at)
        self._talk(person, at)
        first = self.tx.execute(select(calls.c.answered_at).where(calls.c.id == self.id)).scalar_one() is None
        if first:
            self._change(answered_at=at, answered_id=person.id, answered_extension=extension_of(person))
        self._change(final_id=person.id, final_extension=extension_of(person))
        return self

    def leave(self, person: Person, after: float) -> CallRows:
        """The person's talk ends; the call may go on with another."""
        at = self._at(after)
        mine = (talks.c.call_id == self.id) & (talks.c.person_id == person.id)
        started = self.tx.execute(
            select(func.max(talks.c.started_at)).where(mine, talks.c.ended_at.is_(None))
        ).scalar_one()
        self.tx.execute(update(talks).where(mine, talks.c.ended_at.is_(None)).values(ended_at=at))
        who = (call_people.c.call_id == self.id) & (call_people.c.person_id == person.id)
        seconds = call_people.c.talk_seconds + (at - started).total_seconds()
        self.tx.execute(update(call_people).where(who).values(talk_seconds=seconds))
        return self

    def end(self, after: float, outcome: Outcome, **columns: Any) -> CallRows:
        """The call is over."""
        at = self._at(after)
        running = select(talks.c.person_id).where(talks.c.call_id == self.id, talks.c.ended_at.is_(None))
        for person_id in self.tx.execute(running).scalars().all():
            self.leave(Person(person_id, "", "", Role.SELLER), after)
        self._stop_ringing(LegResult.NO_ANSWER, at)
        self.tx.execute(
            update(legs).where(legs.c.call_id == self.id, legs.c.ended_at.is_(None)).values(ended_at=at)
        )
        self._change(ended_at=at, outcome=outcome, ended_by="hangup", **columns)
        return self

    def _at(self, after: float) -> datetime:
        return self.started_at + timedelta(seconds=after)

    def _change(self, **columns: Any) -> None:
        self.tx.execute(update(calls).where(calls.c.id == self.id).values(**columns))

    def _concern(self, person: Person, rang: bool = False) -> None:
        row = {"call_id": self.id, "person_id": person.id, "started_at": self.started_at, "talk_seconds": 0.0}
        insert_missing(self.tx, call_people, [{**row, "rang": rang}])
        if rang:
            who = (call_people.c.call_id == self.id) & (call_people.c.person_id == person.id)
            self.tx.execute(update(call_people).where(who).values(rang=True))

    def _leg(self, person: Person, rang_at: datetime) -> None:
        values = {
            "call_id": self.id,
            "uniqueid": f"{next(_numbers)}.1",
            "endpoint": f"PJSIP/{extension_of(person)}",
            "kind": LegKind.SELLER,
            "extension": extension_of(person),
            "person_id": person.id,
            "started_at": rang_at,
            "rang_at": rang_at,
        }
        self.tx.execute(insert(legs).values(**values))

    def _talk(self, person: Person, at: datetime) -> None:
        values = {"call_id": self.id, "extension": extension_of(person), "person_id": person.id}
        self.tx.execute(insert(talks).values(**values, started_at=at))

    def _stop_ringing(self, result: LegResult, at: datetime) -> None:
        ringing = (legs.c.call_id == self.id) & legs.c.answered_at.is_(None) & legs.c.ended_at.is_(None)
        self.tx.execute(update(legs).where(ringing).values(ended_at=at, result=result))


def extension_of(person: Person) -> str:
    """The phone a made-up person sits at."""
    return str(100 + person.id)
