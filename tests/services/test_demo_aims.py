"""What the made-up company aims at: a visitor's plan has a pace, its sources costs, its open deals a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from pbx_crm.db import deals
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.origin_report import OriginKind
from pbx_crm.domain.plan import Metric
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from pbx_crm.services.demo_company import found_company
from pbx_crm.services.demo_past import live_through
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.origins import Origins
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.plans import Plans
from pbx_crm.services.staff import Staff
from tests.builders import EVERYTHING

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
HERE = Installation("RU", "en", "Europe/Moscow", "RUB")
DAYS = 10


async def test_a_visitor_finds_plans_costs_meetings_and_promised_days(sqlite: Database) -> None:
    staff = Staff(sqlite, LiveFeed(), lambda: NOW, Passwords())
    await found_company(sqlite, staff, lambda: NOW, "practice", "RUB")
    await live_through(sqlite, "practice", "RU", ZONE, NOW, days=DAYS)
    ground = Ground(sqlite, LiveFeed(), lambda: NOW, HERE, {})
    plans = Plans(ground)
    for period in (plans.period(""), plans.period("").before):
        plan = await plans.report(EVERYTHING, period)
        assert plan.total is not None
        assert all(cell.target for cell in plan.total.cells.values())
        assert all(cell.target for row in plan.rows for cell in row.cells.values())
    told = (await plans.report(EVERYTHING, plans.period(""))).total
    assert told is not None
    assert told.cells[Metric.MEETINGS].fact > 0
    days = Days((NOW - timedelta(days=DAYS)).date(), NOW.date())
    wanted = ReportFilter(days.span(ZONE))
    sources = await Origins(ground).report(EVERYTHING, OriginKind.SOURCE, wanted, days)
    assert sources.total.cost
    assert await sqlite.read(promised) > 0


def promised(tx: Transaction) -> int:
    """Deals whose sellers said when they should close."""
    found = deals.get_all(tx, range(1, 500), EVERYTHING)
    return sum(deal.expected_close is not None for deal in found.values())
