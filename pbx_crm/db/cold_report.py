"""Cold calls and meetings per seller: calls out of the kept sums, meetings out of the tasks."""

from __future__ import annotations

from sqlalchemy import Connection

from pbx_crm.db import call_report, meetings
from pbx_crm.db.call_sums import EVERYBODY, NOBODY
from pbx_crm.domain.call_report import Moment
from pbx_crm.domain.cold_report import ColdCounts, ColdReport, ColdRow
from pbx_crm.domain.person import Scope
from pbx_crm.domain.report_filter import ReportFilter


def report(tx: Connection, wanted: ReportFilter, scope: Scope) -> ColdReport:
    """Every seller's row, by name. At most eight statements."""
    sums = call_report.added_up(tx, wanted, scope)
    held = meetings.per_seller(tx, wanted, scope, Moment.HELD)
    agreed = meetings.per_seller(tx, wanted, scope, Moment.AGREED)

    def counts(person_id: int) -> ColdCounts:
        mine = sums.get(person_id, {})
        return ColdCounts(
            mine.get("cold", 0), mine.get("cold_reached", 0), agreed.get(person_id, 0), held.get(person_id, 0)
        )

    known = sorted((sums.keys() | held.keys() | agreed.keys()) - {NOBODY, EVERYBODY})
    listed = call_report.sellers(tx, wanted, scope, known)
    rows = tuple(ColdRow(person_id, name, counts(person_id)) for person_id, name in listed)
    if not call_report.is_company(wanted, scope):
        return ColdReport(rows, None, None)
    every = counts(EVERYBODY)
    whole = ColdCounts(every.cold, every.cold_reached, sum(agreed.values()), sum(held.values()))
    return ColdReport(rows, counts(NOBODY), whole)
