"""What reports say of themselves: what columns count, the days compared with, since when there are calls."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.reading import page
from tests.pages.test_forecast_page import half_a_year
from tests.site import Crm

ABOUT = re.compile(r'popovertarget="about-([a-z_]+)" title="([^"]+)"')


def some_work(tx: Transaction, crm: Crm) -> None:
    """Half a year of deals, and a call that was answered."""
    half_a_year(tx, crm)
    CallRows(tx).ring(crm.cast.anna).answer(crm.cast.anna, 10).end(70, Outcome.ANSWERED)
    CallRows(tx).ring(crm.cast.anna).answer(crm.cast.anna, 10).end(40, Outcome.ANSWERED)


@pytest.mark.parametrize(
    ("report", "columns"),
    [
        ("calls", 13),
        ("funnel", 10),
        ("losses", 7),
        ("forecast", 6),
        ("sources", 10),
        ("lines", 10),
        ("plan", 4),
    ],
)
async def test_every_column_of_a_report_says_what_it_counts(crm: Crm, report: str, columns: int) -> None:
    await crm.database.write(some_work, crm)
    text = await page(crm, f"/reports/{report}?period=this_year")
    told = ABOUT.findall(text)
    assert len(told) == columns
    assert len({key for key, _ in told}) == columns, "two of one name would open the same box"
    for key, meaning in told:
        assert f'id="about-{key}" popover' in text
        assert len(meaning) > 20


async def test_how_long_a_conversation_was_on_average_stands_under_the_talk(crm: Crm) -> None:
    await crm.database.write(some_work, crm)
    text = await page(crm, "/reports/calls?period=today")
    assert re.search(r">1:30</a>\s*<small class=\"before\">0:45 each</small>", text)


async def test_a_comparison_says_with_which_days(crm: Crm) -> None:
    await crm.database.write(some_work, crm)
    assert "beside Sep 1 – Sep 30" in await page(
        crm, "/reports/calls?from=2026-10-01&to=2026-10-31&compare=1"
    )
    assert "beside" not in await page(crm, "/reports/calls?from=2026-10-01&to=2026-10-31")
    assert "beside Nov 8 – Nov 14" in await page(crm, "/reports/overview?period=last_7_days")


@pytest.mark.parametrize("report", ["calls", "trend", "hours"])
async def test_a_time_without_a_call_says_since_when_there_are_any(crm: Crm, report: str) -> None:
    def first(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(days=18)).ring(crm.cast.anna).end(20, Outcome.MISSED)

    await crm.database.write(first)
    text = await page(crm, f"/reports/{report}?period=today")
    found = re.search(r'href="([^"]+)">The first on record is of Nov 3', text)
    assert found is not None
    assert "No call in this time." not in await page(crm, found[1])


async def test_a_seller_is_told_of_their_own_first_call_only(crm: Crm) -> None:
    def first(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(days=18)).ring(crm.cast.anna).end(20, Outcome.MISSED)

    await crm.database.write(first)
    assert "first on record" not in await page(crm, "/reports/calls?period=today", "boris")


async def test_before_the_first_call_of_all_there_is_no_day_to_go_to(crm: Crm) -> None:
    text = await page(crm, "/reports/calls?period=today")
    assert "No call in this time." in text
    assert "first on record" not in text
