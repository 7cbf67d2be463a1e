"""The call log tells the truth about calls, to each person within their scope."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import gaps, lines, transfers
from pbx_crm.domain.call import Direction, LegResult, Outcome
from pbx_crm.domain.call_log import CallFilter, CallRow, Figure, Gap
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.call_log import PAGE_SIZE
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.services.log_office import TODAY, YESTERDAY, Office


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
