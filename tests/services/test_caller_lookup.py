"""A caller is led to their own seller, quickly, whatever else the program is doing."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from ipaddress import ip_network

import pytest
from sqlalchemy import Connection, event, insert, update

from pbx_crm.db import caller_lookup, extensions
from pbx_crm.db.engine import THREADS, Database
from pbx_crm.db.tables import contacts, people
from pbx_crm.domain.caller_answer import NOBODY, CallerAnswer
from pbx_crm.domain.errors import StoreUnavailable
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.domain.person import Person
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services import caller_lookup as service
from pbx_crm.services.caller_lookup import CallerLookup
from tests import builders
from tests.builders import NOW

DOOR = PbxDoor("office", "t" * 32, (ip_network("127.0.0.1"),), ring_seconds=10)
CLIENT = "+79160004455"


@pytest.fixture
def lookup(database: Database) -> CallerLookup:
    """The service, at noon."""
    return CallerLookup(database, lambda: NOW, {"office": NumberPlan("RU", ("9",))})


def seller(tx: Connection, name: str, *phones: str, pbx: str = "office") -> Person:
    """A person with these phones since yesterday."""
    made = builders.person(tx, name)
    for number in phones:
        extensions.link(tx, pbx, number, made.id, NOW - timedelta(days=1))
    return made


def client(tx: Connection, name: str = "Vector", responsible: Person | None = None) -> int:
    """The client who calls."""
    contact_id = builders.contact(tx, name, CLIENT)
    if responsible is not None:
        tx.execute(update(contacts).values(responsible_id=responsible.id))
    return contact_id


async def test_a_client_is_led_to_the_seller_responsible_however_the_number_is_written(
    database: Database, lookup: CallerLookup
) -> None:
    await database.write(lambda tx: client(tx, responsible=seller(tx, "Anna", "201")))
    for written in (CLIENT, "79160004455", "89160004455", "989160004455"):
        assert await lookup.answer(DOOR, written) == CallerAnswer("201", 10, "Vector")


async def test_whoever_works_on_their_deal_comes_before_whoever_met_them_first(
    database: Database, lookup: CallerLookup
) -> None:
    def happened(tx: Connection) -> None:
        funnel, boris = builders.funnel(tx), seller(tx, "Boris", "202")
        contact_id = client(tx, responsible=seller(tx, "Anna", "201"))
        builders.deal(tx, funnel, boris, contact_id=contact_id)

    await database.write(happened)
    assert (await lookup.answer(DOOR, CLIENT)).extension == "202"


async def test_of_several_phones_the_one_alive_last_is_rung(database: Database, lookup: CallerLookup) -> None:
    def happened(tx: Connection) -> None:
        client(tx, responsible=seller(tx, "Anna", "201", "202", "203"))
        seen = {"201": NOW - timedelta(days=2), "203": NOW - timedelta(hours=2)}
        extensions.note_all_seen(tx, "office", seen)

    await database.write(happened)
    assert (await lookup.answer(DOOR, CLIENT)).extension == "203"


async def test_a_phone_that_was_or_will_be_theirs_is_not_rung(
    database: Database, lookup: CallerLookup
) -> None:
    def happened(tx: Connection) -> None:
        anna = seller(tx, "Anna", "201")
        client(tx, responsible=anna)
        extensions.unlink(tx, "office", "201", NOW - timedelta(hours=1))
        extensions.link(tx, "office", "205", anna.id, NOW + timedelta(hours=1))

    await database.write(happened)
    assert await lookup.answer(DOOR, CLIENT) == CallerAnswer(name="Vector")


@pytest.mark.parametrize("caller", ["", "anonymous", "201", "112", "'; DROP TABLE calls; --", "+79160009999"])
async def test_whoever_is_no_client_of_ours_takes_the_usual_route(
    database: Database, lookup: CallerLookup, caller: str
) -> None:
    await database.write(lambda tx: client(tx, responsible=seller(tx, "Anna", "201")))
    assert await lookup.answer(DOOR, caller) == NOBODY


async def test_nobody_is_rung_who_left_or_sits_elsewhere_or_has_a_phone_with_letters(
    database: Database, lookup: CallerLookup
) -> None:
    def told(tx: Connection) -> dict[str, Person]:
        made = {
            "left": seller(tx, "Left", "204"),
            "elsewhere": seller(tx, "Elsewhere", "205", pbx="branch"),
            "letters": seller(tx, "Letters", "desk-6&PJSIP/666"),
        }
        tx.execute(update(people).where(people.c.name == "Left").values(is_active=False))
        client(tx)
        return made

    def belongs_to(tx: Connection, person: Person) -> None:
        tx.execute(update(contacts).values(responsible_id=person.id))

    for person in (await database.write(told)).values():
        await database.write(belongs_to, person)
        assert await lookup.answer(DOOR, CLIENT) == CallerAnswer(name="Vector")


async def test_a_pbx_that_shows_its_own_names_is_told_none(database: Database, lookup: CallerLookup) -> None:
    await database.write(lambda tx: client(tx, responsible=seller(tx, "Anna", "201")))
    silent = PbxDoor("office", DOOR.token, DOOR.networks, tells_names=False)
    assert await lookup.answer(silent, CLIENT) == CallerAnswer("201", 12, "")


async def test_no_report_makes_a_caller_wait(database: Database, lookup: CallerLookup) -> None:
    go_on = threading.Event()

    def long_report(_: Connection) -> None:
        go_on.wait(30)

    reports = [asyncio.create_task(database.read(long_report)) for _ in range(2 * THREADS)]
    await asyncio.sleep(0)
    try:
        assert await lookup.answer(DOOR, CLIENT) == NOBODY
    finally:
        go_on.set()
        await asyncio.gather(*reports)


async def test_no_writer_makes_a_caller_wait(database: Database, lookup: CallerLookup) -> None:
    await database.write(lambda tx: client(tx, responsible=seller(tx, "Anna", "201")))
    go_on, holds = threading.Event(), threading.Event()

    def long_write(tx: Connection) -> None:
        tx.execute(update(contacts).values(name="Changed"))
        tx.execute(insert(people).values(login="new", name="New", role="seller", created_at=NOW))
        holds.set()
        go_on.wait(30)

    writing = asyncio.create_task(database.write(long_write))
    await asyncio.to_thread(holds.wait, 30)
    try:
        assert (await lookup.answer(DOOR, CLIENT)).name == "Vector"
    finally:
        go_on.set()
        await writing


async def test_a_database_that_hangs_is_given_up_before_the_dialplan_gives_us_up(
    database: Database, lookup: CallerLookup, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()
    monkeypatch.setattr(service, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(caller_lookup, "who_calls", lambda *_: go_on.wait(30))
    with pytest.raises(StoreUnavailable):
        await lookup.answer(DOOR, CLIENT)
    go_on.set()


async def test_an_answer_is_one_read_by_indexes(sqlite: Database) -> None:
    statements: list[str] = []
    event.listen(
        sqlite.engine,
        "before_cursor_execute",
        lambda _c, _cursor, sql, *_: statements.append(sql),
    )
    lookup = CallerLookup(sqlite, lambda: NOW, {"office": NumberPlan("RU")})
    await lookup.answer(DOOR, CLIENT)
    (asked,) = [sql for sql in statements if sql.startswith("SELECT")]

    def plan(tx: Connection) -> list[str]:
        values = [None] * asked.count("?")
        rows = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", tuple(values))
        return [row.detail for row in rows]

    steps = await sqlite.read(plan)
    assert [step for step in steps if step.startswith("SCAN")] == []
    assert len([step for step in steps if step.startswith("SEARCH")]) >= 5
