"""Calls counted per person: the figures of the log's head, and the same conditions for their rows.

One condition serves the sum and the list behind it, so that a figure opens exactly what it counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, case, exists, false, func, or_, select

from pbx_crm.db.tables import call_people, calls, deals, people, talks
from pbx_crm.domain.call import Direction
from pbx_crm.domain.call_log import IN_THE_LOG, Figure, Figures, PersonFigures
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.voice_call import CHANNEL_PREFIX

INCOMING = calls.c.direction == Direction.IN
# What a robot says to a client is nobody's try and nobody's call.
BY_ROBOT = calls.c.linkedid.like(f"{CHANNEL_PREFIX}%")
OUTGOING = and_(calls.c.direction == Direction.OUT, ~BY_ROBOT)
ANSWERED = calls.c.answered_at.is_not(None)
NOBODY_ANSWERED = calls.c.answered_at.is_(None) & calls.c.ended_at.is_not(None)
UNLINKED = INCOMING & ANSWERED & calls.c.answered_id.is_(None)
NO_FIGURES = Figures()


def counted_for(figure: Figure) -> ColumnElement[bool]:
    """Condition on `calls` joined with `call_people`: this call counts for this person."""
    mine, talked = call_people.c.person_id, _talked(call_people.c.person_id)
    rang_in = INCOMING & call_people.c.rang
    by_another = calls.c.answered_id.is_distinct_from(mine)
    dialled = OUTGOING & (calls.c.seller_id == mine)
    conditions: Mapping[Figure, ColumnElement[bool]] = {
        Figure.ANSWERED: INCOMING & ANSWERED & (calls.c.answered_id == mine),
        Figure.MISSED: rang_in & NOBODY_ANSWERED,
        # Who got the call later, by a transfer, took part in it: nothing was taken from them.
        Figure.TAKEN: rang_in & ANSWERED & by_another & ~talked,
        Figure.DIALLED: dialled,
        Figure.REACHED: dialled & ANSWERED,
        Figure.TALKED: or_(INCOMING, OUTGOING) & talked,
        Figure.HANDLED: INCOMING & talked,
        Figure.OWNED: INCOMING & on_card_of(mine),
        Figure.COLD: dialled & NEVER_TALKED_BEFORE,
        Figure.COLD_REACHED: dialled & ANSWERED & NEVER_TALKED_BEFORE,
    }
    return conditions[figure]


def counted_once(figure: Figure) -> ColumnElement[bool]:
    """Condition on `calls` alone: this call counts when all calls are counted, each once."""
    conditions: Mapping[Figure, ColumnElement[bool]] = {
        Figure.ANSWERED: INCOMING & ANSWERED,
        Figure.MISSED: INCOMING & NOBODY_ANSWERED,
        Figure.TAKEN: INCOMING & ANSWERED & _taken_from_somebody(),
        Figure.DIALLED: OUTGOING,
        Figure.REACHED: OUTGOING & ANSWERED,
        Figure.TALKED: or_(INCOMING, OUTGOING)
        & exists().where(talks.c.call_id == calls.c.id).correlate_except(talks),
        Figure.HANDLED: INCOMING & SOMEBODY_TALKED,
        Figure.OWNED: INCOMING & calls.c.deal_id.is_not(None),
        Figure.COLD: OUTGOING & NEVER_TALKED_BEFORE,
        Figure.COLD_REACHED: OUTGOING & ANSWERED & NEVER_TALKED_BEFORE,
    }
    return conditions[figure]


def counted_for_nobody(figure: Figure) -> ColumnElement[bool]:
    """Condition on `calls` alone: this call counts, and for none of our people."""
    rang = (
        exists().where(call_people.c.call_id == calls.c.id, call_people.c.rang).correlate_except(call_people)
    )
    at_unlinked = exists().where(talks.c.call_id == calls.c.id, talks.c.person_id.is_(None))
    conditions: Mapping[Figure, ColumnElement[bool]] = {
        Figure.ANSWERED: INCOMING & calls.c.answered_id.is_(None),
        Figure.MISSED: INCOMING & NOBODY_ANSWERED & ~rang,
        # Taken from a phone that is nobody's is taken from nobody.
        Figure.TAKEN: false(),
        Figure.DIALLED: OUTGOING & calls.c.seller_id.is_(None),
        Figure.REACHED: OUTGOING & calls.c.seller_id.is_(None) & ANSWERED,
        Figure.TALKED: or_(INCOMING, OUTGOING) & at_unlinked.correlate_except(talks),
        Figure.HANDLED: INCOMING & ~SOMEBODY_TALKED,
        Figure.OWNED: INCOMING & calls.c.deal_id.is_(None),
        Figure.COLD: OUTGOING & calls.c.seller_id.is_(None) & NEVER_TALKED_BEFORE,
        Figure.COLD_REACHED: OUTGOING & calls.c.seller_id.is_(None) & ANSWERED & NEVER_TALKED_BEFORE,
    }
    return conditions[figure]


def on_card_of(person_id: ColumnElement[int] | int) -> ColumnElement[bool]:
    """Condition on `calls`: it lies on a card of this person."""
    found = exists().where(deals.c.id == calls.c.deal_id, deals.c.owner_id == person_id)
    return found.correlate_except(deals)


def _never_talked_before() -> ColumnElement[bool]:
    earlier = calls.alias("earlier")
    talk = exists().where(earlier.c.e164 == calls.c.e164, earlier.c.answered_at < calls.c.started_at)
    # Of a number that cannot be told nobody knows whether it is new.
    return calls.c.e164.is_not(None) & ~talk.correlate_except(earlier)


NEVER_TALKED_BEFORE = _never_talked_before()
SOMEBODY_TALKED = (
    exists().where(talks.c.call_id == calls.c.id, talks.c.person_id.is_not(None)).correlate_except(talks)
)


def _talked(person_id: ColumnElement[int]) -> ColumnElement[bool]:
    # SQLite would look through all talks of the person for each call; the sum keeps it off that index,
    # so that it looks at the few talks of the call.
    found = exists().where(talks.c.call_id == calls.c.id, talks.c.person_id + 0 == person_id)
    return found.correlate_except(talks)


def _taken_from_somebody() -> ColumnElement[bool]:
    found = exists().where(call_people.c.call_id == calls.c.id, counted_for(Figure.TAKEN))
    return found.correlate_except(call_people)


def _sums(since: datetime, prefix: str, condition_of: Any) -> list[ColumnElement[Any]]:
    recent = calls.c.started_at >= since
    return [
        func.sum(case((and_(recent, condition_of(figure)), 1), else_=0)).label(f"{prefix}_{figure}")
        for figure in IN_THE_LOG
    ]


def _figures(row: RowMapping, prefix: str) -> Figures:
    counted = {figure.value: int(row[f"{prefix}_{figure}"] or 0) for figure in IN_THE_LOG}
    return Figures(**counted, talk_seconds=row.get(f"{prefix}_seconds") or 0.0)


def per_person(
    tx: Connection, scope: Scope, *, week: datetime, today: datetime, until: datetime
) -> list[PersonFigures]:
    """A row per seller the viewer may see, by name: also those without a call. Two statements."""
    rows = {row["person_id"]: row for row in tx.execute(_per_person(scope, week, today, until)).mappings()}
    return [
        PersonFigures(person_id, name, _figures(rows[person_id], "today"), _figures(rows[person_id], "week"))
        if person_id in rows
        else PersonFigures(person_id, name, NO_FIGURES, NO_FIGURES)
        for person_id, name in tx.execute(_listed(scope, rows))
    ]


def _per_person(scope: Scope, week: datetime, today: datetime, until: datetime) -> Any:
    outside = or_(INCOMING, OUTGOING)
    statement = (
        select(
            call_people.c.person_id,
            *_sums(today, "today", counted_for),
            *_sums(week, "week", counted_for),
            _talk(outside & (calls.c.started_at >= today)).label("today_seconds"),
            _talk(outside).label("week_seconds"),
        )
        .join(calls, calls.c.id == call_people.c.call_id)
        .where(calls.c.started_at >= week, calls.c.started_at < until)
        .group_by(call_people.c.person_id)
    )
    return statement.where(people_in(scope, call_people.c.person_id))


def _talk(condition: ColumnElement[bool]) -> ColumnElement[float]:
    return func.sum(case((condition, call_people.c.talk_seconds), else_=0.0))


def people_in(scope: Scope, person_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Condition on a person's id: a seller sees their own figures, a head everybody's."""
    match scope.reach:
        case Reach.ALL:
            return person_id.is_not(None)
        case Reach.OWN:
            return person_id == scope.person_id
        case Reach.NOTHING:
            return person_id.is_(None)


def _listed(scope: Scope, counted: Mapping[int, object]) -> Any:
    """Sellers of today; and whoever has figures, be it a head or somebody who left yesterday."""
    sells = (people.c.role == Role.SELLER) & people.c.is_active
    return (
        select(people.c.id, people.c.name)
        .where(sells | people.c.id.in_(list(counted)), people_in(scope, people.c.id))
        .order_by(people.c.name, people.c.id)
    )


def over_all(
    tx: Connection, *, week: datetime, today: datetime, until: datetime
) -> tuple[Figures, Figures, int, int]:
    """All calls, each counted once, today and in the week; then those an unlinked phone answered."""
    counted = tx.execute(
        select(
            *_sums(today, "today", counted_once),
            *_sums(week, "week", counted_once),
            func.sum(case((UNLINKED & (calls.c.started_at >= today), 1), else_=0)).label("today_unlinked"),
            func.sum(case((UNLINKED, 1), else_=0)).label("week_unlinked"),
        ).where(calls.c.started_at >= week, calls.c.started_at < until)
    )
    row = counted.mappings().one()
    unlinked = int(row["today_unlinked"] or 0), int(row["week_unlinked"] or 0)
    return _figures(row, "today"), _figures(row, "week"), *unlinked
