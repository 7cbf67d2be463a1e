"""Calls per seller: each figure as counted by hand from the rows, and sums that come out for any history."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from pbx_crm.db import tables, tasks
from pbx_crm.db.call_figures import counted_for
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import call_people, calls, deals, legs, lines, talks
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.call_log import CallFilter, Figure
from pbx_crm.domain.call_report import CallReport, Counts
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.call_log import CallLog
from pbx_crm.services.reports import Reports
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows

WEEK = Span(NOW - timedelta(days=6), NOW + timedelta(days=1))
COUNTED_CALLS = {
    "answered": Figure.ANSWERED,
    "handled": Figure.HANDLED,
    "owned": Figure.OWNED,
    "missed": Figure.MISSED,
    "taken": Figure.TAKEN,
    "reached": Figure.REACHED,
    "dialled": Figure.DIALLED,
    "cold": Figure.COLD,
    "talked": Figure.TALKED,
}


class Office:
    """Two sellers, a head who sometimes answers, two lines, and what is written of their calls."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.reports = Reports(database)
        self.log = CallLog(database)
        with database.engine.connect().execution_options(writes=True) as tx, tx.begin():
            self.anna = builders.person(tx, "Anna")
            self.boris = builders.person(tx, "Boris")
            self.olga = builders.person(tx, "Olga", Role.HEAD)
            self.funnel = builders.funnel(tx)
            self.lines = [_line(tx, f"Line {number}") for number in (1, 2)]

    async def report(self, viewer: Person, **slices: Any) -> CallReport:
        """The week's report."""
        return await self.reports.calls(viewer.scope, ReportFilter(WEEK, **slices))

    async def counts(self, of: Person) -> Counts:
        """One seller's row as the head sees it."""
        rows = (await self.report(self.olga)).rows
        return next(row.counts for row in rows if row.person_id == of.id)

    async def happens(self, story: Any) -> None:
        """Writes the story's calls."""
        await self.database.write(story)


def _line(tx: Transaction, name: str) -> int:
    values = {"pbx": "main", "name": name, "match_kind": "did", "match_value": name}
    line_id: int = tx.execute(insert(lines).values(**values).returning(lines.c.id)).scalar_one()
    return line_id


@pytest.fixture
def office(database: Database) -> Office:
    """The company, before the first call."""
    return Office(database)


async def test_a_call_handed_on_is_answered_by_one_and_handled_by_two(office: Office) -> None:
    def story(tx: Transaction) -> None:
        call = CallRows(tx).ring(office.anna, office.boris).answer(office.anna, 8).leave(office.anna, 38)
        call.answer(office.boris, 40).end(100, Outcome.ANSWERED, hold_seconds=5)

    await office.happens(story)
    anna, boris = await office.counts(office.anna), await office.counts(office.boris)
    assert (anna.answered, anna.handled, round(anna.talk_seconds), anna.hold_seconds) == (1, 1, 30, 5)
    assert (boris.answered, boris.handled, round(boris.talk_seconds), boris.taken) == (0, 1, 60, 0)
    assert (round(anna.ring_seconds), round(boris.ring_seconds)) == (7, 7)
    report = await office.report(office.olga)
    assert report.balances is not None
    first, handled = report.balances
    assert (first.sellers, first.repeated, first.nobody, first.total) == (1, 0, 0, 1)
    assert (handled.sellers, handled.repeated, handled.nobody, handled.total) == (2, 1, 0, 1)


async def test_a_call_belongs_to_whose_card_it_lies_on_whoever_answered(office: Office) -> None:
    def story(tx: Transaction) -> None:
        card = builders.deal(tx, office.funnel, office.boris)
        CallRows(tx, deal_id=card).ring(office.anna).answer(office.anna).end(60, Outcome.ANSWERED)

    await office.happens(story)
    anna, boris = await office.counts(office.anna), await office.counts(office.boris)
    assert (anna.answered, anna.owned) == (1, 0)
    assert (boris.answered, boris.owned) == (0, 1)


async def test_only_the_first_call_to_a_number_ever_talked_with_is_cold(office: Office) -> None:
    def story(tx: Transaction) -> None:
        def dial(minutes: int) -> CallRows:
            at = NOW + timedelta(minutes=minutes)
            return CallRows(tx, at, Direction.OUT, e164="+79161112233").dial(office.anna)

        dial(0).end(20, Outcome.NO_ANSWER)
        dial(10).answer(office.anna).end(60, Outcome.ANSWERED)
        dial(20).answer(office.anna).end(60, Outcome.ANSWERED)
        CallRows(tx, NOW, Direction.OUT, e164=None).dial(office.anna).end(9, Outcome.NO_ANSWER)

    await office.happens(story)
    anna = await office.counts(office.anna)
    assert (anna.dialled, anna.reached, anna.cold, anna.clients) == (4, 2, 2, 1)


async def test_a_client_with_two_numbers_is_one_client(office: Office) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector", "+79161112233", "+79161112244")
        for number in ("+79161112233", "+79161112244"):
            call = CallRows(tx, e164=number, contact_id=client).ring(office.anna).answer(office.anna)
            call.end(60, Outcome.ANSWERED)
        CallRows(tx, e164="+79990001122").answer(office.anna).end(60, Outcome.ANSWERED)

    await office.happens(story)
    assert (await office.counts(office.anna)).clients == 2


async def test_a_seller_gets_their_own_row_whatever_they_ask_for(office: Office) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, 1))
    (own,) = (await office.report(office.anna, person_id=None)).rows
    assert own.counts == await office.counts(office.anna)
    assert (await office.report(office.anna)).whole is None
    assert (await office.report(office.anna, person_id=office.boris.id)).rows == ()


async def test_without_a_call_the_report_says_so(office: Office) -> None:
    report = await office.report(office.olga)
    assert report.is_empty
    assert [row.name for row in report.rows] == ["Anna", "Boris"]
    assert all(row.counts == Counts() for row in report.rows)


def test_no_figure_makes_sqlite_look_through_all_talks_of_a_person(sqlite: Database) -> None:
    with sqlite.engine.connect() as tx:
        for figure in (Figure.HANDLED, Figure.TAKEN, Figure.TALKED):
            joined = select(call_people.c.person_id).join(calls, calls.c.id == call_people.c.call_id)
            statement = joined.where(counted_for(figure))
            text = str(statement.compile(tx, compile_kwargs={"literal_binds": True}))
            plan = tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}").all()
            steps = [row[-1] for row in plan]
            assert any("talks" in step for step in steps), figure
            assert not any("ix_talks_person_id" in step for step in steps), figure


def invent_calls(tx: Transaction, office: Office, seed: int) -> None:
    """Thirty calls of every shape, some outside the week, on unlinked phones and of foreign lines too."""
    chance = random.Random(seed)
    sellers = [office.anna, office.boris, office.olga]
    cards = [builders.deal(tx, office.funnel, seller) for seller in (office.anna, office.boris)]
    clients = [builders.contact(tx, name) for name in ("Vector", "Orbita")]
    for _ in range(30):
        call = CallRows(
            tx,
            NOW - timedelta(hours=chance.randrange(200)),
            chance.choice(list(Direction)),
            line_id=chance.choice([None, *office.lines]),
            e164=chance.choice([None, "+79161112233", "+79161112244", "+79161112255"]),
            contact_id=chance.choice([None, *clients]),
            deal_id=chance.choice([None, *cards]),
        )
        _play(tx, call, sellers, chance)
    for number in range(12):
        kind = chance.choice([TaskKind.MEETING, TaskKind.MEETING, TaskKind.CALL])
        owner, at = chance.choice(sellers), NOW - timedelta(hours=chance.randrange(200))
        task_id = tasks.add(
            tx, NewTask(kind, owner.id, at, at, chance.choice([None, *cards]), title=f"{number}")
        )
        if chance.random() < 0.7:
            tx.execute(tables.tasks.update().where(tables.tasks.c.id == task_id).values(done_at=at))


def _play(tx: Transaction, call: CallRows, sellers: list[Person], chance: random.Random) -> None:
    if chance.random() < 0.4:
        call.dial(chance.choice(sellers))
    call.ring(*chance.sample(sellers, chance.randrange(4)))
    for turn in range(chance.randrange(4)):
        seller = chance.choice(sellers)
        call.answer(seller, 10 + 20 * turn).leave(seller, 20 + 20 * turn)
    if chance.random() < 0.9:
        call.end(100, chance.choice(list(Outcome)), hold_seconds=chance.randrange(3))
    if chance.random() < 0.2:
        # The phone that talked turns out to be linked to nobody.
        tx.execute(talks.update().where(talks.c.call_id == call.id).values(person_id=None))
        tx.execute(calls.update().where(calls.c.id == call.id).values(answered_id=None))
        tx.execute(call_people.update().where(call_people.c.call_id == call.id).values(talk_seconds=0.0))


@pytest.mark.parametrize("seed", range(6))
async def test_every_figure_is_what_counting_by_hand_gives(office: Office, seed: int) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, seed))
    for line_id in (None, office.lines[0]):
        report = await office.report(office.olga, line_id=line_id)
        by_hand = await office.database.read(ByHand, WEEK, line_id)
        assert report.whole is not None
        for row in report.rows:
            assert rounded(row.counts) == by_hand.of(row.person_id), (line_id, row.name)
        assert by_hand.people() <= {row.person_id for row in report.rows}
        assert report.whole.incoming == by_hand.incoming()
        assert report.whole.repeated == by_hand.repeated()
        assert report.balances is not None
        assert all(balance.holds for balance in report.balances)


@pytest.mark.parametrize("seed", range(3))
async def test_every_figure_opens_exactly_the_calls_it_counted(office: Office, seed: int) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, seed))
    line_id = office.lines[0]
    report = await office.report(office.olga, line_id=line_id)
    assert report.whole is not None
    asked = [(row.counts, {"person_id": row.person_id}) for row in report.rows]
    asked += [(report.whole.nobody, {"unlinked": True}), (report.whole.total, {})]
    for counts, who in asked:
        for name, figure in COUNTED_CALLS.items():
            filter_of: dict[str, Any] = {**who, "figure": figure, "line_id": line_id}
            wanted = CallFilter(since=WEEK.since, until=WEEK.until, **filter_of)
            assert await office.log.count(office.olga, wanted) == getattr(counts, name), (who, name)


@pytest.mark.parametrize("seed", range(2))
async def test_every_number_of_meetings_opens_exactly_these(office: Office, seed: int) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, seed))
    for row in (await office.report(office.olga)).rows:
        wanted = ReportFilter(WEEK, person_id=row.person_id)
        held = await office.reports.meetings(office.olga.scope, wanted)
        assert [meeting.seller for meeting in held] == [row.name] * row.counts.meetings
    own = await office.reports.meetings(office.anna.scope, ReportFilter(WEEK))
    assert {meeting.seller for meeting in own} <= {"Anna"}


def rounded(counts: Counts) -> dict[str, float]:
    """Seconds to a tenth: the two databases count them in floats of their own."""
    return {name: round(value, 1) for name, value in asdict(counts).items()}


class ByHand:
    """The same figures, counted by loops over the bare rows."""

    def __init__(self, tx: Transaction, span: Span, line_id: int | None) -> None:
        self.everything = [dict(row) for row in tx.execute(select(calls)).mappings()]
        self.calls = [
            call
            for call in self.everything
            if span.since <= call["started_at"] < span.until
            and (line_id is None or call["line_id"] == line_id)
        ]
        self.talks = _by_call(tx, talks)
        self.rings = _by_call(tx, legs)
        self.meetings = [
            row.owner_id
            for row in tx.execute(select(tables.tasks))
            if row.kind == "meeting"
            and row.done_at is not None
            and span.since <= row.done_at < span.until
            and line_id is None
        ]
        self.owners = {row.id: row.owner_id for row in tx.execute(select(deals))}

    def people(self) -> set[int]:
        """Everybody who talked."""
        talked = {talk["person_id"] for call in self.calls for talk in self.talks[call["id"]]}
        return talked - {None}

    def incoming(self) -> int:
        """All incoming calls."""
        return len(self._incoming())

    def repeated(self) -> int:
        """Handlings beyond the first of each call."""
        return sum(max(0, len(self._talkers(call)) - 1) for call in self._incoming())

    def of(self, me: int) -> dict[str, float]:
        """One person's figures."""
        incoming = self._incoming()
        dialled = [call for call in self.calls if call["direction"] == "out" and call["seller_id"] == me]
        rang = [call for call in incoming if any(leg["person_id"] == me for leg in self.rings[call["id"]])]
        talked = [
            call for call in self.calls if call["direction"] != "internal" and me in self._talkers(call)
        ]
        clients = {call["contact_id"] or call["e164"] for call in talked} - {None}
        taken_over = [call for call in rang if call["answered_at"] and call["answered_id"] != me]
        return {
            "answered": sum(bool(call["answered_at"]) and call["answered_id"] == me for call in incoming),
            "handled": sum(me in self._talkers(call) for call in incoming),
            "owned": sum(self.owners.get(call["deal_id"]) == me for call in incoming),
            "missed": sum(bool(call["ended_at"]) and not call["answered_at"] for call in rang),
            "taken": sum(me not in self._talkers(call) for call in taken_over),
            "reached": sum(bool(call["answered_at"]) for call in dialled),
            "dialled": len(dialled),
            "cold": sum(self._is_cold(call) for call in dialled),
            "talked": len(talked),
            "clients": len(clients),
            "meetings": self.meetings.count(me),
            "talk_seconds": round(sum(self._talked(call, me) for call in talked), 1),
            "ring_seconds": round(sum(self._rang(call, me) for call in incoming), 1),
            "hold_seconds": sum(self._held(call, me) for call in self.calls),
        }

    def _incoming(self) -> list[dict[str, Any]]:
        return [call for call in self.calls if call["direction"] == "in"]

    def _talkers(self, call: dict[str, Any]) -> set[int]:
        return {talk["person_id"] for talk in self.talks[call["id"]]} - {None}

    def _is_cold(self, call: dict[str, Any]) -> bool:
        number = call["e164"]
        talks_before: list[datetime] = [
            other["answered_at"]
            for other in self.everything
            if other["e164"] == number and other["answered_at"] and other["answered_at"] < call["started_at"]
        ]
        return number is not None and not talks_before

    def _talked(self, call: dict[str, Any], me: int) -> float:
        mine = [talk for talk in self.talks[call["id"]] if talk["person_id"] == me and talk["ended_at"]]
        seconds = [float((talk["ended_at"] - talk["started_at"]).total_seconds()) for talk in mine]
        return sum(seconds)

    def _rang(self, call: dict[str, Any], me: int) -> float:
        seconds = 0.0
        for leg in self.rings[call["id"]]:
            end = leg["answered_at"] or leg["ended_at"]
            if leg["person_id"] == me and leg["rang_at"] and end:
                seconds += (end - leg["rang_at"]).total_seconds()
        return seconds

    def _held(self, call: dict[str, Any], me: int) -> float:
        holder = {"in": call["answered_id"], "out": call["seller_id"]}.get(call["direction"])
        return float(call["hold_seconds"]) if holder == me else 0.0


def _by_call(tx: Transaction, table: Any) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in tx.execute(select(table)).mappings():
        found[row["call_id"]].append(dict(row))
    return found
