"""Incoming calls by hours: from kept sums where the reader's hours are the firm's, else from the calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from pbx_crm.db import call_days
from pbx_crm.db.call_figures import counted_for, counted_once
from pbx_crm.db.call_fold import QuarterHour, begin_of
from pbx_crm.db.call_report import NOT_COUNTED, is_company, mine
from pbx_crm.db.call_sums import EVERYBODY
from pbx_crm.db.report_slices import calls_sliced, sums_sliced, within
from pbx_crm.db.tables import call_hours as kept
from pbx_crm.db.tables import call_people, calls
from pbx_crm.domain.call_hours import are_alike
from pbx_crm.domain.call_log import Figure
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter

Counted = tuple[datetime, int, int]


def per_hour(tx: Connection, wanted: ReportFilter, scope: Scope, zone: tzinfo) -> list[Counted]:
    """(moment, answered, missed) of stretches that lie within one hour of the zone, all calls or one
    person's. At most three statements.
    """
    firm = call_days.zone(tx)
    # Sums are kept by line: which region a call is of may change with its client.
    has_sums = firm is not None and wanted.region_id is None
    is_kept = has_sums and firm is not None and are_alike(zone, firm, wanted.span)
    where = [*within(wanted.span), *calls_sliced(wanted), *([NOT_COUNTED] if is_kept else [])]
    loose = tx.execute(_counted(wanted, scope, where))
    found = [(begin_of(number), int(answered), int(missed)) for number, answered, missed in loose]
    if is_kept:
        found += [
            (at, int(answered), int(missed)) for at, answered, missed in tx.execute(_kept(wanted, scope))
        ]
    return found


def _kept(wanted: ReportFilter, scope: Scope) -> Select[Any]:
    query = select(kept.c.began, func.sum(kept.c.answered), func.sum(kept.c.missed)).where(
        kept.c.began >= wanted.span.since,
        kept.c.began < wanted.span.until,
        *_whose(kept.c.who, wanted, scope),
        *sums_sliced(kept.c.line, wanted),
    )
    return query.group_by(kept.c.began)


def _counted(wanted: ReportFilter, scope: Scope, where: list[ColumnElement[bool]]) -> Select[Any]:
    quarter = QuarterHour(calls.c.started_at)
    if is_company(wanted, scope):
        query = select(quarter, *_sums(counted_once)).select_from(calls)
    else:
        joined = call_people.join(calls, calls.c.id == call_people.c.call_id)
        query = select(quarter, *_sums(counted_for)).select_from(joined)
        query = query.where(*_whose(call_people.c.person_id, wanted, scope))
    return query.where(*where).group_by(quarter)


def _whose(
    person_id: ColumnElement[int], wanted: ReportFilter, scope: Scope
) -> Sequence[ColumnElement[bool]]:
    return [person_id == EVERYBODY] if is_company(wanted, scope) else mine(wanted, scope, person_id)


def _sums(condition_of: Any) -> list[ColumnElement[Any]]:
    return [func.sum(case((condition_of(figure), 1), else_=0)) for figure in (Figure.ANSWERED, Figure.MISSED)]
