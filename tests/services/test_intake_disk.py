"""The disk fails at the first step of the intake, at the second, and so on: nothing is lost.

As SQLite itself is tested: a fault at each place in turn, until a run passes untouched.
"""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from pbx_crm.db.engine import Database
from pbx_crm.domain.call import Fact
from pbx_crm.domain.errors import StoreUnavailable
from tests.company import Company, fresh_company, later
from tests.parts.inventory import INVENTORY
from tests.services.test_intake_twice import CLIENT, Rows, everything
from tests.stories import Story, told_together

FACTS = told_together(Story.incoming(CLIENT, at=later()).rings("101").answers("101").ends())


class Disk:
    """Counts what is asked of the database, and fails once, at the step it was told."""

    def __init__(self, fails_at: int | None) -> None:
        self._fails_at = fails_at
        self.steps = 0
        self.has_failed = False

    def step(self, *_: object) -> None:
        """A statement, or a commit."""
        self.steps += 1
        if self.steps == self._fails_at:
            self.has_failed = True
            raise OperationalError("a step", {}, sqlite3.OperationalError("database or disk is full"))


@contextmanager
def failing(database: Database, step: int | None) -> Iterator[Disk]:
    """The disk under this database while the block lasts."""
    disk, places = Disk(step), ("before_cursor_execute", "commit")
    for place in places:
        event.listen(database.engine, place, disk.step)
    yield disk
    for place in places:
        event.remove(database.engine, place, disk.step)


async def told_until_stored(company: Company, facts: list[Fact]) -> int:
    """Tells each fact until it is stored, as the listener does; how often that was refused."""
    refused = 0
    for fact in facts:
        while True:
            try:
                await company.tell([fact])
                break
            except StoreUnavailable:
                refused += 1
    return refused


async def rows_after(company: Company, step: int | None) -> tuple[Rows, int, Disk]:
    """What is stored, how often a write was refused, and the disk."""
    await company.line()
    with failing(company.database, step) as disk:
        refused = await told_until_stored(company, list(FACTS))
    return await everything(company), refused, disk


def test_wherever_the_disk_fails_nothing_is_lost_and_nothing_stored_twice(migrated_file: Path) -> None:
    with fresh_company(migrated_file) as company:
        true, refused, _ = asyncio.run(rows_after(company, None))
    assert (len(true["calls"]), len(true["deals"]), refused) == (1, 1, 0)
    for step in itertools.count(1):
        with fresh_company(migrated_file) as company:
            found, refused, disk = asyncio.run(rows_after(company, step))
        if not disk.has_failed:
            break
        assert refused == 1, f"step {step}: somebody was told yes"
        assert found == true, f"step {step}"
    assert step > len(FACTS)
    INVENTORY.tells("the disk failed at each step of the intake", [f"{step - 1} steps: lost 0, twice 0"])
