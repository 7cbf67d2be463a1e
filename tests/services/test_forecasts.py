"""Forecasts over real cards: scope, slices, and moves that were taken back."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import deals as cards
from pbx_crm.domain.forecast_report import ForecastReport, Pile
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_filter import ReportFilter
from pbx_crm.domain.report_period import Span
from tests import builders
from tests.builders import NOW
from tests.services.test_funnel_reports import Office

LOST, WON = 5, 4
# A forecast looks ahead, whatever time its address still names.
ANY_TIME = Span(NOW - timedelta(days=3), NOW - timedelta(days=2))


def history(tx: Transaction, office: Office, owner: Person, count: int, source: str) -> None:
    """A deal every other day, won or lost in turn after three days in the second stage."""
    for number in range(count):
        made = NOW - timedelta(days=2 * (count - number), hours=3)
        deal_id = builders.deal(tx, office.funnel, owner, at=made, amount=100, source=source)
        go(tx, office, deal_id, 1, made + timedelta(days=1))
        if made + timedelta(days=4) <= NOW:
            go(tx, office, deal_id, WON if number % 2 else LOST, made + timedelta(days=4))


def go(tx: Transaction, office: Office, deal_id: int, stage: int, at: Any) -> None:
    """The deal moved at that time."""
    builders.move(tx, deal_id, office.funnel.stages[stage], at)


@pytest.fixture
def office(database: Database) -> Office:
    """The company, before the first deal."""
    return Office(database)


async def told(office: Office, viewer: Person, **slices: Any) -> ForecastReport:
    """The forecast as this person sees it."""
    wanted = ReportFilter(ANY_TIME, **slices)
    found = await office.reports.forecast(viewer.scope, wanted, NOW, ZoneInfo("UTC"))
    assert found is not None
    return found


async def test_a_head_sees_what_all_sellers_will_bring_and_a_seller_their_own(office: Office) -> None:
    for seller in (office.anna, office.boris):
        await office.database.write(history, office, seller, 60, "site")
    whole, own = await told(office, office.olga), await told(office, office.anna)
    assert whole.months[1].wins.expected == pytest.approx(2 * own.months[1].wins.expected, rel=0.05)
    sliced = await told(office, office.olga, person_id=office.anna.id)
    assert sliced.months[1].wins == own.months[1].wins
    assert (await told(office, office.anna, person_id=office.boris.id)).months == ()


async def test_a_slice_is_forecast_by_its_own_past(office: Office) -> None:
    await office.database.write(history, office, office.anna, 60, "site")
    await office.database.write(history, office, office.anna, 5, "fair")
    assert (await told(office, office.olga, source="site")).months
    assert (await told(office, office.olga, source="fair")).months == ()


async def test_a_win_taken_back_is_forecast_as_an_open_deal(office: Office) -> None:
    await office.database.write(history, office, office.anna, 60, "site")
    before = await told(office, office.olga)
    deal_id = await office.deal(office.anna, 1)
    won = await office.move(deal_id, WON)
    assert (await told(office, office.olga)).months[0].won == before.months[0].won + 1
    await office.moving.undo(office.olga, deal_id, won, "undo-1")
    after = await told(office, office.olga)
    assert after.months[0].won == before.months[0].won
    assert deal_id in after.piles[Pile.NO_DATE].ids


async def test_a_date_the_seller_gave_puts_a_deal_into_its_month(office: Office) -> None:
    await office.database.write(history, office, office.anna, 60, "site")
    deal_id = await office.deal(office.anna, 1)
    day = date(2026, 12, 24)

    def dated(tx: Transaction) -> None:
        tx.execute(update(cards).where(cards.c.id == deal_id).values(expected_close=day.isoformat()))

    await office.database.write(dated)
    found = await told(office, office.olga)
    december = found.heap("2026-12")
    assert december is not None
    assert december.ids.tolist() == [deal_id]


async def test_of_a_new_company_nothing_is_forecast(office: Office) -> None:
    await office.deal(office.anna, 1)
    assert (await told(office, office.olga)).months == ()
