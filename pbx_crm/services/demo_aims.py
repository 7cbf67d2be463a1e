"""What the made-up company aims at: plans of its sellers, costs of its sources, days for its open deals.

Without them a visitor's plan has no pace, a source no cost and a forecast nothing its sellers promised.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from pbx_crm.db import deals, origin_report, people, plans, report_slices, tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Reach, Role, Scope
from pbx_crm.domain.plan import Metric
from pbx_crm.domain.plan_period import PeriodKind, PlanPeriod
from pbx_crm.domain.task import NewTask, TaskKind

EVERYTHING = Scope(Reach.ALL, 0)
A_MONTH = {Metric.CALLS: 30, Metric.MEETINGS: 12, Metric.DEALS: 8, Metric.SUM: 800_000}
"""Of each seller, give or take a fifth."""
COSTS = range(60_000, 140_000, 5_000)
HAS_DATE = 0.6
MEETS = 0.25
"""Of the moves to a further stage, how many a meeting brought about."""


def aim(tx: Transaction, open_deals: Sequence[int], now: datetime, house: Installation) -> None:
    """Plans of this month and the last, their costs, and the days on which open deals should close."""
    chance = random.Random(21)  # noqa: S311  # made-up numbers, nobody's secret
    today = now.astimezone(house.zone).date()
    month = PlanPeriod.at(PeriodKind.MONTH, today, house.calendar)
    for period in (month.before, month):
        _plan(tx, chance, period)
        spent = {source: Decimal(chance.choice(COSTS)) for source in report_slices.sources(tx, EVERYTHING)}
        origin_report.put_costs(tx, period.key, spent)
    _promise(tx, chance, open_deals, now, today)


def _plan(tx: Transaction, chance: random.Random, period: PlanPeriod) -> None:
    sellers = [one.id for one in people.everybody(tx) if one.role is Role.SELLER]
    wanted = {
        (seller, metric): Decimal(round(usual * chance.randrange(80, 121) / 100))
        for seller in sellers
        for metric, usual in A_MONTH.items()
    }
    plans.put(tx, period.key, wanted)


def _promise(
    tx: Transaction, chance: random.Random, open_deals: Sequence[int], now: datetime, today: date
) -> None:
    for deal in deals.get_all(tx, open_deals, EVERYTHING).values():
        if deal.closed_at is None and chance.random() < HAS_DATE:
            closes = today + timedelta(days=chance.randrange(-2, 40))
            deals.set_fields(tx, deal, {"expected_close": closes.isoformat()}, now)


def meet(tx: Transaction, chance: random.Random, owner_id: int, deal_id: int, at: datetime) -> None:
    """Now and then it was a meeting that brought a deal on: agreed two days before, held by then."""
    if chance.random() >= MEETS:
        return
    task_id = tasks.add(tx, NewTask(TaskKind.MEETING, owner_id, at, at - timedelta(days=2), deal_id=deal_id))
    if task_id is not None:
        tasks.change(tx, tasks.lock(tx, task_id, EVERYTHING), done_at=at)
