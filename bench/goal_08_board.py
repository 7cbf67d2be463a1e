"""Goal 8: the board of a million deals is read about as fast as that of ten thousand, in few statements."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import event

from bench.made_up_deals import House, house_with
from bench.result import Result, paired_ratio
from pbx_crm.domain.board import BoardView
from pbx_crm.domain.person import Person
from pbx_crm.services.boards import Boards
from tests.builders import NOW

SMALL, LARGE = 10_000, 1_000_000
MOST_RATIO = 1.3
MOST_RATIO_OF_A_SELLER = 2.0
MOST_STATEMENTS = 3
"""Funnels with what is folded, totals with sources, cards: each once, however many deals there are."""


def measure() -> Result:
    """CPU of the large board over that of the small one, for a head and for a seller."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = (house_with(Path(folder), deals) for deals in (SMALL, LARGE))
        of_head = 1 / paired_ratio(_reading(small, small.head), _reading(large, large.head))
        of_seller = 1 / paired_ratio(_reading(small, small.seller), _reading(large, large.seller))
        statements = _statements(large)
        for house in (small, large):
            house.database.close()
    return Result(
        "board of a million deals, of ten thousand",
        f"{of_head:.2f}x",
        f"<= {MOST_RATIO}x",
        of_head <= MOST_RATIO and of_seller <= MOST_RATIO_OF_A_SELLER and statements <= MOST_STATEMENTS,
        f"a seller's own {of_seller:.2f}x (<= {MOST_RATIO_OF_A_SELLER}x); {statements} statements",
    )


def _reading(house: House, who: Person) -> Callable[[], None]:
    boards = Boards(house.database, lambda: NOW)

    def read() -> None:
        for _ in range(5):
            asyncio.run(boards.show(who, BoardView(), ZoneInfo("UTC")))

    return read


def _statements(house: House) -> int:
    counted = 0

    def count(_connection: object, _cursor: object, sql: str, *_more: object) -> None:
        nonlocal counted
        counted += sql != "BEGIN"

    event.listen(house.database.engine, "before_cursor_execute", count)
    asyncio.run(Boards(house.database, lambda: NOW).show(house.head, BoardView(), ZoneInfo("UTC")))
    event.remove(house.database.engine, "before_cursor_execute", count)
    return counted
