"""The forecast as a page: its months, its bounds, and the open deals behind what stands apart."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pbx_crm.db.engine import Transaction
from tests import builders
from tests.builders import NOW
from tests.pages.reading import assert_opens, file_rows, page, rows_at
from tests.site import Crm

LOST, WON = 5, 4


def half_a_year(tx: Transaction, crm: Crm) -> None:
    """A deal of Anna's every day, won or lost in turn four days later; one of Boris's that nobody touches."""
    funnel = builders.funnel(tx)
    for number in range(180):
        made = NOW - timedelta(days=180 - number, hours=3)
        deal_id = builders.deal(tx, funnel, crm.cast.anna, stage=1, at=made, amount=1000)
        if made + timedelta(days=4) <= NOW:
            stage = funnel.stages[WON if number % 2 else LOST]
            builders.move(tx, deal_id, stage, made + timedelta(days=4))
    builders.deal(tx, funnel, crm.cast.boris, stage=1, at=NOW - timedelta(days=170), title="Forgotten")


async def test_coming_and_past_months_stand_with_their_bounds(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    text = await page(crm, "/reports/forecast")
    for month in ("November 2026", "December 2026", "January 2027", "October 2026"):
        assert month in text
    assert re.search(r"of \d months within the bounds", text)
    assert "new deals a week" in text
    assert "style=" not in text


async def test_every_figure_of_open_deals_leads_to_them(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    text = await page(crm, "/reports/forecast")
    links = re.findall(r'href="(/reports/forecast/deals[^"]+)">(\d+)</a>', text)
    figures = [(url, count) for url, count in links if "part=won" not in url]
    assert {count for _, count in figures} == {"1", "3"}
    for figure in figures:
        await assert_opens(crm, figure)
    assert "Forgotten" in await page(crm, "/reports/forecast/deals?part=stale")


async def test_a_seller_sees_no_forecast_of_others_deals(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    assert "Too few deals tell" in await page(crm, "/reports/forecast", "boris")
    listed = await page(crm, "/reports/forecast/deals?part=no_date", "boris")
    assert "deal-row" not in listed


async def test_a_forecast_is_not_asked_which_days_it_is_about(crm: Crm) -> None:
    await crm.database.write(builders.funnel)
    text = await page(crm, "/reports/forecast?from=2026-01-01&to=2026-01-31&compare=1")
    assert 'type="date"' not in text
    assert "Compare with" not in text
    # The days stay in the address for the report one goes on to.
    assert "/reports/calls?from=2026-01-01&to=2026-01-31" in text


@pytest.mark.parametrize("part", ["", "2026-13", "2027-01", "never", "stale'"])
async def test_an_address_that_makes_no_sense_shows_the_deals_without_a_date(crm: Crm, part: str) -> None:
    await crm.database.write(half_a_year, crm)
    await page(crm, f"/reports/forecast/deals?part={part}")


async def test_the_file_holds_past_and_coming_months(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    rows = await file_rows(crm, "/reports/forecast.csv")
    kinds = [row["row"] for row in rows]
    assert kinds[-6:] == ["month"] * 3 + ["no_date", "passed", "stale"]
    assert set(kinds[:-6]) == {"past"}
    assert all(int(row["low"]) <= float(row["expected"]) + 1 for row in rows if row["expected"])


async def test_without_a_funnel_there_is_nothing_to_forecast(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.olga)
    assert (await browser.get("/reports/forecast")).status == 404


async def test_what_was_won_in_a_month_past_or_present_opens_these_deals(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    text = await page(crm, "/reports/forecast")
    figures = re.findall(r'href="(/reports/forecast/deals\?[^"]*part=won-[^"]+)">(\d+)</a>', text)
    assert len(figures) >= 3
    for figure in figures:
        await assert_opens(crm, figure)
    assert "October 2026" in await page(crm, "/reports/forecast/deals?part=won-2026-10")


async def test_a_month_nobody_told_of_opens_no_deal(crm: Crm) -> None:
    await crm.database.write(half_a_year, crm)
    assert await rows_at(crm, "/reports/forecast/deals?part=won-1999-01") == 0
