"""The figures above the call log: who answered, missed, dialled and talked how long."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.call import Direction, MissedReason, Outcome
from pbx_crm.domain.call_log import IN_THE_LOG, CallFilter, Figures
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person, Role
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.services.log_office import TODAY, TOMORROW, WEEK, Office


@pytest.fixture
async def office(database: Database) -> Office:
    """The company, before the first call."""

    def people(tx: Transaction) -> tuple[Person, Person, Person, Person, Funnel]:
        anna, boris, clara = (builders.person(tx, name) for name in ("Anna", "Boris", "Clara"))
        return anna, boris, clara, builders.person(tx, "Olga", Role.HEAD), builders.funnel(tx)

    return Office(database, *await database.write(people))


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
