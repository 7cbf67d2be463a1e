"""The kept sums of calls: whatever becomes of a call later, they are what its rows add up to."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, func, select, update

from pbx_crm.db import call_days, call_report, call_sums
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import call_days as kept
from pbx_crm.db.tables import calls, deals, settings
from pbx_crm.domain.call import EndedBy
from pbx_crm.domain.errors import CrmError, StoreUnavailable
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Reach, Scope
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Days, Span
from pbx_crm.services.deals import Deals
from pbx_crm.services.rollups import Rollups
from tests.builders import NOW
from tests.company import PBX, Company
from tests.services.test_intake_taken_back import unanswered_after_all
from tests.stories import Story

ALL = Scope(Reach.ALL, 0)
BERLIN = ZoneInfo("Europe/Berlin")
NUMBERS = ("+79161112233", "+79161112244", "+79161112255")
LAST_WEEK = Span(NOW - timedelta(days=9), NOW + timedelta(days=2))
INSTALLATION = Installation("RU", "en", "Europe/Berlin", "EUR")


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


def by_rows(tx: Connection, span: Span) -> dict[int, dict[str, int]]:
    """The same sums from the calls alone."""
    begun = [calls.c.started_at >= span.since, calls.c.started_at < span.until]
    sums = call_sums.added(tx.execute(call_sums.per_company((), begun)), 1)
    return {who: dict(zip(call_sums.SUMS, values, strict=True)) for (who,), values in sums.items()}


async def is_right(company: Company) -> bool:
    """Whether every sum is what its calls add up to, and the report what all calls add up to."""
    async for step in Rollups(company.database).check():
        if step.wrong_rows:
            return False
    spans = [LAST_WEEK, Span(NOW - timedelta(days=3, hours=5), NOW + timedelta(minutes=17))]
    for span in spans:
        reported = await company.database.read(call_report.added_up, ReportFilter(span), ALL)
        if reported != await company.database.read(by_rows, span):
            return False
    return True


async def counted(company: Company) -> int:
    """How many calls are in the sums."""

    def count(tx: Connection) -> int:
        return tx.execute(select(func.count()).where(calls.c.counted_day.is_not(None))).scalar_one()

    return await company.database.read(count)


async def sum_of(company: Company, who: int, name: str) -> int:
    """One column of the kept sums over all days."""

    def read(tx: Connection) -> int:
        return tx.execute(select(func.sum(kept.c[name])).where(kept.c.who == who)).scalar_one() or 0

    return await company.database.read(read)


async def add_up(company: Company) -> None:
    """The program comes round to what ended since."""
    await Rollups(company.database).catch_up()


async def test_a_call_is_in_the_sums_once_it_is_over(company: Company) -> None:
    story = Story.incoming(NUMBERS[0]).rings("101").answers("101")
    await company.play(story)
    assert (await counted(company), await is_right(company)) == (0, True)
    await company.tell(story.ends().facts[-1:])
    assert (await counted(company), await is_right(company)) == (1, True)
    assert await sum_of(company, company.anna.id, "answered") == 1


async def test_a_call_corrected_after_it_was_added_up_stays_in_the_sums_as_it_was(company: Company) -> None:
    cut = Story.incoming(NUMBERS[0]).rings("101").answers("101").ends(by=EndedBy.GAP)
    await company.play(cut)
    longer = replace(cut.ends(after=500).call, ended_by=EndedBy.HANGUP)
    await company.intake.take_written(PBX, [longer])
    assert (await counted(company), await is_right(company)) == (1, True)
    assert await sum_of(company, company.anna.id, "answered") == 1


async def without_sums(company: Company, *told: Story) -> None:
    """Calls that came in before anybody chose whose days are counted."""
    await company.database.write(lambda tx: tx.execute(settings.delete()).rowcount)
    await company.play(*told)
    await company.database.write(call_days.choose_zone, "Europe/Berlin")


async def test_more_calls_than_are_worth_adding_one_by_one_are_added_by_their_days(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx_crm.services.rollups.FEW", 2)
    days = [NOW + timedelta(hours=1) - timedelta(days=days) for days in range(3)]
    told = [Story.incoming(number, at=at).rings("101").ends() for at in days for number in NUMBERS]
    await without_sums(company, *told)
    assert await counted(company) == 0
    await add_up(company)
    assert (await counted(company), await is_right(company)) == (9, True)


async def test_a_database_that_is_away_is_tried_again_the_next_time_round(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pbx_crm.services.rollups.ROUND_SECONDS", 0.01)
    rollups, done = Rollups(company.database), asyncio.Event()
    catch_up, answers = rollups.catch_up, iter([StoreUnavailable(), None])

    async def at_first_in_vain() -> None:
        if (error := next(answers, None)) is not None:
            raise error
        await catch_up()
        done.set()

    monkeypatch.setattr(rollups, "catch_up", at_first_in_vain)
    await without_sums(company, Story.incoming(NUMBERS[0]).rings("101").ends())
    working = asyncio.create_task(rollups.keep_up())
    await asyncio.wait_for(done.wait(), 10)
    working.cancel()
    assert (await counted(company), await is_right(company)) == (1, True)


async def test_the_same_end_told_twice_counts_once(company: Company) -> None:
    story = Story.incoming(NUMBERS[0]).rings("101", "102").answers("102").ends()
    await company.play(story)
    await company.play(story)
    await company.play_at_once(story)
    assert await sum_of(company, company.boris.id, "answered") == 1
    assert await sum_of(company, company.anna.id, "taken") == 1
    assert await is_right(company)


async def test_a_call_after_midnight_counts_for_the_firms_day_not_for_utcs(
    company: Company,
) -> None:
    night = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    await company.play(Story.incoming(NUMBERS[0], at=night).rings("101").ends())
    (row,) = await company.rows(kept, who=call_sums.EVERYBODY)
    assert (row["day"], row["missed"]) == (date(2026, 11, 21), 1)


async def test_a_card_handed_over_takes_its_calls_with_it(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends())
    (card,) = await company.rows(deals)
    service = Deals(company.database, company.live, lambda: NOW, INSTALLATION)
    await service.hand_over(company.olga, card["id"], company.boris.id, card["version"])
    owned = [await sum_of(company, person.id, "owned") for person in (company.anna, company.boris)]
    assert owned == [0, 1]
    assert await is_right(company)


async def test_a_conversation_learned_of_later_makes_a_later_call_no_cold_one(company: Company) -> None:
    dialled = Story.outgoing(NUMBERS[0], "101", at=NOW).ends()
    await company.play(dialled)
    assert await sum_of(company, company.anna.id, "cold") == 1
    earlier = Story.incoming(NUMBERS[0], at=NOW - timedelta(hours=2)).rings("102").answers("102").ends()
    await company.intake.take_written(PBX, [earlier.call])
    assert await sum_of(company, company.anna.id, "cold") == 0
    assert await is_right(company)


async def test_a_call_that_went_into_another_is_out_of_the_sums(company: Company) -> None:
    gone = Story.outgoing(NUMBERS[1], "101").answers("101").ends()
    later = Story.outgoing(NUMBERS[1], "102", at=NOW + timedelta(hours=1)).ends()
    client = Story.incoming(NUMBERS[0]).rings("101").answers("101").merges(gone.call.linkedid).ends()
    await company.play(gone, later)
    assert await sum_of(company, company.boris.id, "cold") == 0
    await company.play(client)
    assert await sum_of(company, call_sums.EVERYBODY, "dialled") == 1
    assert await sum_of(company, company.boris.id, "cold") == 1, "nobody ever talked with that number"
    assert await is_right(company)


async def test_sums_wait_until_a_zone_is_chosen(company: Company) -> None:
    await company.database.write(lambda tx: tx.execute(settings.delete()).rowcount)
    await company.play(Story.incoming(NUMBERS[0]).rings("101").ends())
    reported = await company.database.read(call_report.added_up, ReportFilter(LAST_WEEK), ALL)
    assert (await counted(company), reported[call_sums.EVERYBODY]["missed"]) == (0, 1)
    await company.database.write(call_days.choose_zone, "Europe/Berlin")
    await add_up(company)
    assert (await counted(company), await is_right(company)) == (1, True)


async def test_another_zone_moves_calls_to_its_days(company: Company) -> None:
    night = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    await company.play(Story.incoming(NUMBERS[0], at=night).rings("101").ends())
    steps = [step async for step in Rollups(company.database).rebuild("America/New_York")]
    assert [step.day for step in steps] == [date(2026, 11, 20)]
    (row,) = await company.rows(kept, who=call_sums.EVERYBODY)
    assert row["day"] == date(2026, 11, 20)
    assert await is_right(company)


async def test_a_wrong_sum_is_found_and_rebuilding_mends_it(company: Company) -> None:
    await company.play(Story.incoming(NUMBERS[0]).rings("101").answers("101").ends())
    await company.database.write(lambda tx: tx.execute(update(kept).values(answered=7)).rowcount)
    assert not await is_right(company)
    async for _ in Rollups(company.database).rebuild("Europe/Berlin"):
        pass
    assert await is_right(company)


@dataclass
class History:
    """A firm's calls as chance has them, and everything that may become of a call afterwards."""

    company: Company
    chance: random.Random
    told: list[Story] = field(default_factory=list)

    async def go_on(self) -> None:
        """One more thing happens."""
        acts: list[Callable[[], Awaitable[object]]] = [
            *[self.call] * 4,
            *[self.add_up] * 2,
            self.late_call,
            self.better_account,
            self.merge,
            self.taken_back,
            self.hand_over,
            self.restart,
            self.card_by_hand,
        ]
        await self.chance.choice(acts)()

    def story(self) -> Story:
        """A call as it was, in or out, at any time of a week."""
        at = NOW - timedelta(minutes=self.chance.randrange(7 * 24 * 60))
        phones = self.chance.sample(["101", "102", "103", "109"], 2)
        number = self.chance.choice([*NUMBERS, None])
        if self.chance.random() < 0.4:
            story = Story.outgoing(number, phones[0], at=at)
            return story.answers(phones[0]) if self.chance.random() < 0.5 else story
        story = Story.incoming(number, at=at).rings(*phones)
        if self.chance.random() < 0.6:
            story = story.answers(phones[0])
            return story.goes_to(phones[1]) if self.chance.random() < 0.3 else story
        return story

    async def call(self) -> None:
        """A call is heard; some go on for ever."""
        story = self.story()
        story = story.ends(after=self.chance.randrange(5, 300)) if self.chance.random() < 0.9 else story
        self.told.append(story)
        await (self.company.play if self.chance.random() < 0.5 else self.company.play_at_once)(story)

    async def add_up(self) -> None:
        """The program comes round to what ended since."""
        await add_up(self.company)

    async def late_call(self) -> None:
        """A call nobody heard is found in the records."""
        await self.company.intake.take_written(PBX, [self.story().ends().call])

    async def better_account(self) -> None:
        """The records tell another answer, another length, or none, of a call cut off by a gap."""
        cut = self.story().ends(by=EndedBy.GAP)
        await self.company.play(cut)
        other = replace(self.story().ends().call, linkedid=cut.call.linkedid, started_at=cut.call.started_at)
        await self.company.intake.take_written(PBX, [other])

    async def merge(self) -> None:
        """Two calls turn out to be one, be they over or not."""
        if self.told:
            gone = self.chance.choice(self.told)
            story = self.story().merges(gone.call.linkedid)
            await self.company.play(story, story.ends())

    async def taken_back(self) -> None:
        """An answer, perhaps of a call cut off by a gap and summed up, turns out to have been none."""
        story = Story.incoming(
            self.chance.choice(NUMBERS), at=NOW - timedelta(hours=self.chance.randrange(99))
        )
        story = story.rings("101", "102").answers("101")
        await self.company.play(story.ends(by=EndedBy.GAP) if self.chance.random() < 0.5 else story)
        await self.company.tell([unanswered_after_all(story, after=0.02)])

    async def hand_over(self) -> None:
        """A card goes to another."""
        cards = await self.company.rows(deals)
        if cards:
            card = self.chance.choice(cards)
            owner = self.chance.choice([self.company.anna, self.company.boris, self.company.olga])
            service = Deals(self.company.database, self.company.live, lambda: NOW, INSTALLATION)
            await service.hand_over(self.company.olga, card["id"], owner.id, card["version"])

    async def restart(self) -> None:
        """What still went on when the program stopped is over."""
        await self.company.intake.settle_unheard(PBX, [], NOW + timedelta(hours=1))

    async def card_by_hand(self) -> None:
        """A seller makes a card of a call that made none."""
        rows = [row for row in await self.company.rows(calls) if row["deal_id"] is None]
        if rows:
            try:
                call_id = self.chance.choice(rows)["id"]
                await self.company.intake.new_deal_from_call(self.company.olga, call_id)
            except CrmError:
                return


@pytest.mark.parametrize("seed", range(8))
async def test_after_any_history_the_sums_are_those_of_the_rows(company: Company, seed: int) -> None:
    history = History(company, random.Random(seed))
    for _ in range(25):
        await history.go_on()
    assert await counted(company) > 5
    assert await is_right(company)
    async for _ in Rollups(company.database).rebuild(random.Random(seed).choice(["Asia/Tehran", "UTC"])):
        pass
    assert await is_right(company)
    await history.go_on()
    assert await is_right(company)


async def test_a_month_of_kept_days_is_read_without_looking_at_its_calls(sqlite: Database) -> None:
    days = Days(date(2026, 10, 1), date(2026, 10, 31))
    wanted = ReportFilter(days.span(BERLIN))
    await sqlite.write(call_days.choose_zone, "Europe/Berlin")

    def plan(tx: Connection) -> list[str]:
        loose, whole = call_report.portions(tx, wanted)
        assert (len(loose), whole) == (1, days)
        text = call_sums.per_company((), loose[0]).compile(tx, compile_kwargs={"literal_binds": True})
        return [row[-1] for row in tx.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]

    steps = await sqlite.read(plan)
    assert any("ix_calls_not_counted" in step for step in steps)
    assert not any("SCAN" in step and "talks" in step for step in steps), steps
    assert not any("ix_calls_started_at" in step for step in steps), steps
