"""Different clients of the past: whatever becomes of a call, a number or a client, nobody counts twice."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, delete, event, or_, select, update

from pbx_crm.db import call_days, call_report, client_days, contact_merge, erasure, lines
from pbx_crm.db.call_sums import NOBODY, WITH_CLIENTS
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, contacts, talks
from pbx_crm.db.tables import client_days as kept
from pbx_crm.db.tables import lines as lines_table
from pbx_crm.domain.call_report import CallReport
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days, Span
from pbx_crm.services.rollups import Rollups
from tests.builders import NOW
from tests.company import PBX, Company
from tests.services.test_call_days import ALL, LAST_WEEK, NUMBERS, History
from tests.stories import Story

FIRM = ZoneInfo("Europe/Berlin")
YESTERDAY, LONG_PAST = NOW - timedelta(days=1), NOW - timedelta(days=5)
WEEK = ReportFilter(LAST_WEEK)
Met = dict[int, set[object]]


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


def talk(number: str | None = NUMBERS[0], phone: str = "101", days: int = 5) -> Story:
    """A conversation some days ago."""
    story = Story.incoming(number, at=NOW - timedelta(days=days)).rings(phone)
    return story.answers(phone).ends()


async def later(company: Company, days: int = 1) -> None:
    """The program has been running for so many days."""
    await Rollups(company.database, lambda: NOW + timedelta(days=days)).catch_up()


async def reported(company: Company, wanted: ReportFilter = WEEK, scope: Scope = ALL) -> CallReport:
    """The report a person opens."""
    return await company.database.read(call_report.report, wanted, scope)


async def clients(company: Company, wanted: ReportFilter = WEEK) -> int:
    """How many clients everybody together talked with."""
    whole = (await reported(company, wanted)).whole
    assert whole is not None
    return whole.total.clients


async def days_kept(company: Company) -> set[date]:
    """The days that reports need not count."""
    return {row["day"] for row in await company.rows(kept)}


async def is_right(company: Company) -> bool:
    """Whether check finds no fault, and every report of clients is what one counts by hand."""
    async for step in Rollups(company.database).check():
        if step.wrong_rows:
            return False
    some = Span(NOW - timedelta(days=3, hours=5), NOW + timedelta(minutes=17))
    known = [row["id"] for row in await company.rows(lines_table)]
    wishes = [WEEK, ReportFilter(some), *(ReportFilter(LAST_WEEK, line_id=line) for line in (0, *known))]
    for wanted in [*wishes, ReportFilter(LAST_WEEK, source="Ads"), ReportFilter(LAST_WEEK, source="")]:
        report, met = await reported(company, wanted), await company.database.read(by_hand, wanted)
        assert report.whole is not None
        told = {row.person_id: row.counts.clients for row in report.rows if row.counts.clients}
        told |= {NOBODY: report.whole.nobody.clients} if report.whole.nobody.clients else {}
        if told != {who: len(some) for who, some in met.items()}:
            return False
        if report.whole.total.clients != len(set().union(*met.values())):
            return False
    return True


def by_hand(tx: Connection, wanted: ReportFilter) -> Met:
    """Whom everybody talked with, one conversation after another."""
    query = select(talks.c.person_id, calls, lines_table.c.source.label("source"))
    query = query.join(calls, calls.c.id == talks.c.call_id)
    query = query.outerjoin(lines_table, lines_table.c.id == calls.c.line_id)
    met: Met = defaultdict(set)
    for row in tx.execute(query.where(or_(WITH_CLIENTS))).mappings():
        client = row["contact_id"] or row["e164"]
        is_there = wanted.span.since <= row["started_at"] < wanted.span.until
        is_there &= wanted.line_id in (None, row["line_id"] or 0)
        is_there &= wanted.source in (None, row["source"] or "")
        if client is not None and is_there:
            met[row["person_id"] or NOBODY].add(client)
    return met


async def test_a_client_of_three_days_is_one_client(company: Company) -> None:
    await company.play(talk(days=5), talk(days=4), talk(phone="102", days=2))
    await later(company)
    assert len(await days_kept(company)) >= 3
    assert (await clients(company), await is_right(company)) == (1, True)


async def test_today_is_counted_with_the_days_before_it(company: Company) -> None:
    await company.play(talk(days=5))
    await later(company, days=0)
    await company.play(talk(days=0), talk(NUMBERS[1], days=0))
    assert NOW.date() not in await days_kept(company)
    assert (await clients(company), await is_right(company)) == (2, True)


async def test_a_day_is_kept_an_hour_after_it_is_over(company: Company) -> None:
    await company.play(talk(days=0))
    midnight = Days(NOW.date(), NOW.date()).span(FIRM).until
    for minutes, is_kept in ((59, False), (60, True)):
        now = midnight + timedelta(minutes=minutes)
        await Rollups(company.database, lambda now=now: now).catch_up()  # type: ignore[misc]
        assert (NOW.date() in await days_kept(company)) == is_kept


async def test_a_call_of_a_clock_that_stood_makes_no_days_since_1970(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0], at=datetime(1970, 1, 2, tzinfo=UTC)).rings("101").ends())

    def days(tx: Connection) -> list[date]:
        return client_days.to_make(tx, FIRM, NOW)

    await company.play(talk())
    to_make = await company.database.read(days)
    assert to_make[-1] == LONG_PAST.date()
    assert to_make[0] > NOW.date() - timedelta(days=11 * 366)


async def test_a_call_found_in_the_records_counts_in_its_day_of_the_past(company: Company) -> None:
    await company.play(talk())
    await later(company)
    await company.intake.take_written(PBX, [talk(NUMBERS[1]).call])
    assert (await clients(company), await is_right(company)) == (2, True)
    assert LONG_PAST.date() not in await days_kept(company), "its calls are counted"
    await later(company)
    assert LONG_PAST.date() in await days_kept(company)
    assert await is_right(company)


async def test_two_clients_who_turn_out_to_be_one_are_one_in_past_days_too(company: Company) -> None:
    await company.play(talk(NUMBERS[0]), talk(NUMBERS[1], days=4))
    await later(company)
    one, other = [row["id"] for row in await company.rows(contacts)]
    cutting = await company.database.write(contact_merge.merge, one, other)
    assert (await clients(company), await is_right(company)) == (1, True)
    await later(company)
    await company.database.write(contact_merge.tell_apart, cutting)
    assert (await clients(company), await is_right(company)) == (2, True)


async def test_an_erased_clients_number_is_not_kept_in_any_sum(company: Company) -> None:
    await company.play(talk())
    await later(company)
    (client,) = await company.rows(contacts)

    def erase(tx: Connection) -> None:
        erasure.erase(tx, erasure.trace(tx, client["id"]))

    await company.database.write(erase)
    await later(company)
    assert (await clients(company), await is_right(company)) == (0, True)
    assert all(row["met"] == b"" for row in await company.rows(kept))


async def test_clients_of_a_line_that_is_gone_count_over_no_line(company: Company) -> None:
    line = await company.line()
    assert line.id is not None
    await company.play(talk())
    await later(company)
    assert await clients(company, ReportFilter(LAST_WEEK, line_id=line.id)) == 1
    await company.database.write(lines.drop, line.id)
    await later(company)
    assert await clients(company, ReportFilter(LAST_WEEK, line_id=0)) == 1
    assert await is_right(company)


async def test_a_card_made_by_hand_makes_a_client_of_a_past_number(company: Company) -> None:
    await company.play(Story.outgoing(NUMBERS[0], "101", at=LONG_PAST).answers("101").ends())
    await company.play(Story.outgoing(NUMBERS[0], "102", at=YESTERDAY).answers("102").ends())
    await later(company)
    (first, _) = await company.rows(calls)
    await company.intake.new_deal_from_call(company.olga, first["id"])
    assert await is_right(company)
    await later(company)
    assert await is_right(company)


async def test_days_of_another_zone_are_made_anew(company: Company) -> None:
    await company.play(talk(), talk(NUMBERS[1], days=4))
    await later(company)
    async for _ in Rollups(company.database).rebuild("Asia/Tehran"):
        pass
    assert await days_kept(company)
    assert await is_right(company)


async def test_check_finds_a_wrong_day_and_rebuilding_mends_it(company: Company) -> None:
    await company.play(talk())
    await later(company)
    await company.database.write(lambda tx: tx.execute(update(kept).values(met=b"")).rowcount)
    assert not await is_right(company)
    async for _ in Rollups(company.database).rebuild("Europe/Berlin"):
        pass
    assert await is_right(company)


async def test_a_seller_counts_their_own_clients_only(company: Company) -> None:
    await company.play(talk(), talk(NUMBERS[1], phone="102"))
    await later(company)
    report = await reported(company, WEEK, Scope(Reach.OWN, company.anna.id))
    assert [(row.name, row.counts.clients) for row in report.rows] == [("Anna", 1)]
    assert report.whole is None


async def test_a_call_of_just_now_costs_no_look_at_past_days(company: Company) -> None:
    said: list[str] = []

    def hear(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(company.database.engine, "before_cursor_execute", hear)
    story = Story.incoming(NUMBERS[0], at=NOW).rings("101").answers("101").ends()
    await company.play(story)
    assert said
    assert not any("client_days" in statement for statement in said)


async def test_a_day_that_is_kept_is_read_without_its_calls(company: Company) -> None:
    await company.play(talk(), talk(NUMBERS[1], days=4))
    await later(company)
    week = ReportFilter(Days(LONG_PAST.date(), YESTERDAY.date()).span(FIRM))
    before = await clients(company, week)
    await company.database.write(lambda tx: tx.execute(delete(talks)).rowcount)
    assert await clients(company, week) == before == 2


class Clientele(History):
    """A firm's history in which clients are merged, lines go, and the program sums up now and then."""

    async def go_on(self) -> None:
        """One more thing happens."""
        more: list[Callable[[], Awaitable[object]]] = [self.merge_clients, self.sum_up, self.line_goes]
        await (self.chance.choice(more)() if self.chance.random() < 0.3 else super().go_on())

    async def merge_clients(self) -> None:
        """Two clients are one."""
        found = [row["id"] for row in await self.company.rows(contacts)]
        if len(found) > 1:
            await self.company.database.write(contact_merge.merge, *self.chance.sample(found, 2))

    async def sum_up(self) -> None:
        """An hour has passed; it may be tomorrow."""
        await later(self.company, self.chance.choice((0, 1)))

    async def line_goes(self) -> None:
        """The line is removed, and made again with another source."""
        for row in await self.company.rows(lines_table):
            await self.company.database.write(lines.drop, row["id"])
        await self.company.line(source=self.chance.choice(("Ads", "")))


@pytest.mark.parametrize("seed", range(6))
async def test_after_any_history_every_client_counts_once(company: Company, seed: int) -> None:
    history = Clientele(company, random.Random(seed))
    for _ in range(25):
        await history.go_on()
    await later(company)
    assert await is_right(company)
    for _ in range(5):
        await history.go_on()
    assert await days_kept(company)
    assert await is_right(company)


async def test_nothing_is_kept_before_a_zone_is_chosen(database: Database) -> None:
    await Rollups(database, lambda: NOW).catch_up()

    def kept_days(tx: Connection) -> list[date]:
        assert call_days.zone(tx) is None
        client_days.forget(tx, [NOW])
        return list(tx.execute(select(kept.c.day)).scalars())

    assert await database.write(kept_days) == []
