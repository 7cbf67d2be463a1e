"""The missed-call clock over everybody's calls, compared with a walk through the bare rows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from pbx_crm.db import calendars
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import calls, lines
from pbx_crm.domain.calendar import Calendar, usual_calendar
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.call_log import CallFilter
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.missed_clock import NEVER_AFTER, MissedReport, WaitState
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from pbx_crm.domain.working_time import Hours
from pbx_crm.services.call_log import CallLog
from pbx_crm.services.reports import Reports
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows

MONTH = Span(NOW - timedelta(days=20), NOW + timedelta(days=1))
NUMBERS = [f"+7916111223{digit}" for digit in range(6)]


class Office:
    """Two sellers and a head, a strict line and the rest."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reports = Reports(database)
        self.log = CallLog(database)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.anna = builders.person(tx, "Anna")
            self.boris = builders.person(tx, "Boris")
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            self.funnel = builders.funnel(tx)
            values = {"pbx": "main", "name": "Hot line", "match_kind": "did", "callback_minutes": 2}
            made = tx.execute(insert(lines).values(**values).returning(lines.c.id))
            self.hot_line: int = made.scalar_one()

    async def report(self, viewer: Person, **slices: Any) -> MissedReport:
        """The report of these weeks."""
        return await self.reports.missed(viewer.scope, ReportFilter(MONTH, **slices), NOW)

    async def happens(self, story: Any) -> None:
        """Writes the story's calls."""
        await self.database.write(story)


@pytest.fixture
def office(database: Database) -> Office:
    """The company, before the first call."""
    return Office(database)


def missed(tx: Transaction, minutes_ago: float, *rang: Person, **columns: Any) -> CallRows:
    """A call that rang these for twenty seconds."""
    at = NOW - timedelta(minutes=minutes_ago)
    return CallRows(tx, at, **columns).ring(*rang).end(20, Outcome.MISSED)


def called(tx: Transaction, minutes_ago: float, who: Person, **columns: Any) -> CallRows:
    """A call of this seller that was answered after eight seconds."""
    at = NOW - timedelta(minutes=minutes_ago)
    call = CallRows(tx, at, Direction.OUT, **columns).dial(who).answer(who)
    return call.end(60, Outcome.ANSWERED)


async def test_the_limit_is_the_lines(office: Office) -> None:
    def story(tx: Transaction) -> None:
        for number, line_id in zip(NUMBERS[:2], (office.hot_line, None), strict=True):
            missed(tx, 60, office.anna, e164=number, line_id=line_id)
            called(tx, 50, office.anna, e164=number)

    await office.happens(story)
    report = await office.report(office.olga)
    assert [(row.number, row.state) for row in report.rows] == [
        (NUMBERS[0], WaitState.LATE),
        (NUMBERS[1], WaitState.IN_TIME),
    ]
    on_the_line = await office.report(office.olga, line_id=office.hot_line)
    assert [row.number for row in on_the_line.rows] == [NUMBERS[0]]


async def test_the_limit_runs_in_the_working_hours_of_the_line(office: Office) -> None:
    open_at_dawn = Calendar(None, "Dawn", "UTC", None, ((Hours(0, 60),),) * 7, None)

    def story(tx: Transaction) -> None:
        calendars.add(tx, usual_calendar(Installation("DE", "en", "UTC", "EUR"), "House"))
        calendar_id = calendars.add(tx, open_at_dawn)
        tx.execute(update(lines).values(calendar_id=calendar_id))
        missed(tx, 60, office.anna, line_id=office.hot_line)

    await office.happens(story)
    (row,) = (await office.report(office.olga)).rows
    assert (row.state, row.wait.limit_minutes) == (WaitState.WAITING, 2)
    tomorrow = (NOW + timedelta(days=1)).astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    assert row.wait.due_at == tomorrow + timedelta(minutes=2)


async def test_a_seller_whose_caller_a_colleague_called_back_is_not_told_to_call(office: Office) -> None:
    def story(tx: Transaction) -> None:
        missed(tx, 60, office.anna)
        called(tx, 55, office.boris)

    await office.happens(story)
    (row,) = (await office.report(office.anna)).rows
    assert row.state is WaitState.IN_TIME
    assert (await office.report(office.boris)).rows == ()


async def test_a_seller_is_not_told_the_number_of_anothers_client(office: Office) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Orbita", NUMBERS[0])
        builders.deal(tx, office.funnel, office.boris, contact_id=client)
        missed(tx, 60, office.anna, office.boris, e164=NUMBERS[0], contact_id=client)

    await office.happens(story)
    (for_anna,) = (await office.report(office.anna)).rows
    (for_boris,) = (await office.report(office.boris)).rows
    assert (for_anna.number, for_boris.number) == (None, NUMBERS[0])
    assert NUMBERS[0] not in (await office.report(office.anna)).table().csv()


async def test_a_seller_opens_the_call_of_the_wait_that_rang_them(office: Office) -> None:
    ids: list[int] = []

    def story(tx: Transaction) -> None:
        ids.extend((missed(tx, 60, office.boris).id, missed(tx, 50, office.anna).id))

    await office.happens(story)
    (row,) = (await office.report(office.anna)).rows
    assert (row.wait.call_id, row.wait.tries, row.rang) == (ids[1], 2, "Anna")
    assert (await office.log.row(office.anna, row.wait.call_id)).id == ids[1]


async def test_callers_without_a_number_are_counted_apart_and_skipped_ones_not_at_all(office: Office) -> None:
    def story(tx: Transaction) -> None:
        missed(tx, 60, office.anna, e164=None)
        missed(tx, 50, office.anna, skipped_by="Bank")

    await office.happens(story)
    report = await office.report(office.olga)
    assert (report.rows, report.withheld) == ((), 1)


async def test_a_wait_that_began_before_the_time_is_not_of_it(office: Office) -> None:
    def story(tx: Transaction) -> None:
        missed(tx, 60 * 24 * 25, office.anna)
        missed(tx, 60, office.anna)

    await office.happens(story)
    assert (await office.report(office.olga)).rows == ()


def invent_calls(tx: Transaction, office: Office, seed: int) -> None:
    """Eighty calls of six numbers over a month and a half."""
    chance = random.Random(seed)
    for _ in range(80):
        at = NOW - timedelta(minutes=chance.randrange(60 * 24 * 45))
        direction = chance.choice([Direction.IN, Direction.IN, Direction.OUT])
        line_id = chance.choice([None, office.hot_line])
        call = CallRows(tx, at, direction, e164=chance.choice(NUMBERS), line_id=line_id)
        seller = chance.choice([office.anna, office.boris])
        if direction is Direction.OUT:
            call.dial(seller)
        else:
            call.ring(seller)
        if chance.random() < 0.3:
            call.answer(seller).end(60, Outcome.ANSWERED)
        elif chance.random() < 0.95:
            call.end(20, Outcome.MISSED if direction is Direction.IN else Outcome.NO_ANSWER)


def by_hand(tx: Transaction) -> list[tuple[str, datetime, str, float | None]]:
    """(number, when the wait began, state, seconds), found by walking through all calls in order."""
    limits = {row.id: row.callback_minutes for row in tx.execute(select(lines))}
    open_waits: dict[str, dict[str, Any]] = {}
    found: list[dict[str, Any]] = []
    for moment, is_talk, call in sorted(_moments(tx), key=lambda told: (told[0], told[1])):
        number = call["e164"]
        if is_talk and number in open_waits:
            open_waits.pop(number).update(talked=moment, ours=call["direction"] == "out")
        elif not is_talk:
            if number not in open_waits:
                limit = timedelta(minutes=limits.get(call["line_id"], 15))
                wait = {"number": number, "began": moment, "from": call["ended_at"], "limit": limit}
                open_waits[number] = {**wait, "talked": None, "ours": False}
                found.append(open_waits[number])
            open_waits[number]["last"] = moment
    return [
        (wait["number"], wait["began"], _state(wait), _seconds(wait))
        for wait in found
        if MONTH.since <= wait["began"] < MONTH.until
    ]


def _moments(tx: Transaction) -> list[tuple[datetime, bool, dict[str, Any]]]:
    told = []
    for row in tx.execute(select(calls)).mappings():
        if row["answered_at"]:
            told.append((row["answered_at"], True, dict(row)))
        elif row["direction"] == "in" and row["ended_at"]:
            told.append((row["started_at"], False, dict(row)))
    return told


def _state(wait: dict[str, Any]) -> str:
    if wait["talked"] is None:
        return "never" if NOW - wait["last"] > NEVER_AFTER else "waiting"
    if not wait["ours"]:
        return "got_through"
    return "in_time" if wait["talked"] - wait["from"] <= wait["limit"] else "late"


def _seconds(wait: dict[str, Any]) -> float | None:
    if wait["talked"] is None:
        return None
    return max(0.0, float((wait["talked"] - wait["from"]).total_seconds()))


@pytest.mark.parametrize("seed", range(8))
async def test_waits_are_what_walking_through_the_calls_finds(office: Office, seed: int) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, seed))
    report = await office.report(office.olga)
    told = [(row.number, row.wait.began_at, row.state.value, row.wait.seconds) for row in report.rows]
    assert told
    assert sorted(told, key=str) == sorted(await office.database.read(by_hand), key=str)
    assert sum(report.count(state) for state in WaitState) == len(report.rows)


@pytest.mark.parametrize("seed", range(4))
async def test_the_log_and_the_clock_agree_on_who_was_not_called_back(office: Office, seed: int) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, seed))
    report = await office.report(office.olga)
    page = await office.log.page(office.olga, CallFilter(not_called_back=True))
    in_the_log = {getattr(row, "number", None) for row in page.rows}
    still = {row.number for row in report.rows if row.wait.talked_at is None}
    assert still
    assert still <= in_the_log
