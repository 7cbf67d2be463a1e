"""Goal 9: counts and sums of a million deals cost what those of ten thousand do, and are exactly a scan's."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, func, select

from bench.made_up_deals import House, house_with
from bench.result import Result, cpu_seconds, paired_ratio
from pbx_crm.db import stage_totals
from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.tables import deals

SMALL, LARGE = 10_000, 1_000_000
MOST_RATIO = 1.5
READS = 100


def measure() -> Result:
    """CPU of the totals of the large house over those of the small one; the remark has the scan's."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (house_with(Path(folder), count) for count in (SMALL, LARGE))
        ratio = paired_ratio(_reading(small), _reading(large))
        scan = cpu_seconds(_scanning(large)) / (cpu_seconds(_reading(large)) / READS)
        is_exact = all(_kept(house) == _scanned(house) for house in (small, large))
        for house in (small, large):
            house.database.close()
    growth = 1 / ratio
    return Result(
        "counts and sums of a million deals, of ten thousand",
        f"{growth:.2f}x",
        f"<= {MOST_RATIO}x",
        growth <= MOST_RATIO and is_exact,
        f"equal to a scan: {is_exact}; scanning takes {scan:.0f}x",
    )


def _reading(house: House) -> Callable[[], None]:
    def read() -> None:
        with house.database.engine.connect() as tx:
            for _ in range(READS):
                _totals(tx, house)

    return read


def _scanning(house: House) -> Callable[[], None]:
    def scan() -> None:
        _scanned(house)

    return scan


def _totals(tx: Connection, house: House) -> list[tuple[int, int, int]]:
    stages = [stage.id for stage in house.funnel.stages]
    found = stage_totals.of_stages(tx, stages, house.head.scope)
    return sorted((total.stage_id, total.deals, int(total.amount)) for total in found)


def _kept(house: House) -> list[tuple[int, int, int]]:
    with house.database.engine.connect() as tx:
        return _totals(tx, house)


def _scanned(house: House) -> list[tuple[int, int, int]]:
    amount = func.sum(deals.c.amount, type_=ExactMoney())
    query = select(deals.c.stage_id, func.count(), amount).group_by(deals.c.stage_id)
    with house.database.engine.connect() as tx:
        return sorted((stage, count, int(total)) for stage, count, total in tx.execute(query))
