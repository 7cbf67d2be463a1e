"""The rows of the call log, a page at a time, within the viewer's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, false, func, or_, select

from pbx_crm.db import clients
from pbx_crm.db.call_figures import (
    INCOMING,
    NOBODY_ANSWERED,
    UNLINKED,
    counted_for,
    counted_for_nobody,
    counted_once,
    on_card_of,
)
from pbx_crm.db.report_slices import calls_sliced
from pbx_crm.db.scoped import calls_in, contacts_in, deals_in
from pbx_crm.db.tables import call_people, calls, contacts, deals, gaps, legs, lines, people
from pbx_crm.domain.call import Direction, EndedBy, LegKind, MissedReason, Outcome
from pbx_crm.domain.call_log import CallFilter, CallRow, Figure, Gap, Place
from pbx_crm.domain.client import Client
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.sought import figures_in

LEAST_DIGITS = 3


def page(
    tx: Connection, wanted: CallFilter, scope: Scope, *, before: Place | None, size: int
) -> list[CallRow]:
    """At most `size` calls older than the place, newest first. Three statements, however many rows."""
    statement = _rows(scope).where(*_conditions(wanted, scope))
    if before is not None:
        same_moment = and_(calls.c.started_at == before.started_at, calls.c.id < before.call_id)
        statement = statement.where(or_(calls.c.started_at < before.started_at, same_moment))
    statement = statement.order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(size)
    return _told(tx, tx.execute(statement).all(), scope)


def one(tx: Connection, call_id: int, scope: Scope) -> CallRow:
    """A single call's row; NotFound if there is none or it is none of the viewer's business."""
    found = tx.execute(_rows(scope).where(calls.c.id == call_id, calls_in(scope))).all()
    if not found:
        raise NotFound(call_id=call_id)
    return _told(tx, found, scope)[0]


def of_contact(tx: Connection, contact_id: int, scope: Scope, most: int) -> list[CallRow]:
    """The client's latest calls that the viewer may see, newest first."""
    query = _rows(scope).where(calls.c.contact_id == contact_id, calls_in(scope))
    query = query.order_by(calls.c.started_at.desc(), calls.c.id.desc()).limit(most)
    return _told(tx, tx.execute(query).all(), scope)


def count(tx: Connection, wanted: CallFilter, scope: Scope) -> int:
    """How many calls the filter leaves."""
    statement = select(func.count()).select_from(calls).where(*_conditions(wanted, scope))
    return tx.execute(statement).scalar_one()


def _rows(scope: Scope) -> Any:
    started, answered, final = people.alias("started"), people.alias("answered"), people.alias("final")
    return (
        select(
            calls,
            lines.c.name.label("line_name"),
            func.coalesce(started.c.name, calls.c.seller_extension).label("started_by"),
            func.coalesce(answered.c.name, calls.c.answered_extension).label("answered_by"),
            func.coalesce(final.c.name, calls.c.final_extension).label("final_agent"),
            deals.c.id.label("own_deal_id"),
            deals.c.title.label("deal_title"),
        )
        .select_from(calls)
        .outerjoin(lines, lines.c.id == calls.c.line_id)
        .outerjoin(started, started.c.id == calls.c.seller_id)
        .outerjoin(answered, answered.c.id == calls.c.answered_id)
        .outerjoin(final, final.c.id == calls.c.final_id)
        .outerjoin(deals, (deals.c.id == calls.c.deal_id) & deals_in(scope))
    )


def _conditions(wanted: CallFilter, scope: Scope) -> list[ColumnElement[bool]]:
    found = [calls_in(scope)]
    if wanted.since is not None:
        found.append(calls.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(calls.c.started_at < wanted.until)
    if wanted.spans is not None:
        began = (and_(calls.c.started_at >= s.since, calls.c.started_at < s.until) for s in wanted.spans)
        found.append(or_(false(), *began))
    if wanted.direction is not None:
        found.append(calls.c.direction == wanted.direction)
    if wanted.outcome is not None:
        found.append(calls.c.outcome == wanted.outcome)
    if wanted.not_called_back:
        found.append(_not_called_back())
    if wanted.text:
        found.append(_holds(wanted.text, scope))
    return found + calls_sliced(wanted) + _whose(wanted)


def _whose(wanted: CallFilter) -> list[ColumnElement[bool]]:
    person_id, figure = wanted.person_id, wanted.figure
    if wanted.unlinked:
        return [counted_for_nobody(figure) if figure else UNLINKED]
    if person_id is not None and figure is Figure.OWNED:
        # A card may belong to somebody whom the call did not concern when it came.
        return [INCOMING & on_card_of(person_id)]
    if person_id is None:
        return [counted_once(figure)] if figure else []
    concerned = exists().where(call_people.c.call_id == calls.c.id, call_people.c.person_id == person_id)
    return [(concerned.where(counted_for(figure)) if figure else concerned).correlate_except(call_people)]


def _not_called_back() -> ColumnElement[bool]:
    later = calls.alias("later")
    # A withheld number can be called back by nobody; it is not held against anyone.
    talked_since = exists().where(
        later.c.e164 == calls.c.e164,
        # The moment of talking decides: who dialled the client while the client dialled us did call back.
        later.c.answered_at > calls.c.started_at,
    )
    return INCOMING & NOBODY_ANSWERED & calls.c.e164.is_not(None) & ~talked_since.correlate_except(later)


def _holds(text: str, scope: Scope) -> ColumnElement[bool]:
    """Calls whose number has these digits, or whose client's or caller's name has these letters."""
    if parts := [digits for digits in figures_in(text) if len(digits) >= LEAST_DIGITS]:
        columns = (calls.c.e164, calls.c.external_number)
        number = or_(*(column.contains(digits) for column in columns for digits in parts))
        return number & _number_is_shown(scope)
    named = exists().where(contacts.c.id == calls.c.contact_id, _has_letters(contacts.c.name, text))
    return named.correlate_except(contacts) | _has_letters(calls.c.caller_name, text)


def _number_is_shown(scope: Scope) -> ColumnElement[bool]:
    # Looking for digits must not tell a seller what the rows hide: the number of another's client.
    if scope.reach is Reach.ALL:
        return calls.c.id.is_not(None)
    nobody_s = ~exists().where(deals.c.contact_id == calls.c.contact_id).correlate_except(deals)
    known = contacts_in(scope, calls.c.contact_id)
    return calls.c.contact_id.is_(None) | nobody_s | known


def _has_letters(column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    # SQLite compares only Latin letters regardless of case; the usual spellings are asked for by name.
    spellings = {text, text.lower(), text.upper(), text.capitalize(), text.title()}
    return or_(*(column.icontains(spelling, autoescape=True) for spelling in sorted(spellings)))


def _told(tx: Connection, rows: Sequence[Row[Any]], scope: Scope) -> list[CallRow]:
    known = clients.behind(tx, {row.contact_id for row in rows if row.contact_id is not None}, scope)
    rang = rang_in(tx, [row.id for row in rows])
    return [_row(row, known, tuple(rang[row.id])) for row in rows]


def _row(row: Row[Any], known: Mapping[int, Client], rang: tuple[str, ...]) -> CallRow:
    client = known.get(row.contact_id) if row.contact_id is not None else None
    hidden = client is not None and client.is_foreign
    return CallRow(
        id=row.id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        direction=Direction(row.direction),
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=MissedReason(row.reason) if row.reason else None,
        ended_by=EndedBy(row.ended_by) if row.ended_by else None,
        client=client,
        number=None if hidden else row.e164 or row.external_number,
        caller_name=row.caller_name,
        started_by=row.started_by,
        answered_by=row.answered_by,
        final_agent=row.final_agent,
        rang=rang,
        line_name=row.line_name,
        queue=row.queue,
        wait_seconds=row.wait_seconds,
        talk_seconds=row.talk_seconds,
        recorded=row.recorded,
        late=row.late,
        deal_id=row.own_deal_id,
        deal_title=row.deal_title,
    )


def rang_in(tx: Connection, call_ids: Sequence[int]) -> dict[int, list[str]]:
    """Whose phones rang, by call, in the order they began to."""
    found: dict[int, list[str]] = defaultdict(list)
    if not call_ids:
        return found
    statement = (
        select(legs.c.call_id, func.coalesce(people.c.name, legs.c.extension, legs.c.endpoint))
        .outerjoin(people, people.c.id == legs.c.person_id)
        .where(legs.c.call_id.in_(call_ids), legs.c.kind == LegKind.SELLER, legs.c.rang_at.is_not(None))
        .order_by(legs.c.rang_at, legs.c.id)
    )
    for call_id, name in tx.execute(statement):
        # A queue rings the same phone again and again; once is enough here.
        if name not in found[call_id]:
            found[call_id].append(name)
    return found


def gaps_between(tx: Connection, since: datetime | None, until: datetime | None) -> list[Gap]:
    """Unfilled gaps that touch this stretch, newest first."""
    statement = select(gaps.c.pbx, gaps.c.from_at, gaps.c.to_at).where(gaps.c.filled_at.is_(None))
    if since is not None:
        statement = statement.where(gaps.c.to_at.is_(None) | (gaps.c.to_at >= since))
    if until is not None:
        statement = statement.where(gaps.c.from_at < until)
    return [Gap(*row) for row in tx.execute(statement.order_by(gaps.c.from_at.desc(), gaps.c.pbx))]
