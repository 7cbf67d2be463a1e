"""Where clients come from and where they call, and what a head enters of its cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from pbx_crm.db import audit, origin_report, report_slices
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.origin_report import OriginKind, OriginReport
from pbx_crm.domain.person import Person, Reach, Scope, require_head
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.services.ground import Ground


class Origins:
    """Reports for whoever reads them; costs are the head's business, entered and told."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._database = ground.database
        self._clock = ground.clock
        self._currency = ground.installation.currency

    def month(self, key: str) -> PlanPeriod:
        """The month written `2026-11`; what is none means the present one."""
        found = PlanPeriod.of(key, self._ground.today, self._ground.installation.calendar)
        return PlanPeriod.at(PeriodKind.MONTH, found.first, found.calendar)

    async def report(self, scope: Scope, kind: OriginKind, wanted: ReportFilter, days: Days) -> OriginReport:
        """What came from each source or over each line in these days, which are those of the filter."""
        paid = self._paid(scope, wanted, days)
        return await self._database.read_at_length(
            origin_report.report, kind, wanted, scope, self._currency, paid
        )

    async def costs(self, viewer: Person, month: PlanPeriod) -> dict[str, Decimal | None]:
        """What is entered for the month, by source; None where nothing is."""
        require_head(viewer)
        return await self._database.read(_costs, viewer.scope, month.key)

    async def save(self, viewer: Person, month: PlanPeriod, wanted: Mapping[str, Decimal | None]) -> None:
        """Enters these anew; None takes one away. NotFound for a source nothing ever came from."""
        require_head(viewer)
        await self._database.write(_save, viewer, month.key, wanted, self._clock())

    def _paid(self, scope: Scope, wanted: ReportFilter, days: Days) -> Days | None:
        """The days whose costs can be held against the figures; of days to come nothing is paid yet.

        What a source cost brought clients to everybody and of every size: beside a part of them it would
        say something wrong.
        """
        sliced = replace(wanted, source=None) != ReportFilter(wanted.span)
        last = min(days.last, self._ground.today)
        if sliced or scope.reach is not Reach.ALL or last < days.first:
            return None
        return Days(days.first, last)


def _costs(tx: Transaction, scope: Scope, month: str) -> dict[str, Decimal | None]:
    entered = {source: amount for (source, _), amount in origin_report.costs_of(tx, [month]).items()}
    return {source: entered.get(source) for source in sorted({*report_slices.sources(tx, scope), *entered})}


def _save(
    tx: Transaction, viewer: Person, month: str, wanted: Mapping[str, Decimal | None], now: datetime
) -> None:
    if not wanted.keys() <= _costs(tx, viewer.scope, month).keys():
        raise NotFound
    origin_report.put_costs(tx, month, wanted)
    audit.note(tx, now, viewer.id, "costs_changed", month)
