"""Waits of callers nobody answered, out of every call of their numbers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, func, or_, select

from pbx_crm.db import calendars, clients
from pbx_crm.db.call_figures import INCOMING, NOBODY_ANSWERED, OUTGOING
from pbx_crm.db.call_log import rang_in
from pbx_crm.db.report_slices import calls_sliced
from pbx_crm.db.scoped import calls_in
from pbx_crm.db.tables import call_people, calls, lines
from pbx_crm.domain.calendar import WorkingTimes
from pbx_crm.domain.client import Client
from pbx_crm.domain.missed_clock import MissedReport, NumberCall, Wait, WaitRow, waits_of
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

USUAL_LIMIT = 15
"""Minutes, for a call that came in by no line: as a new line has it."""
MOST_IDS = 1000
"""In one statement; databases take no list of any length."""
# What a skip rule takes out (the bank, the staff) is no client waiting.
MISSED = INCOMING & NOBODY_ANSWERED & calls.c.skipped_by.is_(None)
Condition = ColumnElement[bool]


def report(tx: Connection, wanted: ReportFilter, scope: Scope, now: datetime) -> MissedReport:
    """The waits that began within the stretch, oldest first. Five statements, two more per thousand waits.

    When somebody talked with a number is looked for in all calls: a seller whose caller a colleague has
    called back is not to call again. Nothing else of those calls is told.
    """
    history, times = _history(tx, wanted, scope), calendars.working_times(tx)
    found: list[tuple[str, Wait]] = []
    for number, rows in history.items():
        for wait in waits_of(_number_call(row, times) for row in rows):
            if wait.is_counted and wanted.span.since <= wait.began_at < wanted.span.until:
                found.append((number, wait))
    found.sort(key=lambda pair: (pair[1].began_at, pair[1].call_id))
    rows_by_id = {row.id: row for rows in history.values() for row in rows}
    return MissedReport(_told(tx, found, rows_by_id, scope, now), now, _withheld(tx, wanted, scope))


def _counted(wanted: ReportFilter, scope: Scope) -> Condition:
    conditions = [calls_in(scope)]
    if wanted.person_id is not None:
        rang = exists().where(
            call_people.c.call_id == calls.c.id,
            call_people.c.person_id == wanted.person_id,
            call_people.c.rang,
        )
        conditions.append(rang.correlate_except(call_people))
    return and_(*conditions, *calls_sliced(wanted))


def _within(wanted: ReportFilter) -> Condition:
    return and_(calls.c.started_at >= wanted.span.since, calls.c.started_at < wanted.span.until)


def _history(tx: Connection, wanted: ReportFilter, scope: Scope) -> dict[str, list[Row[*tuple[Any, ...]]]]:
    """Every call with the outside of every number that was missed within the stretch."""
    numbers = select(calls.c.e164).where(MISSED, _within(wanted), calls.c.e164.is_not(None))
    query = (
        select(
            *(calls.c[name] for name in ("id", "e164", "direction", "contact_id", "line_id")),
            *(calls.c[name] for name in ("started_at", "answered_at", "ended_at", "skipped_by")),
            lines.c.name.label("line_name"),
            func.coalesce(lines.c.callback_minutes, USUAL_LIMIT).label("limit_minutes"),
            _counted(wanted, scope).label("is_counted"),
        )
        .select_from(calls)
        .outerjoin(lines, lines.c.id == calls.c.line_id)
        .where(calls.c.e164.in_(numbers.distinct().correlate(None)), or_(INCOMING, OUTGOING))
    )
    found: dict[str, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
    for row in tx.execute(query):
        if row.skipped_by is None or row.answered_at is not None:
            found[row.e164].append(row)
    return found


def _number_call(row: Row[*tuple[Any, ...]], times: WorkingTimes) -> NumberCall:
    return NumberCall(
        row.id,
        row.direction == "in",
        row.started_at,
        row.answered_at,
        row.ended_at,
        row.limit_minutes,
        times.of_line(row.line_id),
        bool(row.is_counted),
    )


def _told(
    tx: Connection,
    found: Iterable[tuple[str, Wait]],
    rows: dict[int, Row[*tuple[Any, ...]]],
    scope: Scope,
    now: datetime,
) -> tuple[WaitRow, ...]:
    waits = [(number, wait, rows[wait.call_id]) for number, wait in found]
    known: dict[int, Client] = {}
    rang: dict[int, list[str]] = {}
    for start in range(0, len(waits), MOST_IDS):
        some = [row for _, _, row in waits[start : start + MOST_IDS]]
        contact_ids = {row.contact_id for row in some if row.contact_id is not None}
        known |= clients.behind(tx, contact_ids, scope)
        rang |= rang_in(tx, [row.id for row in some])
    return tuple(
        _wait_row(number, wait, row, known.get(row.contact_id), ", ".join(rang.get(row.id, [])), now)
        for number, wait, row in waits
    )


def _wait_row(
    number: str, wait: Wait, row: Row[*tuple[Any, ...]], client: Client | None, rang: str, now: datetime
) -> WaitRow:
    is_hidden = client is not None and client.is_foreign
    return WaitRow(wait, wait.state(now), client, None if is_hidden else number, row.line_name, rang)


def _withheld(tx: Connection, wanted: ReportFilter, scope: Scope) -> int:
    query = select(func.count()).select_from(calls)
    condition = and_(MISSED, _within(wanted), calls.c.e164.is_(None), _counted(wanted, scope))
    return tx.execute(query.where(condition)).scalar_one()
