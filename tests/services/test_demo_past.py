"""The weeks that the made-up company has behind it: what a visitor's reports are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select

from pbx_crm.db import funnels, gates
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deals, stage_moves, stages, tasks
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.gate import gate_of
from pbx_crm.services.demo_company import COMPANY, found_company
from pbx_crm.services.demo_past import live_through
from pbx_crm.services.live_feed import LiveFeed
from pbx_crm.services.passwords import Passwords
from pbx_crm.services.staff import Staff

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Moscow")
PBX = "practice"


async def founded(database: Database) -> bool:
    staff = Staff(database, LiveFeed(), lambda: NOW, Passwords())
    return await found_company(database, staff, lambda: NOW, PBX, "RUB")


def cards_by_kind(tx: Connection) -> dict[str, int]:
    lying = select(stages.c.kind, func.count()).join(deals, deals.c.stage_id == stages.c.id)
    return {kind: count for kind, count in tx.execute(lying.group_by(stages.c.kind))}


def last_moment(tx: Connection) -> datetime:
    ended: datetime = tx.execute(select(func.max(calls.c.ended_at))).scalar_one()
    moved: datetime = tx.execute(select(func.max(stage_moves.c.at))).scalar_one()
    return max(ended, moved)


def who_answered(tx: Connection) -> int:
    return int(tx.execute(select(func.count(calls.c.answered_id.distinct()))).scalar_one())


def steps_of_closed_cards(tx: Connection) -> int:
    waiting = select(func.count()).select_from(tasks).join(deals, deals.c.id == tasks.c.deal_id)
    waiting = waiting.where(tasks.c.done_at.is_(None), deals.c.closed_at.is_not(None))
    return int(tx.execute(waiting).scalar_one())


async def test_reports_find_sales_and_losses_of_every_seller_and_nothing_that_lies_ahead(
    database: Database,
) -> None:
    assert await founded(database)
    await live_through(database, PBX, "RU", ZONE, NOW)
    lying = await database.read(cards_by_kind)
    assert lying[StageKind.WON] >= 20
    assert lying[StageKind.LOST] >= 40
    assert lying[StageKind.OPEN] >= 10
    assert await database.read(last_moment) < NOW
    assert await database.read(who_answered) == sum(person.extension is not None for person in COMPANY)
    assert await database.read(steps_of_closed_cards) == 0


async def test_a_company_that_has_people_is_left_as_it_is(database: Database) -> None:
    assert await founded(database)
    assert not await founded(database)


async def test_a_visitor_who_tries_gates_meanwhile_keeps_cards_from_going_on_and_nothing_else(
    database: Database,
) -> None:
    await founded(database)
    (funnel,) = await database.read(funnels.in_use)
    binding = gate_of(["note"], is_binding=True)
    await database.write(lambda tx: gates.put(tx, funnel.stages[2].id, binding))
    await live_through(database, PBX, "RU", ZONE, NOW, days=5)
    lying = await database.read(cards_by_kind)
    assert lying[StageKind.OPEN] > 0
    assert StageKind.WON not in lying
