"""The call log tells the truth about calls, to each person within their scope."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import gaps, lines, transfers
from pbx_crm.domain.call import Direction, LegResult, MissedReason, Outcome
from pbx_crm.domain.call_log import IN_THE_LOG, CallFilter, CallRow, Figure, Figures, Gap, Head, LogPage
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.call_log import PAGE_SIZE, CallLog
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows

TODAY = NOW.replace(hour=0)
WEEK = TODAY - timedelta(days=6)
TOMORROW = TODAY + timedelta(days=1)
YESTERDAY = NOW - timedelta(days=1)


@dataclass
class Office:
    """Three sellers, a head, and their log."""

    database: Database
    anna: Person
    boris: Person
    clara: Person
    olga: Person
    funnel: Funnel

    def __post_init__(self) -> None:
        self.log = CallLog(self.database)

    async def happens(self, *stories: Callable[[Transaction], object]) -> None:
        """Writes the stories' calls."""
        for story in stories:
            await self.database.write(story)

    async def rows(self, viewer: Person, wanted: CallFilter | None = None) -> list[CallRow]:
        """All calls the viewer is shown, newest first, page by page."""
        found: list[CallRow] = []
        page: LogPage | None = None
        while page is None or page.following:
            page = await self.log.page(viewer, wanted or CallFilter(), page.following if page else None)
            found += [row for row in page.rows if isinstance(row, CallRow)]
        return found

    async def head(self, viewer: Person) -> Head:
        """The figures above the log, at the tests' today."""
        return await self.log.head(viewer, week=WEEK, today=TODAY, until=TOMORROW)

    async def figures(self, viewer: Person, of: Person) -> Figures:
        """One person's figures of today."""
        return next(row.today for row in (await self.head(viewer)).people if row.person_id == of.id)


@pytest.fixture
async def office(database: Database) -> Office:
    """The company, before the first call."""

    def people(tx: Transaction) -> tuple[Person, Person, Person, Person, Funnel]:
        anna, boris, clara = (builders.person(tx, name) for name in ("Anna", "Boris", "Clara"))
        return anna, boris, clara, builders.person(tx, "Olga", Role.HEAD), builders.funnel(tx)

    return Office(database, *await database.write(people))


async def test_newest_calls_stand_on_top(office: Office) -> None:
    await office.happens(
        lambda tx: CallRows(tx, YESTERDAY).ring(office.anna),
        lambda tx: CallRows(tx, NOW).ring(office.anna),
    )
    assert [row.started_at for row in await office.rows(office.olga)] == [NOW, YESTERDAY]


async def test_a_ring_all_is_answered_by_one_and_missed_by_nobody(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        call = CallRows(tx).ring(office.anna, office.boris, office.clara)
        return call.answer(office.boris).end(68, Outcome.ANSWERED)

    await office.happens(story)
    assert await office.figures(office.olga, office.boris) == Figures(answered=1, talked=1, talk_seconds=60)
    assert await office.figures(office.olga, office.anna) == Figures(taken=1)
    (row,) = await office.rows(office.olga)
    assert (row.answered_by, row.rang) == ("Boris", ("Anna", "Boris", "Clara"))


async def test_a_call_nobody_answered_is_missed_by_all_it_rang_and_once_by_the_company(
    office: Office,
) -> None:
    def story(tx: Transaction) -> CallRows:
        return (
            CallRows(tx).ring(office.anna, office.boris).end(20, Outcome.MISSED, reason=MissedReason.GAVE_UP)
        )

    await office.happens(story)
    head = await office.head(office.olga)
    assert [row.today.missed for row in head.people] == [1, 1, 0]
    assert head.total_today is not None
    assert head.total_today.missed == 1


async def test_a_call_left_in_the_menu_is_missed_by_no_seller(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).end(20, Outcome.MISSED, reason=MissedReason.IVR))
    head = await office.head(office.olga)
    assert [row.today.missed for row in head.people] == [0, 0, 0]
    assert head.total_today is not None
    assert head.total_today.missed == 1


async def test_talk_after_a_transfer_is_credited_to_whom_it_belongs(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        call = CallRows(tx).ring(office.anna).answer(office.anna, 10).leave(office.anna, 40)
        return call.ring(office.boris, after=41).answer(office.boris, 45).end(105, Outcome.ANSWERED)

    await office.happens(story)
    assert await office.figures(office.olga, office.anna) == Figures(answered=1, talked=1, talk_seconds=30)
    # Boris answered nobody first, and nothing was taken from him: he talked.
    assert await office.figures(office.olga, office.boris) == Figures(talked=1, talk_seconds=60)


async def test_outgoing_calls_count_as_dialled_and_as_reached(office: Office) -> None:
    await office.happens(
        lambda tx: CallRows(tx, direction=Direction.OUT).dial(office.anna).end(20, Outcome.NO_ANSWER),
        lambda tx: (
            CallRows(tx, direction=Direction.OUT)
            .dial(office.anna)
            .answer(office.anna, 5)
            .end(65, Outcome.ANSWERED)
        ),
    )
    assert await office.figures(office.olga, office.anna) == Figures(
        dialled=2, reached=1, talked=1, talk_seconds=60
    )


async def test_a_call_between_colleagues_is_logged_and_counted_for_nobody(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        call = CallRows(tx, direction=Direction.INTERNAL, e164=None, external_number=None)
        return call.dial(office.anna).ring(office.boris).answer(office.boris).end(60, Outcome.ANSWERED)

    await office.happens(story)
    assert await office.figures(office.olga, office.boris) == Figures()
    (row,) = await office.rows(office.boris)
    assert (row.started_by, row.answered_by) == ("Anna", "Boris")


async def test_the_week_holds_seven_days_and_today_one(office: Office) -> None:
    def story(tx: Transaction) -> None:
        for days in (0, 1, 6, 7):
            CallRows(tx, NOW - timedelta(days=days)).ring(office.anna).end(9, Outcome.MISSED)

    await office.happens(story)
    (anna,) = (await office.head(office.anna)).people
    assert (anna.today.missed, anna.week.missed) == (1, 3)


async def test_a_seller_sees_their_own_figures_only(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.boris).end(9, Outcome.MISSED))
    head = await office.head(office.anna)
    assert [row.name for row in head.people] == ["Anna"]
    assert head.total_today is None


async def test_a_phone_linked_to_nobody_is_named_so_that_the_sum_comes_out(office: Office) -> None:
    def story(tx: Transaction) -> CallRows:
        return CallRows(tx, answered_extension="214", answered_at=NOW, ended_at=NOW, outcome=Outcome.ANSWERED)

    await office.happens(
        story, lambda tx: CallRows(tx).ring(office.anna).answer(office.anna).end(9, Outcome.ANSWERED)
    )
    head = await office.head(office.olga)
    assert head.total_today is not None
    assert sum(row.today.answered for row in head.people) + head.unlinked_today == head.total_today.answered
    assert [row.answered_by for row in await office.rows(office.olga, CallFilter(unlinked=True))] == ["214"]


async def test_a_seller_s_log_holds_what_rang_them_or_belongs_to_their_card(office: Office) -> None:
    def story(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(hours=1)).ring(office.anna)
        deal_id = builders.deal(tx, office.funnel, office.anna)
        CallRows(tx, NOW - timedelta(hours=2), deal_id=deal_id).ring(office.boris).answer(office.boris)
        CallRows(tx, NOW - timedelta(hours=3)).ring(office.boris)

    await office.happens(story)
    assert [row.started_at.hour for row in await office.rows(office.anna)] == [11, 10]
    assert [row.started_at.hour for row in await office.rows(office.boris)] == [10, 9]
    assert len(await office.rows(office.olga)) == 3


async def test_another_seller_s_client_is_a_name_in_the_log_too(office: Office) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector", "+79051234567")
        deal_id = builders.deal(tx, office.funnel, office.anna, contact_id=client, title="Fibre")
        CallRows(tx, contact_id=client, deal_id=deal_id).ring(office.anna, office.boris)

    await office.happens(story)
    (seen,) = await office.rows(office.boris)
    assert seen.client is not None
    assert (seen.name, seen.client.owner_name) == ("Vector", "Anna")
    assert (seen.number, seen.deal_id, seen.deal_title) == (None, None, None)
    (own,) = await office.rows(office.anna)
    assert (own.number, own.deal_title) == ("+79051234567", "Fibre")


async def test_a_hidden_number_cannot_be_found_by_its_digits(office: Office) -> None:
    def story(tx: Transaction) -> None:
        client = builders.contact(tx, "Vector", "+79051234567")
        builders.deal(tx, office.funnel, office.anna, contact_id=client)
        CallRows(tx, contact_id=client).ring(office.anna, office.boris)

    await office.happens(story)
    by_number = CallFilter(text="905 123-45-67")
    assert await office.rows(office.boris, by_number) == []
    assert len(await office.rows(office.anna, by_number)) == 1
    assert len(await office.rows(office.olga, by_number)) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("вектор", 1),
        ("ВЕКТОР", 1),
        ("вект", 1),
        ("ivan", 1),
        ("1234", 2),
        ("+7 (905) 123", 2),
        ("12", 0),
        ("8 905 123-4", 2),
        ("۱۲۳۴", 2),
        ("%", 0),
        ("nobody", 0),
    ],
)
async def test_calls_are_found_by_name_or_by_any_part_of_the_number(
    office: Office, text: str, found: int
) -> None:
    def story(tx: Transaction) -> None:
        CallRows(tx, contact_id=builders.contact(tx, "ООО «Вектор»"))
        CallRows(tx, caller_name="Ivan")

    await office.happens(story)
    assert len(await office.rows(office.olga, CallFilter(text=text))) == found


async def test_missed_and_not_called_back_leaves_what_still_waits(office: Office) -> None:
    def missed(tx: Transaction, number: str | None, minutes: int) -> CallRows:
        at = NOW + timedelta(minutes=minutes)
        return CallRows(tx, at, e164=number).ring(office.anna).end(9, Outcome.MISSED)

    def story(tx: Transaction) -> None:
        missed(tx, "+79050000001", 0)
        missed(tx, "+79050000002", 0)
        missed(tx, "+79050000003", 0)
        missed(tx, None, 0)
        back = CallRows(tx, NOW + timedelta(minutes=5), Direction.OUT, e164="+79050000001")
        back.dial(office.boris).answer(office.boris).end(60, Outcome.ANSWERED)
        vain = CallRows(tx, NOW + timedelta(minutes=5), Direction.OUT, e164="+79050000002")
        vain.dial(office.boris).end(60, Outcome.NO_ANSWER)
        again = CallRows(tx, NOW + timedelta(minutes=5), e164="+79050000003")
        again.ring(office.anna).answer(office.anna).end(60, Outcome.ANSWERED)

    await office.happens(story)
    waiting = await office.rows(office.olga, CallFilter(not_called_back=True))
    assert [row.number for row in waiting] == ["+79050000002"]


async def test_filters_narrow_by_direction_outcome_and_time(office: Office) -> None:
    await office.happens(
        lambda tx: CallRows(tx).ring(office.anna).end(9, Outcome.MISSED),
        lambda tx: CallRows(tx, YESTERDAY).ring(office.anna).answer(office.anna).end(9, Outcome.ANSWERED),
        lambda tx: CallRows(tx, direction=Direction.OUT).dial(office.anna).end(9, Outcome.BUSY),
    )
    for wanted, left in (
        (CallFilter(direction=Direction.IN), 2),
        (CallFilter(outcome=Outcome.BUSY), 1),
        (CallFilter(since=TODAY), 2),
        (CallFilter(until=TODAY), 1),
        (CallFilter(person_id=office.anna.id), 3),
        (CallFilter(person_id=office.boris.id), 0),
    ):
        assert len(await office.rows(office.olga, wanted)) == left, wanted


async def test_a_seller_asking_for_a_colleague_s_calls_gets_their_own(office: Office) -> None:
    await office.happens(
        lambda tx: CallRows(tx).ring(office.anna, office.boris).answer(office.boris),
    )
    asked = CallFilter(person_id=office.boris.id, figure=Figure.ANSWERED)
    assert await office.rows(office.anna, asked) == []


async def test_pages_follow_each_other_without_loss_or_repetition(office: Office) -> None:
    def story(tx: Transaction) -> None:
        for number in range(PAGE_SIZE * 2 + 1):
            # Many calls of one moment: the place must not lose those that share it.
            CallRows(tx, NOW - timedelta(seconds=number // 30)).ring(office.anna)

    await office.happens(story)
    ids = [row.id for row in await office.rows(office.olga)]
    assert len(ids) == len(set(ids)) == PAGE_SIZE * 2 + 1


def invent_calls(tx: Transaction, office: Office, seed: int) -> None:
    """Forty calls of all kinds over nine days."""
    chance = random.Random(seed)
    sellers = [office.anna, office.boris, office.clara]
    for _ in range(40):
        at = NOW - timedelta(minutes=chance.randrange(9 * 24 * 60))
        call = CallRows(tx, at, chance.choice(list(Direction)))
        if chance.random() < 0.4:
            call.dial(chance.choice(sellers))
        call.ring(*chance.sample(sellers, chance.randrange(4)))
        for turn in range(chance.randrange(3)):
            seller = chance.choice(sellers)
            call.answer(seller, 10 + 20 * turn).leave(seller, 20 + 20 * turn)
        if chance.random() < 0.9:
            call.end(100, chance.choice(list(Outcome)))


@pytest.mark.thorough
@pytest.mark.parametrize("seed", range(5))
async def test_every_figure_opens_exactly_the_rows_it_counted(office: Office, seed: int) -> None:
    await office.happens(lambda tx: invent_calls(tx, office, seed))
    head = await office.head(office.olga)
    assert head.total_today is not None
    assert head.total_week is not None
    periods = {TODAY: head.total_today, WEEK: head.total_week}
    for since, total in periods.items():
        await _check(office, office.olga, None, since, total)
    for row in head.people:
        await _check(office, office.olga, row.person_id, TODAY, row.today)
        await _check(office, office.olga, row.person_id, WEEK, row.week)
    for seller in (office.anna, office.boris):
        (own,) = (await office.head(seller)).people
        assert own in head.people
        await _check(office, seller, seller.id, WEEK, own.week)


async def _check(
    office: Office, viewer: Person, person_id: int | None, since: datetime, figures: Figures
) -> None:
    for figure in IN_THE_LOG:
        wanted = CallFilter(since=since, until=TOMORROW, person_id=person_id, figure=figure)
        rows = await office.rows(viewer, wanted)
        assert len(rows) == getattr(figures, figure.value), (viewer.name, person_id, figure)
        assert await office.log.count(viewer, wanted) == len(rows)


async def test_a_gap_stands_where_calls_may_be_missing_until_it_is_filled(office: Office) -> None:
    def gap(tx: Transaction, minutes: int, **values: object) -> None:
        at = NOW - timedelta(minutes=minutes)
        row = {"pbx": "main", "from_at": at, "to_at": at + timedelta(minutes=5), "cause": "lost"}
        tx.execute(insert(gaps).values({**row, **values}))

    await office.happens(
        lambda tx: CallRows(tx, NOW).ring(office.anna),
        lambda tx: gap(tx, 10),
        lambda tx: CallRows(tx, NOW - timedelta(minutes=20)).ring(office.anna),
        lambda tx: gap(tx, 30, filled_at=NOW),
    )
    page = await office.log.page(office.anna, CallFilter())
    assert [type(row) for row in page.rows] == [CallRow, Gap, CallRow]
    narrowed = await office.log.page(office.anna, CallFilter(figure=Figure.MISSED))
    assert narrowed.rows == ()


async def test_a_gap_stands_once_over_all_pages(office: Office) -> None:
    def story(tx: Transaction) -> None:
        for number in range(PAGE_SIZE + 10):
            CallRows(tx, NOW - timedelta(minutes=number)).ring(office.anna)
        for minutes in (PAGE_SIZE + 5.5, 3.5, PAGE_SIZE - 0.5):
            at = NOW - timedelta(minutes=minutes)
            tx.execute(insert(gaps).values(pbx="main", from_at=at, to_at=None, cause="lost"))

    await office.happens(story)
    first = await office.log.page(office.anna, CallFilter())
    second = await office.log.page(office.anna, CallFilter(), first.following)
    counted = [sum(isinstance(row, Gap) for row in page.rows) for page in (first, second)]
    assert sum(counted) == 3
    assert counted[0] >= 1
    assert counted[1] >= 1


async def test_a_story_tells_who_rang_who_answered_and_who_got_it(office: Office) -> None:
    def story(tx: Transaction) -> None:
        line = tx.execute(
            insert(lines).values(pbx="main", name="Ad 0800", match_kind="any").returning(lines.c.id)
        ).scalar_one()
        rule = {"id": "first answered", "values": {"seconds": 8}}
        call = CallRows(tx, line_id=line, owner_rule=rule).ring(office.anna, office.boris)
        call.answer(office.anna, 8).leave(office.anna, 38)
        tx.execute(
            insert(transfers).values(
                call_id=call.id,
                at=NOW + timedelta(seconds=38),
                kind="blind",
                source="101",
                target="103",
                completed=True,
            )
        )
        call.ring(office.clara, after=39).answer(office.clara, 41).end(101, Outcome.ANSWERED)

    await office.happens(story)
    (row,) = await office.rows(office.olga)
    told = await office.log.story(office.olga, row.id)
    assert told.row.line_name == "Ad 0800"
    assert [(leg.who, leg.result) for leg in told.legs] == [
        ("Anna", LegResult.ANSWERED),
        ("Boris", LegResult.TAKEN_BY_OTHER),
        ("Clara", LegResult.ANSWERED),
    ]
    assert [[_seconds(talk) for talk in leg.talks] for leg in told.legs] == [[30], [], [60]]
    assert [(step.source, step.target, step.completed) for step in told.transfers] == [("101", "103", True)]
    assert told.owner_rule == {"id": "first answered", "values": {"seconds": 8}}


def _seconds(talk: tuple[datetime, datetime | None]) -> float:
    started_at, ended_at = talk
    assert ended_at is not None
    return (ended_at - started_at).total_seconds()


async def test_nobody_reads_the_story_of_a_call_that_is_not_theirs(office: Office) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.anna))
    (row,) = await office.rows(office.olga)
    with pytest.raises(NotFound):
        await office.log.story(office.boris, row.id)
    with pytest.raises(NotFound):
        await office.log.row(office.boris, row.id)


async def test_an_admin_without_client_data_sees_no_call(office: Office, database: Database) -> None:
    await office.happens(lambda tx: CallRows(tx).ring(office.anna))
    peter = await database.write(lambda tx: builders.person(tx, "Peter", Role.NONE, is_admin=True))
    assert await office.rows(peter) == []
    assert (await office.head(peter)).people == ()
