"""Recordings of a real Asterisk, through the tracker and the intake: the cards they lead to."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Row, Table, insert, select

from pbx_crm.asterisk.ami_events import AmiEventReader
from pbx_crm.asterisk.replay import events_of
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    alerts,
    calls,
    contacts,
    deals,
    extensions,
    legs,
    talks,
    tasks,
    transfers,
)
from pbx_crm.domain import owner_rule
from pbx_crm.domain.call import Call, CallMerged, Fact
from pbx_crm.domain.call_tracker import CallTracker
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.services.call_intake import take_in
from tests.company import LONG_AGO, PBX, Company, fresh_company
from tests.truth import SINGLE_NAMES, tape, truth

pytestmark = pytest.mark.recordings


@cache
def facts_of(name: str) -> tuple[Fact, ...]:
    """What the tracker tells of a recording, as it told it."""
    tracker, facts, at = CallTracker(PbxShape()), list[Fact](), 0.0
    for heard in events_of(tape(name), AmiEventReader()):
        at = heard.at
        facts += tracker.feed(heard)
    facts += tracker.finish(at)
    return tuple(facts)


async def after(company: Company, name: str) -> dict[str, Any]:
    """The only deal after a recording was played, fact by fact and then all of it again."""
    for fact in facts_of(name):
        await company.tell([fact])
    once = await company.everything()
    await company.tell(facts_of(name))
    assert await company.everything() == once
    return await company.one(deals)


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


async def why(company: Company) -> str:
    return owner_rule.in_words((await company.rows(calls))[0]["owner_rule"])


async def test_a_ring_all_queue_makes_one_card_of_who_answered(company: Company) -> None:
    deal = await after(company, "in_queue_ringall__22-pjsip-A")
    assert deal["owner_id"] == company.clara.id
    # Nobody has 104 here: the alert says so.
    assert (await company.one(alerts))["key"] == "main/104"
    assert (await why(company)).startswith("rang 101, 102, 103, 104; 103 answered after")


async def test_a_transfer_by_the_phone_leaves_the_card_with_who_answered_first(company: Company) -> None:
    deal = await after(company, "xfer_att_refer__22-pjsip-A")
    told = truth("xfer_att_refer__22-pjsip-A")["calls"][0]
    assert told["answered_by"] == "101"
    assert deal["owner_id"] == company.anna.id
    assert len(await company.rows(calls)) == 1


async def test_who_picks_up_for_a_colleague_owns_the_card(company: Company) -> None:
    await company.database.write(_link, "104", company.boris.id)
    deal = await after(company, "pickup_directed__22-pjsip-A")
    assert deal["owner_id"] == company.boris.id


async def test_a_missed_call_waits_for_a_call_back(company: Company) -> None:
    deal = await after(company, "in_missed__22-pjsip-A")
    task = await company.one(tasks)
    assert (task["kind"], task["owner_id"], task["deal_id"]) == ("call", company.anna.id, deal["id"])


async def test_a_withheld_caller_is_a_card_without_a_contact(company: Company) -> None:
    deal = await after(company, "id_anonymous__22-pjsip-A")
    assert deal["contact_id"] is None
    assert await company.rows(contacts) == []


async def test_two_calls_of_one_client_at_once_make_one_deal(company: Company) -> None:
    deal = await after(company, "multi_same_caller_twice_at_once__22-pjsip-A")
    assert {row["deal_id"] for row in await company.rows(calls)} == {deal["id"]}
    assert deal["owner_id"] == company.anna.id


async def test_a_client_who_got_through_at_the_second_try_is_not_called_back(company: Company) -> None:
    await after(company, "multi_same_caller_in_a_row__22-pjsip-A")
    assert await company.rows(tasks) == []
    assert [row["outcome"] for row in await company.rows(calls)] == ["missed", "answered"]


async def test_a_busy_half_minute_makes_a_card_for_every_client(sqlite: Database) -> None:
    company = Company(sqlite)
    facts = facts_of("load-small")
    for begin in range(0, len(facts), 150):
        await company.tell(facts[begin : begin + 150])
    rows = await company.rows(calls)
    assert len(rows) == truth("load-small")["calls"]
    incoming = [row for row in rows if row["direction"] == "in"]
    assert all(row["deal_id"] is not None for row in incoming)
    born = Counter(row["contact_id"] for row in await company.rows(deals))
    assert set(born.values()) == {1}, "one open deal a client"
    assert len(born) == len({row["e164"] for row in incoming})


def _link(tx: Connection, number: str, person_id: int) -> None:
    row = {"pbx": PBX, "number": number, "person_id": person_id, "valid_from": LONG_AGO}
    tx.execute(insert(extensions).values(**row))


def _link_everywhere(tx: Connection, company: Company) -> dict[str, int]:
    people = [company.anna.id, company.boris.id, company.clara.id]
    owners = {str(number): people[number % 3] for number in range(101, 107)}
    rows = [
        {"pbx": name, "number": number, "person_id": person_id, "valid_from": LONG_AGO}
        for name in SINGLE_NAMES
        for number, person_id in owners.items()
    ]
    tx.execute(insert(extensions), rows)
    return owners


def _play_alone(tx: Connection, name: str) -> None:
    """Every fact of the recording a batch of its own, in one transaction for the speed of it."""
    for fact in facts_of(name):
        take_in(tx, name, [fact], NumberPlan("RU"))


@pytest.fixture(scope="module")
def after_all(migrated_file: Path) -> Iterator[tuple[Database, dict[str, int]]]:
    """A company after all recordings, as the calls of as many PBXes; and whose extension is whose."""
    with fresh_company(migrated_file) as company, company.database.engine.begin() as tx:
        owners = _link_everywhere(tx, company)
        for name in SINGLE_NAMES:
            _play_alone(tx, name)
        tx.commit()
        yield company.database, owners


async def test_after_every_recording_each_incoming_call_has_a_card_with_the_right_owner(
    after_all: tuple[Database, dict[str, int]],
) -> None:
    database, owners = after_all
    born = {row.born_of: row for row in await database.read(_all, deals)}
    reminders = {row.deal_id for row in await database.read(_all, tasks) if row.kind == "call"}
    told = await database.read(_all, calls)
    talked = {row.deal_id for row in told if row.answered_at is not None}
    wrong = []
    for call in told:
        deal = born.get(f"{call.pbx}/{call.linkedid}")
        if call.direction == "in" and call.ended_at is not None:
            if call.deal_id is None:
                wrong.append(f"{call.pbx}: no card")
            if deal and owners.get(call.answered_extension) not in (None, deal.owner_id):
                wrong.append(f"{call.pbx}: another owner")
            if call.deal_id not in reminders | talked:
                wrong.append(f"{call.pbx}: nobody calls back")
        elif call.direction != "in" and deal is not None:
            wrong.append(f"{call.pbx}: a card of an {call.direction} call")
    assert wrong == []


def _all(tx: Connection, table: Table) -> Sequence[Row[Any]]:
    return tx.execute(select(table)).all()


def _final(name: str) -> dict[str, Call]:
    """The recording's calls as the tracker told them last."""
    latest: dict[str, Call] = {}
    for fact in facts_of(name):
        if isinstance(fact, CallMerged):
            latest.pop(fact.gone, None)
        latest[fact.call.linkedid] = fact.call
    return latest


async def test_what_is_stored_of_a_recording_is_what_the_tracker_told_last(
    after_all: tuple[Database, dict[str, int]],
) -> None:
    database, _ = after_all
    stored = {(row.pbx, row.linkedid): row for row in await database.read(_all, calls)}
    parts: dict[int, set[tuple[Any, ...]]] = defaultdict(set)
    for row in await database.read(_all, legs):
        parts[row.call_id].add((row.uniqueid, row.rang_at, row.answered_at, row.ended_at))
    for row in await database.read(_all, talks):
        parts[row.call_id].add((row.extension, row.started_at, row.ended_at))
    for row in await database.read(_all, transfers):
        parts[row.call_id].add((row.kind, row.at, row.completed))
    told = {(name, linkedid): call for name in SINGLE_NAMES for linkedid, call in _final(name).items()}
    assert set(stored) == set(told)
    for key, call in told.items():
        row = stored[key]
        assert (row.direction, row.outcome, row.queue) == (call.direction, call.outcome, call.queue), key
        assert (row.answered_extension, row.final_extension) == (call.answered_by, call.final_agent), key
        assert (row.answered_at, row.ended_at) == (call.answered_at, call.ended_at), key
        assert (row.talk_seconds, row.hold_seconds) == (call.talk_seconds, call.hold_seconds), key
        wanted: set[tuple[Any, ...]] = {
            (leg.uniqueid, leg.rang_at, leg.answered_at, leg.ended_at) for leg in call.legs
        }
        wanted |= {(talk.extension, talk.started_at, talk.ended_at) for talk in call.talks}
        wanted |= {(one.kind.value, one.at, one.completed) for one in call.transfers}
        assert parts[row.id] == wanted, key
