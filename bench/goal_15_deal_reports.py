"""Goal 15: a head's reports over a month of deals, against taking that month's moves row by row.

Both are measured in CPU of this process, in turns. An ordinary run makes 20,000 deals up;
PBX_CRM_BENCH_FULL=1 takes 200,000, where each report must also come within a second of the wall's clock.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from bench.made_up_rows import add_lines, reasons_of, write_years
from bench.made_up_years import Firm, Size
from bench.result import Result, paired_ratio
from pbx_crm.db import call_days, forecast, funnel_report, loss_report, migrate
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deals, stage_moves
from pbx_crm.domain import forecast_report
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.funnel_report import report as count_funnel
from pbx_crm.domain.loss_report import Dimension
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days
from tests import builders

FULL = os.environ.get("PBX_CRM_BENCH_FULL") == "1"
DEALS = 200_000 if FULL else 20_000
LEAST = 1.0
"""A whole report costs no more than taking the moves row by row: it did ten times as much."""
MOST_SECONDS = 1.0
ROUNDS = 5
SELLERS = 20
ZONE = ZoneInfo("Europe/Berlin")
MONTH = Days(date(2026, 10, 1), date(2026, 10, 31))
ALL = Scope(Reach.ALL, 0)


@dataclass(frozen=True, slots=True)
class Month:
    """A firm's month of deals, looked at the day after."""

    database: Database
    funnel: Funnel

    def row_by_row(self) -> None:
        """What every report of deals would begin with."""
        span = MONTH.span(ZONE)
        columns = (stage_moves.c.id, stage_moves.c.deal_id, stage_moves.c.to_stage_id, stage_moves.c.at)
        query = select(*columns).join(deals, deals.c.id == stage_moves.c.deal_id)
        wanted = query.where(deals.c.created_at >= span.since, deals.c.created_at < span.until)
        self._read(lambda tx: [tuple(row) for row in tx.execute(wanted)])

    def funnel_report(self) -> None:
        """How far the month's deals came."""
        wanted, now = ReportFilter(MONTH.span(ZONE)), MONTH.span(ZONE).until
        self._read(
            lambda tx: count_funnel(
                self.funnel, funnel_report.cohort(tx, wanted, self.funnel, ALL), now
            ).table()
        )

    def losses(self) -> None:
        """What was lost, by seller."""
        wanted = ReportFilter(MONTH.span(ZONE))
        self._read(lambda tx: loss_report.report(tx, wanted, self.funnel, ALL).groups(Dimension.SELLER))

    def forecast(self) -> None:
        """What is to come."""
        wanted, now = ReportFilter(MONTH.span(ZONE)), MONTH.span(ZONE).until
        self._read(
            lambda tx: forecast_report.forecast(
                self.funnel, forecast.history(tx, wanted, self.funnel, ALL, now), now, ZONE
            ).table()
        )

    def _read(self, work: Callable[[Connection], object]) -> None:
        with self.database.engine.connect() as tx, tx.begin():
            work(tx)


def measure() -> Result:
    """The slowest of the reports as the figure; the remark has each."""
    with tempfile.TemporaryDirectory() as folder:
        month = _month(Path(folder))
        reports = {"funnel": month.funnel_report, "losses": month.losses, "forecast": month.forecast}
        ratios = {name: paired_ratio(month.row_by_row, work, ROUNDS) for name, work in reports.items()}
        seconds = {name: median(_seconds(work) for _ in range(ROUNDS)) for name, work in reports.items()}
        month.database.close()
    words = ", ".join(f"{name} {ratios[name]:.1f} x in {1000 * seconds[name]:.0f} ms" for name in reports)
    return Result(
        f"reports of {DEALS:,} deals, against taking their moves row by row",
        f"{min(ratios.values()):.1f} x",
        f">= {LEAST:g} x",
        min(ratios.values()) >= LEAST and (not FULL or max(seconds.values()) < MOST_SECONDS),
        f"{words} on the wall's clock; of 200,000 deals each within {MOST_SECONDS:g} s",
    )


def _seconds(work: Callable[[], None]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _month(folder: Path) -> Month:
    database = Database.open(f"sqlite:///{folder}/month.db")
    migrate.upgrade(database.engine)
    with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
        firm = _firm(tx)
    size = Size(0, MONTH.first, (MONTH.last - MONTH.first) // timedelta(days=1) + 1, DEALS)
    asyncio.run(write_years(database, firm, size))
    return Month(database, firm.funnel)


def _firm(tx: Connection) -> Firm:
    call_days.choose_zone(tx, ZONE.key)
    sellers = [builders.person(tx, f"Seller{number}").id for number in range(SELLERS)]
    funnel = builders.funnel(tx)
    return Firm(sellers, add_lines(tx, 3), funnel, reasons_of(tx, funnel.id), ZONE)
