"""Incoming calls by quarters of an hour, of which the hours of every zone are made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, case, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from pbx_crm.db.call_figures import counted_for, counted_once, people_in
from pbx_crm.db.call_report import is_company, within
from pbx_crm.db.report_slices import calls_sliced
from pbx_crm.db.tables import call_people, calls
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

QUARTER = 900
"""Seconds. No clock on earth differs from another by less."""
Counted = tuple[datetime, int, int]


class QuarterHour(GenericFunction[int]):
    """`QuarterHour(moment)`: how many quarters of an hour since 1970."""

    type = Integer()
    inherit_cache = True
    name = "quarter_hour"


@compiles(QuarterHour, "sqlite")
def _on_sqlite(element: QuarterHour, compiler: Any, **options: Any) -> str:
    (moment,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"(CAST(strftime('%s', {moment}) AS INTEGER) / {QUARTER})"


@compiles(QuarterHour, "postgresql")
def _on_postgresql(element: QuarterHour, compiler: Any, **options: Any) -> str:
    (moment,) = (compiler.process(clause, **options) for clause in element.clauses)
    return f"floor(extract(epoch from {moment}) / {QUARTER})::bigint"


def per_quarter(tx: Connection, wanted: ReportFilter, scope: Scope) -> list[Counted]:
    """(begin, answered, missed) of every quarter with calls, all of them or one person's. One statement."""
    quarter = QuarterHour(calls.c.started_at)
    if is_company(wanted, scope):
        query = select(quarter, *_sums(counted_once)).select_from(calls)
    else:
        joined = call_people.join(calls, calls.c.id == call_people.c.call_id)
        query = select(quarter, *_sums(counted_for)).select_from(joined)
        query = query.where(people_in(scope, call_people.c.person_id))
        if wanted.person_id is not None:
            query = query.where(call_people.c.person_id == wanted.person_id)
    query = query.where(*within(wanted.span), *calls_sliced(wanted)).group_by(quarter)
    return [
        (datetime.fromtimestamp(number * QUARTER, UTC), int(answered), int(missed))
        for number, answered, missed in tx.execute(query)
    ]


def _sums(condition_of: Any) -> list[ColumnElement[Any]]:
    return [func.sum(case((condition_of(figure), 1), else_=0)) for figure in (Figure.ANSWERED, Figure.MISSED)]
