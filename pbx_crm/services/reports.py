"""Reports of one viewer: a head's over everybody, a seller's over themselves."""

from __future__ import annotations

from datetime import datetime

from pbx_crm.db import call_report, funnels, lines, missed_clock, people
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call_report import CallReport
from pbx_crm.domain.missed_clock import MissedReport
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.report_filter import Choices, ReportFilter


class Reports:
    """Reads only; the scope decides what is counted, whatever the filter asks for."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def choices(self, scope: Scope) -> Choices:
        """What the viewer may slice by."""
        return await self._database.read(_choices, scope)

    async def calls(self, scope: Scope, wanted: ReportFilter) -> CallReport:
        """Calls per seller."""
        return await self._database.read(call_report.report, wanted, scope)

    async def missed(self, scope: Scope, wanted: ReportFilter, now: datetime) -> MissedReport:
        """How long callers nobody answered waited, and who waits now."""
        return await self._database.read(missed_clock.report, wanted, scope, now)


def _choices(tx: Transaction, scope: Scope) -> Choices:
    sellers = people.everybody(tx) if scope.reach is Reach.ALL else []
    return Choices(
        sellers=tuple((person.id, person.name) for person in sellers if person.role is not Role.NONE),
        lines=tuple((line.id, line.name) for line in lines.load(tx) if line.id is not None),
        funnels=tuple((funnel.id, funnel.name) for funnel in funnels.in_use(tx)),
    )
