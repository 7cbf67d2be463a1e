"""The rows of a day, on both databases: which section, in which order, how many, and within whose scope."""

from __future__ import annotations

from datetime import UTC, timedelta

from pbx_crm.db import tasks, todays
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.person import Person, Reach, Role, Scope
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.domain.today import Day, Waiting
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows

DAY = Day(NOW, UTC)
EVERYTHING = Scope(Reach.ALL, 0)


def _promise(tx: Transaction, owner: Person, deal_id: int, minutes: int, **more: object) -> None:
    due_at = NOW + timedelta(minutes=minutes)
    new = NewTask(TaskKind.CALL, owner.id, due_at, NOW, deal_id, **more)  # type: ignore[arg-type]
    tasks.add(tx, new)


def _fill(tx: Transaction) -> tuple[Person, Person]:
    """Anna has one deal with four tasks and one without; Boris has a deal, and a review on Anna's."""
    anna, boris = builders.person(tx, "Anna"), builders.person(tx, "Boris", Role.SELLER)
    funnel = builders.funnel(tx)
    busy = builders.deal(tx, funnel, anna, stage=1, contact_id=builders.contact(tx, "Vector"))
    builders.deal(tx, funnel, anna, stage=1, contact_id=builders.contact(tx, "Forgotten"))
    builders.deal(tx, funnel, anna, stage=4, contact_id=builders.contact(tx, "Won"))
    builders.deal(tx, funnel, boris, stage=1, contact_id=builders.contact(tx, "Orbita"))
    rang = CallRows(tx, NOW - timedelta(minutes=30), deal_id=busy).end(20, Outcome.MISSED)
    CallRows(tx, NOW - timedelta(minutes=9), Direction.OUT, deal_id=busy).end(9, Outcome.NO_ANSWER)
    _promise(tx, anna, busy, -20, cause=f"{CAUSE}x", call_id=rang.id)
    for minutes in (-60, -90, 60, 60 * 13):
        _promise(tx, anna, busy, minutes)
    _promise(tx, boris, busy, 30)
    return anna, boris


async def test_every_section_finds_its_rows_in_order(database: Database) -> None:
    anna, _ = await database.write(_fill)

    def read(tx: Transaction) -> None:
        missed = todays.missed(tx, anna.scope, anna.id)
        since = NOW - timedelta(minutes=30) + timedelta(seconds=20)
        assert [row.waiting for row in missed.rows] == [Waiting(since, rang=1, tries=1)]
        overdue = todays.overdue(tx, anna.scope, anna.id, DAY)
        assert [row.task.due_at for row in overdue.rows] == [
            NOW - timedelta(minutes=90),
            NOW - timedelta(minutes=60),
        ]
        assert overdue.total == 2
        due = todays.due(tx, anna.scope, anna.id, DAY)
        assert [row.task.due_at for row in due.rows] == [NOW + timedelta(hours=1)], "not tomorrow's"
        stepless = todays.stepless(tx, anna.scope, anna.id)
        assert [row.subject.client for row in stepless.rows] == ["Forgotten"]
        assert todays.done(tx, anna.scope, anna.id, DAY).total == 0

    await database.read(read)


async def test_a_task_on_a_colleagues_card_tells_no_client(database: Database) -> None:
    _, boris = await database.write(_fill)

    def read(tx: Transaction) -> None:
        (row,) = todays.due(tx, boris.scope, boris.id, DAY).rows
        assert row.subject is None
        everybody = todays.due(tx, EVERYTHING, None, DAY)
        assert [(row.owner_name, row.subject.client if row.subject else "") for row in everybody.rows] == [
            ("Boris", "Vector"),
            ("Anna", "Vector"),
        ]
        assert {row.subject.client for row in todays.stepless(tx, EVERYTHING, None).rows} == {
            "Forgotten",
            "Orbita",
        }
        assert todays.due(tx, Scope(Reach.NOTHING, boris.id), None, DAY).rows == ()

    await database.read(read)
