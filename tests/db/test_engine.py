"""What everybody who writes may rely on: durable when told, alone when failing, in order, many a commit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, event, func, select, text
from sqlalchemy.exc import OperationalError, StatementError

from pbx_crm.db import callers
from pbx_crm.db.column_types import ExactMoney
from pbx_crm.db.engine import THREADS, Database, make_engine
from pbx_crm.db.tables import companies, metadata
from pbx_crm.db.upsert import insert_missing, insert_new, put
from pbx_crm.domain.errors import BadConfig, StoreUnavailable
from tests.parts.scripted_ami import until

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# Never waited out: what a thread may wait for another before the test says so.
LONG = 60.0


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{tmp_path}/crm.db")
    metadata.create_all(database.engine)
    yield database
    database.close()


def add(tx: Connection, name: str) -> int | None:
    return insert_new(tx, companies, {"name": name, "created_at": NOW})


def names(tx: Connection) -> list[str]:
    return list(tx.execute(select(companies.c.name).order_by(companies.c.id)).scalars())


async def test_a_write_that_returned_is_seen_by_the_next_read(base: Database) -> None:
    assert await base.write(add, "Vector") == 1
    assert await base.read(names) == ["Vector"]


async def test_the_same_row_twice_is_one_row(base: Database) -> None:
    assert await asyncio.gather(*(base.write(add, "Vector") for _ in range(3))) == [1, None, None]


async def test_a_failing_unit_takes_nobody_with_it(base: Database) -> None:
    def add_and_fail(tx: Connection) -> None:
        add(tx, "half done")
        raise ValueError("a bug in one caller")

    async def failing() -> None:
        await base.write(add_and_fail)

    results = await asyncio.gather(
        base.write(add, "before"), failing(), base.write(add, "after"), return_exceptions=True
    )

    assert isinstance(results[1], ValueError)
    assert await base.read(names) == ["before", "after"]


async def test_units_run_in_the_order_they_were_given(base: Database) -> None:
    expected = [f"company {number}" for number in range(60)]
    await asyncio.gather(*(base.write(add, name) for name in expected))
    assert await base.read(names) == expected


async def test_what_has_queued_up_is_committed_together(base: Database) -> None:
    begun, release, commits = threading.Event(), threading.Event(), []

    def hold_the_writer(_tx: Connection) -> None:
        begun.set()
        release.wait(LONG)

    event.listen(base.engine, "commit", lambda _tx: commits.append(1))
    held = asyncio.create_task(base.write(hold_the_writer))
    assert await asyncio.to_thread(begun.wait, LONG)
    waiting = [asyncio.create_task(base.write(add, f"company {number}")) for number in range(20)]
    await until(lambda: base.depth >= 20)
    release.set()
    await asyncio.gather(held, *waiting)

    assert len(commits) == 2


async def test_a_reader_is_not_held_up_by_a_long_write(base: Database) -> None:
    begun, release = threading.Event(), threading.Event()

    def long_write(tx: Connection) -> None:
        add(tx, "unseen until committed")
        begun.set()
        release.wait(LONG)

    writing = asyncio.create_task(base.write(long_write))
    assert await asyncio.to_thread(begun.wait, LONG)
    seen_meanwhile = await asyncio.wait_for(base.read(names), LONG / 2)
    release.set()
    await writing

    assert seen_meanwhile == []


async def test_nobody_is_told_yes_when_the_disk_refuses_the_commit(base: Database) -> None:
    def fill_the_disk(tx: Connection) -> None:
        tx.exec_driver_sql("PRAGMA max_page_count = 1")

    await base.read(lambda tx: None)
    big = "x" * 190
    await base.write(fill_the_disk)

    async def many() -> list[int | BaseException | None]:
        return await asyncio.gather(
            *(base.write(add, f"{big}{number}") for number in range(400)), return_exceptions=True
        )

    results = await many()
    said_yes = sum(isinstance(result, int) for result in results)

    assert any(isinstance(result, StoreUnavailable) for result in results)
    assert not base.takes_changes
    assert await base.read(lambda tx: tx.scalar(select(func.count()).select_from(companies))) == said_yes


async def test_a_disk_that_has_room_again_takes_changes_again(base: Database) -> None:
    def room(tx: Connection, pages: int) -> None:
        tx.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    turns: list[bool] = []
    base.on_turn = lambda: turns.append(base.takes_changes)
    await base.write(room, 1)
    with pytest.raises(StoreUnavailable):
        await asyncio.gather(*(base.write(add, "x" * 190 + str(number)) for number in range(400)))
    await base.write(room, 1_000_000)
    assert await base.write(add, "Vector") is not None
    assert base.takes_changes
    assert turns == [False, True], "each turn is told once"


async def test_an_error_of_the_database_does_not_tell_the_log_a_client(base: Database) -> None:
    broken = text("SELECT * FROM nothing_of_ours WHERE number = :number")
    with pytest.raises(OperationalError) as failed:
        await base.read(lambda tx: tx.execute(broken, {"number": "+79161234567"}))
    assert "nothing_of_ours" in str(failed.value)
    assert "+79161234567" not in str(failed.value)


async def test_an_error_of_a_prepared_statement_does_not_tell_it_either(base: Database) -> None:
    def look(tx: Connection) -> None:
        tx.execute(text("DROP TABLE contact_numbers"))
        callers.by_numbers(tx, ["+79161234567"])

    with pytest.raises(OperationalError) as failed:
        await base.write(look)
    assert "contact_numbers" in str(failed.value)
    assert "+79161234567" not in str(failed.value)


async def test_closing_finishes_what_was_accepted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/crm.db"
    first = Database.open(url)
    metadata.create_all(first.engine)
    pending = [asyncio.create_task(first.write(add, f"company {number}")) for number in range(10)]
    await asyncio.sleep(0)
    await asyncio.to_thread(first.close)
    await asyncio.gather(*pending)

    again = Database.open(url)
    assert len(await again.read(names)) == 10
    again.close()


def test_a_url_that_cannot_be_used_is_named() -> None:
    with pytest.raises(BadConfig, match=r"database\.url"):
        make_engine("not a url")
    with pytest.raises(BadConfig, match="mysql"):
        make_engine("mysql://somewhere/crm")


def test_a_time_without_a_zone_is_refused(base: Database) -> None:
    with base.engine.begin() as tx, pytest.raises(StatementError, match="without a zone"):
        tx.execute(companies.insert().values(name="x", created_at=datetime(2026, 1, 1)))  # noqa: DTZ001


def test_a_time_comes_back_as_the_same_instant(base: Database) -> None:
    tehran = timezone(timedelta(hours=3, minutes=30))
    with base.engine.begin() as tx:
        tx.execute(companies.insert().values(name="x", created_at=NOW.astimezone(tehran)))
        stored = tx.scalar(select(companies.c.created_at))
    assert stored == NOW
    assert stored is not None
    assert stored.tzinfo is UTC


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=4))
def test_money_comes_back_to_the_last_unit(amount: Decimal) -> None:
    column, dialect = ExactMoney(), make_engine("sqlite://").dialect
    assert column.process_result_value(column.process_bind_param(amount, dialect), dialect) == amount


def test_put_brings_an_existing_row_up_to_date(base: Database) -> None:
    later = NOW + timedelta(days=1)
    with base.engine.begin() as tx:
        put(tx, companies, [{"name": "Vector", "created_at": NOW}], keys=["name"])
        put(tx, companies, [{"name": "Vector", "created_at": later}], keys=["name"])
        insert_missing(tx, companies, [{"name": "Vector", "created_at": NOW}])
        assert tx.execute(select(companies.c.name, companies.c.created_at)).all() == [("Vector", later)]


async def test_reports_of_every_head_at_once_hold_up_neither_pages_nor_calls(database: Database) -> None:
    may_end = threading.Event()
    reports = [
        asyncio.create_task(database.read_at_length(lambda tx: may_end.wait(LONG)))
        for _ in range(THREADS + 1)
    ]
    await asyncio.sleep(0)

    page = await asyncio.wait_for(database.read(lambda tx: "page"), LONG)
    stored = await asyncio.wait_for(database.write(lambda tx: "call"), LONG)
    unfinished = sum(not report.done() for report in reports)
    may_end.set()

    assert (page, stored, unfinished) == ("page", "call", len(reports))
    assert all(await asyncio.gather(*reports))
