"""What calls add up to, per person, for nobody, and each once: one definition for rows and for kept sums.

Each arm below counts some columns of a person's row; together they are all of it. The report adds the
arms up over a stretch of time, the kept sums (`db/call_days.py`) over single calls as they end. Distinct
clients are not among them: those of two days are not the sum of each day's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
    union_all,
)

from pbx_crm.db.call_figures import (
    INCOMING,
    OUTGOING,
    SOMEBODY_TALKED,
    counted_for,
    counted_for_nobody,
    counted_once,
)
from pbx_crm.db.seconds import seconds_between
from pbx_crm.db.tables import call_people, calls, deals, legs, talks
from pbx_crm.domain.call import LegKind
from pbx_crm.domain.call_log import Figure

Condition = ColumnElement[bool]
Keys = Sequence[ColumnElement[Any]]
Mine = Callable[[ColumnElement[int]], Sequence[Condition]]

NOBODY = 0
EVERYBODY = -1
FIGURES = tuple(figure.value for figure in Figure)
LENGTHS = ("talk_ms", "ring_ms", "hold_ms")
SUMS = (*FIGURES, "incoming", "repeated", *LENGTHS)
ONE_BY_ONE = tuple(figure for figure in Figure if figure is not Figure.OWNED)
WITH_CLIENTS = or_(INCOMING, OUTGOING)
ZERO: ColumnElement[int] = literal_column(str(NOBODY))
ALL: ColumnElement[int] = literal_column(str(EVERYBODY))
LINE = func.coalesce(calls.c.line_id, ZERO)
# Who put a call on hold is not recorded: it stands with whoever answered or dialled it.
HOLDER = case((INCOMING, calls.c.answered_id), else_=calls.c.seller_id)
RING_END = func.coalesce(legs.c.answered_at, legs.c.ended_at)


def per_person(keys: Keys, where: Sequence[Condition], mine: Mine) -> CompoundSelect[Any]:
    """Rows (*keys, who, *SUMS) of the people that `mine` lets through; a person has up to four of them."""
    arms = [
        _arm(keys, _on_calls(call_people), call_people.c.person_id, _counted()),
        _arm(keys, _on_deals(), deals.c.owner_id, {"owned": func.count()}).where(INCOMING),
        _rang(keys, legs.c.person_id),
        _held(keys, HOLDER),
    ]
    people = (call_people.c.person_id, deals.c.owner_id, legs.c.person_id, HOLDER)
    return union_all(*(arm.where(*where, *mine(who)) for arm, who in zip(arms, people, strict=True)))


def per_company(keys: Keys, where: Sequence[Condition]) -> CompoundSelect[Any]:
    """Rows (*keys, who, *SUMS) of everybody, of nobody and of all calls, each once."""
    talked = {"talk_ms": _milliseconds(seconds_between(talks.c.started_at, talks.c.ended_at))}
    unlinked = (WITH_CLIENTS, talks.c.person_id.is_(None))
    arms = [
        _arm(keys, _on_calls(call_people), call_people.c.person_id, _counted()),
        _arm(keys, _on_deals(), deals.c.owner_id, {"owned": func.count()}).where(INCOMING),
        _rang(keys, func.coalesce(legs.c.person_id, ZERO)),
        _held(keys, func.coalesce(HOLDER, ZERO)),
        _arm(keys, calls, ZERO, _sums(counted_for_nobody, tuple(Figure))),
        _arm(keys, _on_calls(talks), ZERO, talked).where(*unlinked),
        _arm(keys, calls, ALL, {**_sums(counted_once, tuple(Figure)), **_totals()}),
    ]
    return union_all(*(arm.where(*where) for arm in arms))


def added(rows: Iterable[Sequence[Any]], keys: int) -> dict[tuple[Any, ...], list[int]]:
    """What such rows come to, by the keys before the sums; rows of nothing are left out."""
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        # PostgreSQL sums whole numbers into Decimal, and over no row into NULL.
        values = [int(value or 0) for value in row[keys:]]
        known = found.setdefault(tuple(row[:keys]), [0] * len(SUMS))
        found[tuple(row[:keys])] = [mine + more for mine, more in zip(known, values, strict=True)]
    return {key: values for key, values in found.items() if any(values)}


def _arm(keys: Keys, source: FromClause, who: ColumnElement[Any], sums: dict[str, Any]) -> Select[Any]:
    columns = [sums.get(name, ZERO).label(name) for name in SUMS]
    query = select(*keys, who.label("who"), *columns).select_from(source)
    # GROUP BY takes a bare number for the place of a column.
    return query.group_by(*keys) if who is ZERO or who is ALL else query.group_by(*keys, who)


def _on_calls(part: Any) -> FromClause:
    joined: FromClause = part.join(calls, calls.c.id == part.c.call_id)
    return joined


def _on_deals() -> FromClause:
    return calls.join(deals, deals.c.id == calls.c.deal_id)


def _sums(condition_of: Callable[[Figure], Condition], figures: tuple[Figure, ...]) -> dict[str, Any]:
    return {figure.value: func.sum(case((condition_of(figure), 1), else_=0)) for figure in figures}


def _counted() -> dict[str, Any]:
    seconds = case((WITH_CLIENTS, call_people.c.talk_seconds), else_=0.0)
    return {**_sums(counted_for, ONE_BY_ONE), "talk_ms": _milliseconds(seconds)}


def _rang(keys: Keys, who: ColumnElement[Any]) -> Select[Any]:
    rang = {"ring_ms": _milliseconds(seconds_between(legs.c.rang_at, RING_END))}
    return _arm(keys, _on_calls(legs), who, rang).where(INCOMING, legs.c.kind == LegKind.SELLER)


def _held(keys: Keys, who: ColumnElement[Any]) -> Select[Any]:
    held = {"hold_ms": _milliseconds(calls.c.hold_seconds)}
    return _arm(keys, calls, who, held).where(WITH_CLIENTS, calls.c.hold_seconds > 0)


def _totals() -> dict[str, Any]:
    sellers = select(func.count(talks.c.person_id.distinct()) - 1).where(talks.c.call_id == calls.c.id)
    more = sellers.correlate(calls).scalar_subquery()
    return {
        "incoming": func.sum(case((INCOMING, 1), else_=0)),
        "repeated": func.sum(case((INCOMING & SOMEBODY_TALKED, more), else_=0)),
    }


def _milliseconds(seconds: ColumnElement[float]) -> ColumnElement[int]:
    # Whole numbers add up alike in any order; floats would drift from what the rows say.
    return func.sum(cast(func.round(seconds * 1000), BigInteger))
