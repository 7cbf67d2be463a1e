"""A small company with a PBX, for tests: Anna has 101, Boris 102, Clara 103, and Olga is their head."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Connection, select

from pbx_crm.db import call_days, deal_contacts, extensions, lines
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    alerts,
    call_aliases,
    call_people,
    calls,
    contact_numbers,
    contacts,
    deal_events,
    deals,
    legs,
    metadata,
    open_deals,
    stage_moves,
    stage_totals,
    talks,
    tasks,
    transfers,
)
from pbx_crm.domain.call import Fact
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.line import Line, SkipRule
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.call_intake import CallIntake
from pbx_crm.services.live_feed import LiveFeed
from tests import builders
from tests.builders import NOW
from tests.stories import Story, told_together

PBX = "main"
BRANCH = "branch"
LONG_AGO = NOW - timedelta(days=400)
WRITTEN_BY_INTAKE = (
    calls,
    call_aliases,
    legs,
    talks,
    transfers,
    call_people,
    contacts,
    contact_numbers,
    deals,
    open_deals,
    stage_moves,
    stage_totals,
    deal_events,
    tasks,
    alerts,
    metadata.tables["rota_turns"],
    metadata.tables["seen_extensions"],
)


class Company:
    """The company's people, its funnel, and the intake of its PBX."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.live = LiveFeed()
        plans = {PBX: NumberPlan("RU"), BRANCH: NumberPlan("RU")}
        self.intake = CallIntake(database, self.live, lambda: NOW, plans)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            self.anna, self.boris, self.clara = (
                self._seller(tx, name, number)
                for name, number in (("Anna", "101"), ("Boris", "102"), ("Clara", "103"))
            )
            self.funnel: Funnel = builders.funnel(tx)
            call_days.choose_zone(tx, "Europe/Berlin")

    def _seller(self, tx: Connection, name: str, number: str) -> Person:
        seller = builders.person(tx, name)
        for pbx in (PBX, BRANCH):
            extensions.link(tx, pbx, number, seller.id, LONG_AGO)
        return seller

    async def line(self, **settings: Any) -> Line:
        """A line for every call of the PBX unless the settings say which."""
        line = Line(None, PBX, **{"name": "Main", "funnel_id": self.funnel.id, **settings})
        return replace(line, id=await self.database.write(lines.add, line))

    async def skip(self, rule: SkipRule) -> None:
        """Calls of this rule are no business."""
        await self.database.write(lines.add_skip_rule, rule)

    async def second_funnel(self) -> Funnel:
        """Another way of selling."""
        return await self.database.write(builders.funnel, 1)

    async def client(self, name: str, *numbers: str) -> int:
        """A client with these numbers."""
        return await self.database.write(builders.contact, name, *numbers)

    async def deal(self, owner: Person, contact_id: int, *, closed: bool = False, **more: Any) -> int:
        """A deal of the client, open unless told otherwise."""
        funnel = more.pop("funnel", self.funnel)
        stage = len(funnel.stages) - 1 if closed else more.pop("stage", 1)

        def make(tx: Connection) -> int:
            return builders.deal(tx, funnel, owner, stage=stage, contact_id=contact_id, **more)

        return await self.database.write(make)

    async def stands_on(self, deal_id: int, contact_id: int) -> None:
        """The client is on this deal beside its first one."""
        await self.database.write(deal_contacts.add, deal_id, contact_id, "")

    async def play(self, *stories: Story, pbx: str = PBX) -> None:
        """The PBX tells these calls, every fact a batch of its own."""
        for fact in told_together(*stories):
            await self.intake.take(pbx, [fact])

    async def play_at_once(self, *stories: Story, pbx: str = PBX) -> None:
        """The PBX tells these calls while the database is busy: all facts in one batch."""
        await self.intake.take(pbx, told_together(*stories))

    async def tell(self, facts: Sequence[Fact]) -> None:
        """These facts arrive together."""
        await self.intake.take(PBX, facts)

    async def rows(self, table: Any, **where: Any) -> list[dict[str, Any]]:
        """The table's rows, oldest first."""

        def read(tx: Connection) -> list[dict[str, Any]]:
            query = select(table)
            for name, value in where.items():
                query = query.where(table.c[name] == value)
            # PostgreSQL knows no order of JSON values.
            order = [column for column in table.c if not isinstance(column.type, JSON)]
            return [dict(row) for row in tx.execute(query.order_by(*order)).mappings()]

        return await self.database.read(read)

    async def one(self, table: Any, **where: Any) -> dict[str, Any]:
        """The only row."""
        (row,) = await self.rows(table, **where)
        return row

    async def everything(self) -> dict[str, list[dict[str, Any]]]:
        """All that the intake ever writes."""
        return {str(table.name): await self.rows(table) for table in WRITTEN_BY_INTAKE}

    def listen(self, viewer: Person) -> list[frozenset[str]]:
        """What this person's browser is told from now on."""
        told: list[frozenset[str]] = []
        self.live.subscribe(viewer, told.append)
        return told


@contextmanager
def fresh_company(migrated_file: Path) -> Iterator[Company]:
    """A company on a SQLite file of its own, for tests that need several."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "crm.db"
        shutil.copy(migrated_file, path)
        database = Database.open(f"sqlite:///{path}")
        yield Company(database)
        database.close()


def topics(told: Iterable[frozenset[str]]) -> set[str]:
    """All topics that were told."""
    return set().union(*told)


def later(**delta: float) -> datetime:
    """A moment after the usual start of a story."""
    return NOW + timedelta(**delta)
