"""Plans of a period, what came of them, and what so many contracts would take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from pbx_crm.db import audit, calendars, call_report, forecast, funnels
from pbx_crm.db import plans as stored
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal_stays import day_number, stays_of
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.forecast import HISTORY_DAYS
from pbx_crm.domain.person import Person, Reach, Scope, require_head
from pbx_crm.domain.plan import Clock, Metric, PlanReport, plan_report
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.planner import Have, PlannerReport, need_of
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.services.ground import Ground

Wanted = Mapping[tuple[int, Metric], Decimal | None]


class Plans:
    """Periods are the company's; a head plans for everybody, a seller sees their own plan."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._database = ground.database
        self._clock = ground.clock
        self._zone = ground.installation.zone
        self._currency = ground.installation.currency

    def period(self, key: str) -> PlanPeriod:
        """The period written `2026-11`, `2026-W47` or `2026-Q4`; what is none means the present month."""
        return PlanPeriod.of(key, self._ground.today, self._ground.installation.calendar)

    def period_at(self, kind: PeriodKind, day: date) -> PlanPeriod:
        """The period of this kind of the company's calendar in which the day lies."""
        return PlanPeriod.at(kind, day, self._ground.installation.calendar)

    def about(self, period: PlanPeriod) -> dict[PeriodKind, PlanPeriod]:
        """About the same time, the period of each length."""
        return {kind: period.as_kind(kind, self._ground.today) for kind in PeriodKind}

    async def report(self, scope: Scope, period: PlanPeriod) -> PlanReport:
        """The period's plans against what came of them."""
        return await self._database.read_at_length(
            _report, scope, period, self._currency, self._zone, self._clock()
        )

    async def own(self, viewer: Person) -> list[PlanReport]:
        """The viewer's own plans of the present week, month and quarter; only what is planned is counted."""
        periods = list(self.about(self.period("")).values())
        return await self._database.read(_own, viewer, periods, self._currency, self._zone, self._clock())

    async def save(self, viewer: Person, period: PlanPeriod, wanted: Wanted) -> None:
        """Plans these anew; None plans nothing. NotFound for somebody who sells nothing."""
        require_head(viewer)
        await self._database.write(_save, viewer, period, wanted, self._clock())

    async def planner(
        self, scope: Scope, wanted: ReportFilter, period: PlanPeriod, contracts: int | None
    ) -> PlannerReport | None:
        """What so many contracts take in this slice; without a number, as many as are planned.

        None where there is no funnel.
        """
        sliced = replace(wanted, span=period.days.span(self._zone))
        return await self._database.read(
            _planner, scope, sliced, period, contracts, self._zone, self._clock()
        )


def _report(
    tx: Transaction, scope: Scope, period: PlanPeriod, currency: str, zone: ZoneInfo, now: datetime
) -> PlanReport:
    span = period.days.span(zone)
    counted = call_report.report(tx, ReportFilter(span), scope)
    facts = stored.won(tx, span, currency, scope)
    for row in counted.rows:
        facts[row.person_id, Metric.CALLS] = Decimal(row.counts.talked)
        facts[row.person_id, Metric.MEETINGS] = Decimal(row.counts.meetings)
    return plan_report(
        period,
        _clock_of(tx, period, now, zone),
        currency,
        stored.sellers(tx, period.key, scope),
        stored.targets(tx, period.key, scope),
        facts,
        is_whole=scope.reach is Reach.ALL,
    )


def _own(
    tx: Transaction,
    viewer: Person,
    periods: Sequence[PlanPeriod],
    currency: str,
    zone: ZoneInfo,
    now: datetime,
) -> list[PlanReport]:
    only = Scope(Reach.OWN, viewer.id)
    planned = [period for period in periods if stored.targets(tx, period.key, only)]
    return [_report(tx, only, period, currency, zone, now) for period in planned]


def _clock_of(tx: Transaction, period: PlanPeriod, now: datetime, zone: ZoneInfo) -> Clock:
    return Clock.of(period, now, zone, calendars.working_times(tx).house)


def _save(tx: Transaction, viewer: Person, period: PlanPeriod, wanted: Wanted, now: datetime) -> None:
    known = {person_id for person_id, _ in stored.sellers(tx, period.key, viewer.scope)}
    if not {person_id for person_id, _ in wanted} <= known:
        raise NotFound
    stored.put(tx, period.key, wanted)
    audit.note(tx, now, viewer.id, "plans_changed", period.key)


def _planner(
    tx: Transaction,
    scope: Scope,
    wanted: ReportFilter,
    period: PlanPeriod,
    contracts: int | None,
    zone: ZoneInfo,
    now: datetime,
) -> PlannerReport | None:
    used = funnels.in_use(tx)
    funnel = next((one for one in used if one.id == wanted.funnel_id), used[0] if used else None)
    if funnel is None:
        return None
    deals = forecast.history(tx, wanted, funnel, scope, now)
    stays, today = stays_of(deals.ways, len(deals.ids), funnel), day_number(now)
    since, until = day_number(wanted.span.since), min(day_number(wanted.span.until), today)
    over = (stays.to >= stays.won) & (stays.made[stays.deal] >= today - HISTORY_DAYS)
    talks = stored.talks_of(tx, deals.ids[stays.deal[over]])
    return PlannerReport(
        contracts=_planned(tx, scope, wanted, period) if contracts is None else contracts,
        need=need_of(stays, today, talks),
        have=Have(
            contracts=len(stays.wins(since, until)),
            clients=int(((stays.made >= since) & (stays.made < until)).sum()),
            talks=stored.talks_within(tx, wanted, funnel.id, scope),
        ),
        days_left=_clock_of(tx, period, now, zone).days_left,
    )


def _planned(tx: Transaction, scope: Scope, wanted: ReportFilter, period: PlanPeriod) -> int:
    """The deals planned for the period, of one seller or of all."""
    found = stored.targets(tx, period.key, scope)
    return int(
        sum(
            target
            for (person_id, metric), target in found.items()
            if metric is Metric.DEALS and wanted.person_id in (None, person_id)
        )
    )
